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
            var cursor = new Cursor(asOf, new string(after));
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
    [InlineData("OmE")] // :a
    [InlineData("LTE6YQ")] // -1:a
    [InlineData("KzE6YQ")] // +1:a
    [InlineData("NTowOmEAYg")] // 5:0:a, NUL, b
    [InlineData("NTowOmEKYg")] // 5:0:a, a newline, b
    [InlineData("NTowOmEbW2I")] // 5:0:a, an escape sequence
    [InlineData("NTowOmH_Yg")] // 5:0:a, a byte that is no UTF-8, b
    [InlineData("OTk5OTk5OTk5OTk5OTk5OTk5OTk6YQ")] // more than a long holds
    public void Text_that_is_not_ours_is_refused(string text) => Cursor.Read(text).ShouldBeNull();
}
