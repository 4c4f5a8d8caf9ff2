using System.Buffers.Text;
using System.Globalization;
using System.Text;
using OpenSdc.Contract;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Files;

/// <summary>
/// Where a page ended and which state of the catalogue it showed. The next page goes on after that row in
/// that same state, so that files which arrive in between neither move nor repeat a row.
/// </summary>
/// <param name="History">The history that the number is of.</param>
/// <param name="AsOf">The number of the newest change that the pages show.</param>
/// <param name="After">What the last row of the page before has in each column of the order.</param>
internal readonly record struct Cursor(string History, long AsOf, PageEnd After)
{
    // A path may hold any mark; it is the last column where it is one, and the others are dates, digits and hyphens.
    private const char Mark = ';';

    public string Write() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $"{History}{Mark}{AsOf}{Mark}{string.Join(Mark, After.Keys)}")));

    /// <summary>
    /// Null where the text is not one of ours, for this order. Paths are visible ASCII; a database may refuse
    /// other characters, such as NUL, with an error.
    /// </summary>
    public static Cursor? Read(string text, SortOrder order)
    {
        if (!Base64Url.IsValid(text))
            return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(Mark, order.Keys.Count + 2);
        return parts.Length == order.Keys.Count + 2
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var asOf)
            && new Cursor(parts[0], asOf, new PageEnd(parts[2..])) is var cursor
            && cursor.After.Keys.Zip(order.Keys).All(each => IsValue(each.Second.Column, each.First))
            // Only as it was written: bytes that are no text, or zeros before a number, were never given out.
            && cursor.Write() == text
            ? cursor
            : null;
    }

    private static bool IsValue(string column, string text) => column switch
    {
        "seq" or "size" => long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out _),
        "file_path" => text.Length > 0 && text.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0,
        _ => text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0,
    };
}
