using CsCheck;
using OpenSdc.Server.Files;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

public sealed class CursorTests
{
    [Fact]
    public void What_was_written_is_read_back() =>
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Char['!', '~'].Array[0, 300]).Sample((asOf, after) =>
        {
            var cursor = new Cursor("1b4f0e9851971998", asOf, new string(after));
            Cursor.Read(cursor.Write()).ShouldBe(cursor);
            Uri.EscapeDataString(cursor.Write()).ShouldBe(cursor.Write(), "it needs no escape in a URL");
        });

    [Fact]
    public void No_text_makes_the_reading_throw() =>
        Gen.OneOf(
                Gen.String,
                Gen.Char["ABCDyz0189-_=+/ \n:"].Array[0, 40].Select(chars => new string(chars)),
                Gen.Byte.Array[0, 60].Select(bytes => System.Buffers.Text.Base64Url.EncodeToString(bytes)))
            .Sample(text => { _ = Cursor.Read(text); }, iter: 20_000);

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("MTI")] // 12
    [InlineData("MTI6MDph")] // 12:0:a, without a history
    [InlineData("YjotMTowOmE")] // b:-1:0:a
    [InlineData("YjorMTowOmE")] // b:+1:0:a
    [InlineData("YjowMTowOmE")] // b:01:0:a, which was never written
    [InlineData("YjoxOjA6_w")] // b:1:0: and a byte that is no text
    [InlineData("YjoxOjA6YR")] // b:1:0:a with bits that no writing leaves
    [InlineData("YjoxOjA6YQBi")] // b:1:0:a, NUL, b
    [InlineData("YjoxOjA6YQpi")] // b:1:0:a, a newline, b
    [InlineData("Yjo5OTk5OTk5OTk5OTk5OTk5OTk5OTowOmE")] // more than a long holds
    public void Text_that_is_not_ours_is_refused(string text) => Cursor.Read(text).ShouldBeNull();

    [Fact]
    public void The_texts_above_are_refused_for_their_faults_alone() => Cursor.Read("YjoxOjA6YQ").ShouldBe(new Cursor("b", 1, "a"));
}
