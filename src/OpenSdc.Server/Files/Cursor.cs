using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace OpenSdc.Server.Files;

/// <summary>
/// Where a page ended and which state of the catalogue it showed. The next page goes on after that path in that same state, so that files which
/// arrive in between neither move nor repeat a row.
/// </summary>
/// <param name="AsOf">The number of the newest publication that the pages show.</param>
/// <param name="After">The last path of the page before; empty where another order than that of paths is asked for.</param>
/// <param name="Offset">How many rows the pages before had, in such an order; 0 in the order of paths.</param>
internal readonly record struct Cursor(long AsOf, string After, int Offset = 0)
{
    public string Write() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{AsOf}:{Offset}:{After}")));

    /// <summary>Null where the text is not one of ours. Paths are visible ASCII; a database may refuse other characters, such as NUL, with an error.</summary>
    public static Cursor? Read(string text)
    {
        if (!Base64Url.IsValid(text))
            return null;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)).Split(':', 3);
        return parts.Length == 3
            && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var asOf)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out var offset)
            && parts[2].AsSpan().IndexOfAnyExceptInRange('!', '~') < 0
            ? new Cursor(asOf, parts[2], offset)
            : null;
    }
}
