namespace OpenSdc.Cli;

/// <summary>What <c>sdc</c> says to the shell. The numbers are an interface: they never change their meaning.</summary>
internal static class ExitCode
{
    /// <summary>What the client commands end with, as <c>docs/cli.md</c> and the manual pages say it.</summary>
    public static readonly (int Code, string Meaning)[] OfClients =
    [
        (0, "done"),
        (1, "failed for another reason: a local file or the disk"),
        (2, "an option, a variable or the configuration file is wrong"),
        (30, "the archive cannot be reached, or cannot answer at the moment"),
        (40, "the archive does not have a file that was named"),
        (41, "some files could not be transferred; each is named on standard error"),
        (42, "local files are absent or differ (verify, sync --dry-run), or the bytes of the one file do not arrive as they were sent"),
        (43, "the archive refuses what was asked, or what answers is no archive"),
        (130, "stopped by a signal"),
    ];

    /// <summary>It did what was asked.</summary>
    public const int Done = 0;

    /// <summary>It failed for a reason that no other code tells.</summary>
    public const int Failed = 1;

    /// <summary>A setting, an argument or the data folder keeps it from starting; one sentence on standard error says which.</summary>
    public const int BadSetting = 2;

    /// <summary><c>fsck</c>: something is wrong; found in a dry run, left by a repair, or not undone by <c>--undo</c>.</summary>
    public const int ProblemsFound = 20;

    /// <summary><c>fsck --repair</c>: something was wrong, and the repair dealt with all of it.</summary>
    public const int Repaired = 21;

    /// <summary><c>fsck --repair</c>: it would have changed more than <c>--max-changes</c> allows, and changed nothing.</summary>
    public const int TooManyChanges = 22;

    /// <summary>
    /// <c>backup</c>: it is there, but without objects that the archive has lost or damaged and did not know
    /// of; each is named on standard error.
    /// </summary>
    public const int BackupIncomplete = 25;

    /// <summary><c>backup</c>, <c>restore</c>: the catalogue to be copied is damaged; nothing was replaced or made.</summary>
    public const int CatalogueDamaged = 26;

    /// <summary>
    /// <c>restore</c>: done, or verified to the end, but objects are missing from the backup or damaged in
    /// it; each is named on standard error.
    /// </summary>
    public const int RestoreIncomplete = 27;

    /// <summary><c>rebuild</c>: done, but files were left without a record; each is named on standard error.</summary>
    public const int RebuildIncomplete = 28;

    /// <summary>
    /// <c>backup</c>, <c>restore</c>: done, and all objects are right, but the chain of the audit is broken.
    /// <c>audit verify</c>: it is broken. One sentence says where.
    /// </summary>
    public const int AuditBroken = 29;

    /// <summary>The archive cannot be reached, or cannot answer at the moment, after all repetitions.</summary>
    public const int ArchiveAway = 30;

    /// <summary>
    /// <c>uploads abort</c>: an upload could not be given up, since it has ended or there is none of this id;
    /// each is named on standard error.
    /// </summary>
    public const int NotAborted = 31;

    /// <summary><c>mission check</c>: some name is none of the mission's; each is explained.</summary>
    public const int NotNames = 32;

    /// <summary>The archive does not have a file that was named.</summary>
    public const int NoSuchFile = 40;

    /// <summary>
    /// <c>download</c>, <c>upload</c>, <c>sync</c>: some files could not be transferred; each is named on
    /// standard error.
    /// </summary>
    public const int TransfersIncomplete = 41;

    /// <summary>
    /// <c>verify</c>, <c>sync --dry-run</c>: local files are absent or differ; <c>download</c>, <c>upload</c>
    /// of one file: its bytes do not arrive as they were sent.
    /// </summary>
    public const int FilesDiffer = 42;

    /// <summary>
    /// The archive refuses what was asked: a wrong value, a bad name, other bytes under the name, a missing
    /// permission; or what answers is no archive.
    /// </summary>
    public const int Refused = 43;

    /// <summary>It was told to stop before its end, as shells number an interrupt.</summary>
    public const int Interrupted = 130;
}
