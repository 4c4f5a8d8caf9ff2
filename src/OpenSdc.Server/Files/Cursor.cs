using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace OpenSdc.Server.Files;

/// <summary>
/// Where a page ended and which state of the catalogue it showed. The next page goes on after that path in that same state, so that files which
/// arrive in between neither move nor repeat a row.
/// </summary>
/// <param name="History">The history that the number is of.</param>
/// <param name="AsOf">The number of the newest publication that the pages show.</param>
/// <param name="After">The last path of the page before; empty where another order than that of paths is asked for.</param>
/// <param name="Offset">How many rows the pages before had, in such an order; 0 in the order of paths.</param>
internal readonly record struct Cursor(string History, long AsOf, string After, int Offset = 0)
{
    public string Write() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{History}:{AsOf}:{Offset}:{After}")));

    /// <summary>Null where the text is not one of ours. Paths are visible ASCII; a database may refuse other characters, such as NUL, with an error.</summary>
    public static Cursor? Read(string text)
    {
        if (!Base64Url.IsValid(text))
            return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(':', 4);
        return parts.Length == 4
            && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var asOf)
            && int.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            && parts[3].AsSpan().IndexOfAnyExceptInRange('!', '~') < 0
            && new Cursor(parts[0], asOf, parts[3], offset) is var cursor
            // Only as it was written: bytes that are no text, or zeros before a number, were never given out.
            && cursor.Write() == text
            ? cursor
            : null;
    }
}
