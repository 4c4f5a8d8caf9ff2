using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace OpenSdc.Contract.Naming;

/// <summary>
/// From the path of a request to the name of a file. Paths arrive decoded once; what is still encoded in them was encoded
/// twice, and is never decoded again here.
/// </summary>
public static class ArchivePath
{
    // What most paths are made of; among these only a segment of dots is a fault.
    private static readonly SearchValues<char> Usual = SearchValues.Create(
        "/._-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    );

    /// <summary>
    /// The last segment of an upload path. Clients send paths relative to folders of their own, so that the folders before
    /// it do not count; but a path that climbs (<c>..</c>), or hides a slash in its name, is refused with a fault.
    /// </summary>
    public static bool TryUploadBasename(string path, out string basename, [NotNullWhen(false)] out NameFault? fault)
    {
        ArgumentNullException.ThrowIfNull(path);
        basename = path[(path.LastIndexOf('/') + 1)..];
        fault = FaultOf(path, basename);
        return fault is null;
    }

    /// <summary>The name that an upload path ends in, read; or the faults of the path or of the name.</summary>
    public static ParsedName ParseUpload(string path, Mission mission) =>
        TryUploadBasename(path, out var basename, out var fault)
            ? FileName.Parse(basename, mission)
            : new ParsedName { Faults = [fault] };

    /// <summary>
    /// The file that a download path asks for: a full key, the key without the mission's root, the key under an older
    /// root, a bare name, or an <c>s3://bucket/…</c> URI of any of these.
    /// </summary>
    public static DownloadTarget ParseDownload(string path, Mission mission)
    {
        ArgumentNullException.ThrowIfNull(path);
        var key = path.AsSpan();
        if (key.StartsWith("s3://", StringComparison.OrdinalIgnoreCase))
        {
            // The bucket is the archive's own affair: which one holds the file is not the caller's to choose.
            key = key[5..];
            var slash = key.IndexOf('/');
            if (slash < 1)
                return NotAName(
                    new("path", path, $"The URI '{NameText.Show(path)}' has no bucket or no key; allowed: s3://bucket/path/file.ext.")
                );
            key = key[(slash + 1)..];
        }
        else if (key.StartsWith('/'))
        {
            key = key[1..];
        }

        var cut = key.LastIndexOf('/') + 1;
        var name = key.Length - cut == path.Length ? path : key[cut..].ToString();
        if (name.Length == 0) return new(DownloadTargetKind.NoName, null, FileName.Parse("", mission).Faults);
        if (FaultOf(key, name) is { } fault) return NotAName(fault);
        var parsed = FileName.Parse(name, mission);
        if (!parsed.IsValid)
            return new(DownloadTargetKind.NotAName, null, parsed.Faults);
        return new(
            cut == 0 || IsFolderOf(key[..cut], parsed.Name, mission) ? DownloadTargetKind.File : DownloadTargetKind.OtherFolder,
            parsed.Name,
            []
        );
    }

    private static DownloadTarget NotAName(NameFault fault) => new(DownloadTargetKind.NotAName, null, [fault]);

    private static bool IsFolderOf(ReadOnlySpan<char> folder, FileName name, Mission mission)
    {
        var own = name.Key.AsSpan(0, name.Key.Length - name.Name.Length);
        if (folder.SequenceEqual(own) || folder.SequenceEqual(own[mission.Root.Length..])) return true;
        foreach (var (older, now) in mission.OlderRoots)
            if (folder.StartsWith(older) && own.StartsWith(now) && folder[older.Length..].SequenceEqual(own[now.Length..])) return true;
        return false;
    }

    private static NameFault? FaultOf(ReadOnlySpan<char> path, string name)
    {
        if (!path.ContainsAnyExcept(Usual) && !path.StartsWith('.') && !path.Contains("/.", StringComparison.Ordinal))
            return null;
        foreach (var segment in path.Split('/'))
        {
            var text = path[segment];
            if (text is ".." or ".")
                return new("path", text.ToString(), $"The path has the segment '{text}'; allowed: folders by name.");
        }

        foreach (var c in path)
        {
            if (char.IsControl(c))
                return new("path", c.ToString(), $"The path has the control character U+{(int)c:X4}; allowed: visible characters.");
            if (c == '\\')
                return new("path", "\\", "The path has a backslash (U+005C); allowed: '/' between folders.");
        }

        foreach (var code in (ReadOnlySpan<string>)["%2F", "%5C"])
            if (name.Contains(code, StringComparison.OrdinalIgnoreCase))
                return new(
                    "name",
                    code,
                    $"The name '{NameText.Show(name)}' has an encoded slash ({code}); allowed: a name without folders."
                );
        return null;
    }
}

/// <summary>What a download path turned out to be.</summary>
public enum DownloadTargetKind
{
    /// <summary>The path holds no name: empty, or it ends in a slash.</summary>
    NoName,

    /// <summary>The last segment is not a valid name, or the path is not one.</summary>
    NotAName,

    /// <summary>A valid name, in folders that are not its own: no such file.</summary>
    OtherFolder,

    /// <summary>A valid name, bare or in its own folders.</summary>
    File,
}

/// <param name="Kind">What the path turned out to be.</param>
/// <param name="Name">The name; null unless the kind is File or OtherFolder.</param>
/// <param name="Faults">Why it is not a name; empty for File and OtherFolder.</param>
public sealed record DownloadTarget(DownloadTargetKind Kind, FileName? Name, IReadOnlyList<NameFault> Faults)
{
    /// <summary>The key of the file; null unless the kind is File.</summary>
    public string? Key => Kind == DownloadTargetKind.File ? Name?.Key : null;
}
