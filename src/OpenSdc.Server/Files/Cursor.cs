using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace OpenSdc.Server.Files;

/// <summary>
/// Where a page ended and which state of the catalogue it showed. The next page goes on after that path in that same state, so that files which
/// arrive in between neither move nor repeat a row.
/// </summary>
internal readonly record struct Cursor(long AsOf, string After)
{
    public string Write() => Base64Url.EncodeToString(Encoding.UTF8.GetBytes($"{AsOf.ToString(CultureInfo.InvariantCulture)}:{After}"));

    /// <summary>Null where the text is not one of ours.</summary>
    public static Cursor? Read(string text)
    {
        if (!Base64Url.IsValid(text))
            return null;
        var decoded = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text));
        var colon = decoded.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && long.TryParse(decoded.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var asOf)
            ? new Cursor(asOf, decoded[(colon + 1)..])
            : null;
    }
}
