using CsCheck;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

public sealed class WildcardTests
{
    // So few characters that patterns often match, among them those that other languages of patterns make special.
    private static readonly Gen<string> Texts = Gen.Char["ab.%_"].Array[0, 12].Select(chars => new string(chars));
    private static readonly Gen<string> Patterns = Gen.Char["ab.%_**"].Array[0, 12].Select(chars => new string(chars));

    [Theory]
    [InlineData("", "", true)]
    [InlineData("*", "", true)]
    [InlineData("*", "anything", true)]
    [InlineData("lo-*", "lo-pha", true)]
    [InlineData("lo-*", "lo", false)]
    [InlineData("*-pha", "lo-pha", true)]
    [InlineData("l*-*a", "lo-sw-pha", true)]
    [InlineData("lo?pha", "lo-pha", false)]
    [InlineData("LO*", "lo-pha", false)]
    [InlineData("v00%", "v001", false)]
    public void Star_stands_for_any_run_and_nothing_else_is_special(string pattern, string text, bool matches) =>
        Wildcard.Matches(pattern, text).ShouldBe(matches);

    [Fact]
    public void It_agrees_with_the_definition() =>
        Gen.Select(Patterns, Texts).Sample((pattern, text) => Wildcard.Matches(pattern, text) == Defined(pattern, text), iter: 20_000);

    [Fact]
    public void What_a_text_was_made_of_matches_it() =>
        Gen.Select(Texts, Texts, Texts).Sample((a, b, c) => Wildcard.Matches($"{a}*{c}", a + b + c), iter: 5_000);

    private static bool Defined(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        if (pattern.IsEmpty)
            return text.IsEmpty;
        if (pattern[0] == '*')
            return Defined(pattern[1..], text) || (!text.IsEmpty && Defined(pattern, text[1..]));
        return !text.IsEmpty && pattern[0] == text[0] && Defined(pattern[1..], text[1..]);
    }
}
