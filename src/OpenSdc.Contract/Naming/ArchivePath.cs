namespace OpenSdc.Contract.Naming;

/// <summary>From the path of a request to the name of a file.</summary>
public static class ArchivePath
{
    /// <summary>The name that an upload path ends in; its folders do not count.</summary>
    public static ParsedName ParseUpload(string path, Mission mission) => FileName.Parse(path, mission);

    /// <summary>The file that a download path asks for.</summary>
    public static DownloadTarget ParseDownload(string path, Mission mission) => new(DownloadTargetKind.NotAName, null, []);

    /// <summary>The last segment of an upload path; false and a fault where the path is refused.</summary>
    public static bool TryUploadBasename(string path, out string basename, out NameFault? fault)
    {
        (basename, fault) = (path, null);
        return true;
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
