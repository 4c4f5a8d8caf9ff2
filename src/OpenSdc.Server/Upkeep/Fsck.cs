using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// A check of the archive from outside the service, which may be serving it meanwhile: compare, and where it
/// is asked for, repair.
/// </summary>
internal static class Fsck
{
    /// <summary>Checks, and repairs. The report's findings can be read until the run is disposed.</summary>
    /// <exception cref="SettingException">There is no archive, or it cannot be checked; the message says why.</exception>
    public static async Task<FsckRun> RunAsync(
        ServerOptions settings,
        FsckOptions options,
        UpkeepProgress progress,
        TimeProvider clock,
        CancellationToken cancel
    )
    {
        var (startedAt, started) = (clock.GetTimestamp(), clock.GetUtcNow());
        var verifier = new ObjectVerifier
        {
            Throttle = new ReadThrottle(options.Rate, clock),
            OnRead = progress.Read,
            BypassesCache = true,
        };
        var findings = new FsckFindings();
        try
        {
            using var scratch = new Scratch(settings);
            using var archive = await OpenArchive.OpenAsync(settings, clock, cancel, scratch.CatalogueFile);
            if (scratch.CatalogueFile is not null)
                await archive.Catalogue.OpenAsync(cancel);
            await archive.Catalogue.JoinAsync(cancel);
            await archive.ReadMissionAsync(cancel);

            var check = new FsckCheck(archive, options, verifier, progress, clock);
            await check.RunAsync(findings, cancel);
            var report = new FsckReport
            {
                Data = archive.Name,
                Started = started,
                Seconds = 0,
                Digest = options.Digest,
                Repair = options.Repair,
                Outcome = findings.Total == 0 ? FsckOutcome.Clean : FsckOutcome.Problems,
                Records = check.Records,
                Objects = check.Objects,
                ObjectBytes = check.ObjectBytes,
                FilesRead = check.FilesRead,
                BytesRead = progress.Bytes,
                SeqBefore = check.Seq.Before,
                SeqAfter = check.Seq.After,
                Young = check.Young,
                Counts = findings.Counts,
                Changes = findings.Changes,
                // Each file once: all that have a record, and those that are to get one or to go.
                AllowedChanges = options.MaxChanges.Of(
                    check.Records
                        + findings.Counts[FsckKind.Orphan]
                        + findings.Counts[FsckKind.Misplaced]
                        + findings.Counts[FsckKind.Foreign]
                ),
                Done = 0,
                Findings = findings.ReadAsync(CancellationToken.None),
            };
            if (options.Repair && report.Changes > report.AllowedChanges)
                report = report with { Outcome = FsckOutcome.Stopped };
            else if (options.Repair && report.Changes > 0)
                (report, findings) = await RepairAsync(settings, options, verifier, report, findings, clock, cancel);
            return new FsckRun(report with { Seconds = clock.GetElapsedTime(startedAt).TotalSeconds }, findings);
        }
        catch
        {
            findings.Dispose();
            throw;
        }
    }

    /// <summary>Undoes the repair, or the undo, that wrote a log.</summary>
    /// <exception cref="SettingException">The file is no log of this archive, or another repair is running.</exception>
    public static async Task<FsckUndoReport> UndoAsync(ServerOptions settings, string logFile, TimeProvider clock, CancellationToken cancel)
    {
        if (OpenArchive.MissingCatalogue(settings) is { } missing)
            throw new SettingException($"The archive has no catalogue {missing}; restore it first.");
        using var archive = await OpenArchive.OpenAsync(settings, clock, cancel);
        await archive.Catalogue.JoinAsync(cancel);
        if (FsckLog.Read(logFile).FirstOrDefault() is not { Step: "start" } first)
            throw new SettingException($"The file {logFile} is no log of a repair.");
        if (first.Key != archive.Name)
        {
            var option = first.Key.StartsWith("s3:", StringComparison.Ordinal) ? "--objects" : "--data";
            throw new SettingException(
                $"The log {logFile} is one of {first.Key}, not of {archive.Name}; give {option} {first.Key}, or edit its first line where the archive has moved."
            );
        }

        using var log = new FsckLog(archive, "undo", clock);
        var undo = new FsckUndo(archive, new FsckActions(archive, log), Path.GetFileName(logFile));
        var (undone, left) = await undo.RunAsync(FsckLog.ReadBackwards(logFile), cancel);
        return new FsckUndoReport(Path.GetFullPath(logFile), undone, left, log.Name);
    }

    private static async Task<(FsckReport Report, FsckFindings Results)> RepairAsync(
        ServerOptions settings,
        FsckOptions options,
        ObjectVerifier verifier,
        FsckReport report,
        FsckFindings findings,
        TimeProvider clock,
        CancellationToken cancel
    )
    {
        var results = new FsckFindings();
        try
        {
            var missing = OpenArchive.MissingCatalogue(settings);
            using var archive = await OpenArchive.OpenAsync(settings, clock, cancel);
            if (missing is not null && archive.IsServed)
                throw new SettingException(
                    $"The catalogue {missing} was removed under the running archive; stop it before the repair makes a new one."
                );
            if (missing is not null)
                await archive.Catalogue.OpenAsync(cancel);
            await archive.ReadMissionAsync(cancel);
            using var log = new FsckLog(archive, "repair", clock);
            await new FsckRepair(archive, new FsckActions(archive, log), options, verifier).RunAsync(findings, results, cancel);
            findings.Dispose();
            return (report with
            {
                Outcome = results.Done == results.Total ? FsckOutcome.Repaired : FsckOutcome.Problems,
                Done = results.Done,
                Log = log.Name,
                Findings = results.ReadAsync(CancellationToken.None),
            }, results);
        }
        catch
        {
            results.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Stands in for a catalogue that is missing, as an empty one outside the archive: the check then finds
    /// every object without a record, and leaves no new catalogue behind that would look like the archive's.
    /// </summary>
    private sealed class Scratch : IDisposable
    {
        private readonly DirectoryInfo? folder;

        public Scratch(ServerOptions settings)
        {
            if (OpenArchive.MissingCatalogue(settings) is not null)
                folder = Directory.CreateTempSubdirectory("opensdc-fsck-");
        }

        public string? CatalogueFile => folder is null ? null : Path.Combine(folder.FullName, "catalogue.sqlite");

        public void Dispose() => folder?.Delete(recursive: true);
    }
}

/// <summary>A finished check. Its report's findings lie in a file that goes when it is disposed.</summary>
internal sealed class FsckRun(FsckReport report, FsckFindings findings) : IDisposable
{
    public FsckReport Report => report;

    public void Dispose() => findings.Dispose();
}
