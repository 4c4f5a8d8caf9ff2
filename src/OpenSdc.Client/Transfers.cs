using OpenSdc.Contract;

namespace OpenSdc.Client;

/// <summary>What a transfer just did.</summary>
public enum TransferStep
{
    /// <summary>It begins, or begins anew; <see cref="TransferProgress.Bytes"/> are there already.</summary>
    Started,

    /// <summary>Bytes moved.</summary>
    Moved,

    /// <summary>A transient fault; it waits and then tries again.</summary>
    Retrying,

    /// <summary>It has ended well.</summary>
    Done,

    /// <summary>Nothing was to be done: the file is there already.</summary>
    Skipped,

    /// <summary>It has failed; <see cref="TransferProgress.Reason"/> says why.</summary>
    Failed,
}

/// <summary>How far the transfer of one file is. Reports may come from several threads at once.</summary>
/// <param name="Name">Bare name of the file.</param>
/// <param name="Step">What just happened.</param>
/// <param name="Bytes">Bytes of the file that have been moved, those of earlier tries that are kept
/// included.</param>
/// <param name="Size">Size of the file in bytes; -1 where it is not known.</param>
/// <param name="Reason">One sentence where the step is <see cref="TransferStep.Retrying"/> or
/// <see cref="TransferStep.Failed"/>; otherwise null.</param>
public readonly record struct TransferProgress(string Name, TransferStep Step, long Bytes, long Size, string? Reason = null);

/// <summary>
/// What a download does where the file is there already. It agrees where its SHA-256, or where the record has
/// none its size, is the record's.
/// </summary>
public enum ExistingFile
{
    /// <summary>One that agrees is left; one that differs is fetched anew and replaced.</summary>
    Refresh,

    /// <summary>One that agrees is left; one that differs is left too and is an error.</summary>
    Skip,

    /// <summary>Nothing is fetched: one that differs is an error, and so is one that is absent.</summary>
    Verify,

    /// <summary>Any file that is there is an error.</summary>
    Error,

    /// <summary>Every file is fetched anew and replaced.</summary>
    Overwrite,
}

/// <summary>How files are downloaded.</summary>
public sealed record DownloadOptions
{
    /// <summary>
    /// What is done with a file that is there already. Default: <see cref="ExistingFile.Refresh"/>.
    /// </summary>
    public ExistingFile Existing { get; init; }

    /// <summary>
    /// Puts files directly into the folder, by their bare names, instead of below it at their paths in the
    /// archive. Default: false.
    /// </summary>
    public bool Flat { get; init; }

    /// <summary>
    /// Files that <see cref="SdcClient.DownloadManyAsync"/> downloads at the same time, 1 or more. Default: 4.
    /// </summary>
    public int FilesAtOnce { get; init; } = 4;
}

/// <summary>How a download ended.</summary>
public enum DownloadOutcome
{
    /// <summary>Fetched; where the record has a digest, verified.</summary>
    Downloaded,

    /// <summary>The file was there and agrees with the record.</summary>
    AlreadyThere,

    /// <summary>It failed; only <see cref="SdcClient.DownloadManyAsync"/> gives this, all others throw.</summary>
    Failed,
}

/// <summary>The end of one download.</summary>
/// <param name="Record">The file's record.</param>
/// <param name="Path">Absolute local path of the file; empty where the record's path cannot be one.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Sha256">SHA-256 of the local file, 64 lower-case hexadecimal digits; null where it
/// failed.</param>
/// <param name="Failure">Why it failed; null otherwise.</param>
public sealed record DownloadResult(FileRecord Record, string Path, DownloadOutcome Outcome, string? Sha256, SdcException? Failure = null);

/// <summary>How an upload ended.</summary>
public enum UploadOutcome
{
    /// <summary>The archive has taken the file.</summary>
    Published,

    /// <summary>The archive had the same bytes under this name already.</summary>
    AlreadyThere,
}

/// <summary>The end of one upload.</summary>
/// <param name="Path">Local path as it was given.</param>
/// <param name="FilePath">The file's path in the archive; its bare name where the server did not say it.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Sha256">SHA-256 of the local file, 64 lower-case hexadecimal digits.</param>
/// <param name="Outcome">How it ended.</param>
/// <param name="Seq">Number of the publication; null where the server did not say it.</param>
public sealed record UploadResult(string Path, string FilePath, long Size, string Sha256, UploadOutcome Outcome, long? Seq);

/// <summary>State of an archive's ledger, for questions about what is new.</summary>
/// <param name="Seq">Number of the newest change.</param>
/// <param name="History">Id of the history in which numbers count; another one after a restore of the
/// archive.</param>
public sealed record ArchiveState(long Seq, string History);

/// <summary>How many files there are of one product in one day, month or year.</summary>
/// <param name="Family">Family of the files, such as <c>science</c>.</param>
/// <param name="Instrument">Instrument, or null.</param>
/// <param name="DataLevel">Data level, or null.</param>
/// <param name="Descriptor">Descriptor, or null.</param>
/// <param name="Extension">Extension without the dot, or null.</param>
/// <param name="Bin"><c>YYYYMMDD</c>, <c>YYYYMM</c> or <c>YYYY</c>; null for files without a date.</param>
/// <param name="Files">Number of files.</param>
/// <param name="Bytes">Sum of their sizes in bytes.</param>
/// <param name="Version">The newest of their versions, or null.</param>
/// <param name="FirstIngestion">When the first was published, UTC, <c>YYYYMMDD HH:MM:SS</c>.</param>
/// <param name="LastIngestion">When the last was published, UTC, <c>YYYYMMDD HH:MM:SS</c>.</param>
public sealed record CoverageBin(
    string? Family, string? Instrument, string? DataLevel, string? Descriptor, string? Extension, string? Bin, long Files, long Bytes,
        string? Version, string? FirstIngestion,
    string? LastIngestion);

/// <summary>Width of the periods of <see cref="SdcClient.CoverageAsync"/>.</summary>
public enum CoveragePeriod
{
    /// <summary>A day.</summary>
    Day,

    /// <summary>A month.</summary>
    Month,

    /// <summary>A year.</summary>
    Year,
}
