using System.Text;
using OpenSdc.Server.Files;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>Contract, "Text is quoted as Python's repr does". The right-hand sides are what Python 3 prints.</summary>
public sealed class PythonTextTests
{
    [Theory]
    [InlineData(null, "None")]
    [InlineData("", "''")]
    [InlineData("mag", "'mag'")]
    [InlineData("it's", "\"it's\"")]
    [InlineData("say \"x\"", "'say \"x\"'")]
    [InlineData("it's \"x\"", """'it\'s "x"'""")]
    [InlineData(@"a\b", @"'a\\b'")]
    [InlineData("'\\", """ "'\\" """)]
    [InlineData("a\nb\rc\td", @"'a\nb\rc\td'")]
    [InlineData("\0\a\b\v\f\x1b", @"'\x00\x07\x08\x0b\x0c\x1b'")]
    [InlineData("\x1f ~\x7f", @"'\x1f ~\x7f'")]
    [InlineData("é", "'é'")]
    [InlineData("日本", "'日本'")]
    [InlineData("\U0001F600", "'\U0001F600'")]
    [InlineData("\u0080\u0085\u009f", @"'\x80\x85\x9f'")]
    [InlineData("\u00a0\u00ad\u00ff", @"'\xa0\xadÿ'")]
    [InlineData("\u200b\u2028\u3000\ufeff", @"'\u200b\u2028\u3000\ufeff'")]
    [InlineData("\U000E0001", @"'\U000e0001'")]
    [InlineData("\uE000", @"'\ue000'")]
    public void Text_is_written_as_repr_writes_it(string? text, string repr)
    {
        var output = new StringBuilder();
        PythonText.AppendRepr(output, text);
        output.ToString().ShouldBe(repr.Trim());
    }
}
