using CsCheck;
using OpenSdc.Contract;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Files;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

public sealed class CursorTests
{
    private static readonly SortOrder Paths = SortOrder.Of([]);
    private static readonly SortOrder Sizes = SortOrder.Of([new SortField("size", true), new SortField("start_date", false)]);

    [Fact]
    public void What_was_written_is_read_back() =>
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Char['!', '~'].Array[1, 300]).Sample((asOf, after) =>
        {
            ReadBack(new Cursor("1b4f0e9851971998", asOf, new PageEnd([new string(after)])), Paths);
            ReadBack(new Cursor("1b4f0e9851971998", asOf, new PageEnd(["17", "20260101", "3"])), Sizes);
        });

    private static void ReadBack(Cursor cursor, SortOrder order)
    {
        var read = Cursor.Read(cursor.Write(), order).ShouldNotBeNull();
        (read.History, read.AsOf).ShouldBe((cursor.History, cursor.AsOf));
        read.After.Keys.ShouldBe(cursor.After.Keys);
        Uri.EscapeDataString(cursor.Write()).ShouldBe(cursor.Write(), "it needs no escape in a URL");
    }

    [Fact]
    public void No_text_makes_the_reading_throw() =>
        Gen.OneOf(
                Gen.String,
                Gen.Char["ABCDyz0189-_=+/ \n;"].Array[0, 40].Select(chars => new string(chars)),
                Gen.Byte.Array[0, 60].Select(bytes => System.Buffers.Text.Base64Url.EncodeToString(bytes)))
            .Sample(text => { _ = (Cursor.Read(text, Paths), Cursor.Read(text, Sizes)); }, iter: 20_000);

    [Theory]
    [InlineData("")]
    [InlineData("nonsense")]
    [InlineData("MTI")] // 12
    [InlineData("MTI7YQ")] // 12;a, without a history
    [InlineData("YjstMTth")] // b;-1;a
    [InlineData("YjsrMTth")] // b;+1;a
    [InlineData("YjswMTth")] // b;01;a, which was never written
    [InlineData("YjsxOw")] // b;1; without a path
    [InlineData("YjsxO_8")] // b;1; and a byte that is no text
    [InlineData("YjsxO2FhYR")] // b;1;aaa with bits that no writing leaves
    [InlineData("YjsxO2EAYg")] // b;1;a, NUL, b
    [InlineData("YjsxO2EKYg")] // b;1;a, a newline, b
    [InlineData("Yjs5OTk5OTk5OTk5OTk5OTk5OTk5OTth")] // more than a long holds
    public void Text_that_is_not_ours_is_refused(string text) => Cursor.Read(text, Paths).ShouldBeNull();

    [Theory]
    [InlineData("YjsxO3g7MjAyNjAxMDE7Mw")] // a size that is no number
    [InlineData("YjsxOzE3OzIwMjYwMTAxOy0z")] // a number below nothing
    [InlineData("YjsxOzE3OzIwMjYwMTAx")] // a column less than the order has
    [InlineData("YjsxO2ltYXAvYQ")] // of another order
    public void Text_of_another_order_is_refused(string text) => Cursor.Read(text, Sizes).ShouldBeNull();

    [Fact]
    public void The_texts_above_are_refused_for_their_faults_alone()
    {
        Cursor.Read("YjsxO2E", Paths).ShouldNotBeNull().AsOf.ShouldBe(1);
        Cursor.Read("YjsxOzE3OzIwMjYwMTAxOzM", Sizes).ShouldNotBeNull().After.Keys.ShouldBe(["17", "20260101", "3"]);
    }
}
