using System.Globalization;

namespace OpenSdc.Client;

/// <summary>
/// Where a file lies on the disk. Paths come from the server, and none may lead out of the folder.
/// </summary>
internal static class LocalPath
{
    public const string PartSuffix = ".part";

    /// <summary>Begins the names of what is kept beside the files, such as how far they mirror a query.</summary>
    private const string OwnPrefix = ".opensdc-";

    private const int LongestName = 255;

    /// <summary>The absolute path of a file below a folder, at its key or by its bare name.</summary>
    /// <exception cref="SdcException">The key is absolute, climbs, or has a segment that is no name.</exception>
    public static string Of(string folder, string key, bool flat)
    {
        var segments = key.Split('/');
        foreach (var segment in segments)
        {
            if (WhyNot(segment) is { } reason)
                throw new SdcException(SdcError.UnsafePath, $"The server names a file '{key}', which is not stored: {reason}.");
        }

        var root = Path.GetFullPath(folder);
        var path = Path.GetFullPath(Path.Combine(root, flat ? segments[^1] : Path.Combine(segments)));
        return path.StartsWith(Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? path
            : throw new SdcException(SdcError.UnsafePath,
                $"The server names a file '{key}', which is not stored: it would lie outside the folder.");
    }

    private static string? WhyNot(string segment) => segment switch
    {
        "" => "it is absolute or has an empty folder",
        "." or ".." => "it climbs",
        { Length: > LongestName - 5 } => "a name in it is too long",
        _ when segment.EndsWith(PartSuffix, StringComparison.OrdinalIgnoreCase) => $"its name ends in {PartSuffix}",
        _ when segment.StartsWith(OwnPrefix, StringComparison.OrdinalIgnoreCase) => $"names that begin with {OwnPrefix} are this program's own",
        _ when segment.AsSpan().IndexOfAny('\\', ':', '\0') >= 0 || segment.Any(IsUnseen) =>
            "it has a character that no name may have",
        _ => null,
    };

    // Such as those that turn the direction of text, so that a name is not what it looks like.
    private static bool IsUnseen(char one) => char.GetUnicodeCategory(one)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;
}
