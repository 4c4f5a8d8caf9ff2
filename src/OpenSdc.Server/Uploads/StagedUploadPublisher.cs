using System.Diagnostics;
using System.Threading.Channels;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Publishes direct and multipart uploads that have arrived in staging: takes them with the claims to their keys,
/// reads each once for its SHA-256, places it at its key, has it recorded, and removes it from staging. Every replica
/// does so, each with uploads of its own; decision 0012 says what a crash leaves after each step.
/// </summary>
/// <remarks>
/// Nothing is in memory that another process would need: whoever takes an upload whose publisher has died begins
/// again at its first step, and every step can be repeated.
/// </remarks>
internal sealed partial class StagedUploadPublisher(
    IObjectStore store,
    UploadStaging staging,
    UploadLeases leases,
    LeaseRenewer held,
    UploadSignals signals,
    UploadWaits waits,
    Publisher publisher,
    ObjectMender mender,
    Withdrawals withdrawals,
    Recovery recovery,
    StorageHealth storage,
    Mission mission,
    ServerOptions options,
    Telemetry telemetry,
    TimeProvider clock,
    ILogger<StagedUploadPublisher> logger
) : BackgroundService
{
    // Small files wait for the store's answers, not for a processor.
    private const int AtOnce = 48;
    private static readonly TimeSpan TryAgain = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(250);

    private readonly SemaphoreSlim free = new(AtOnce, AtOnce);
    private readonly TaskCompletionSource failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Channel<(string Id, string Key)> done = Channel.CreateUnbounded<(string, string)>();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await recovery.Done.WaitAsync(stoppingToken);
        var removing = RemoveAsync(stoppingToken);
        // Through the server this process signals its own uploads; it polls for those of a process that has died.
        var every = options.Transfers == Transfers.Through ? TimeSpan.FromSeconds(5) : TimeSpan.FromMilliseconds(options.UploadPoll);
        try
        {
            while (true)
            {
                if (failed.Task.IsFaulted)
                    await failed.Task;
                await free.WaitAsync(stoppingToken);
                var room = 1;
                while (room < AtOnce && free.Wait(TimeSpan.Zero, CancellationToken.None))
                    room++;
                var begun = 0;
                try
                {
                    begun = await TakeAsync(room, stoppingToken);
                }
                finally
                {
                    if (begun < room)
                        free.Release(room - begun);
                }

                if (begun < room)
                    await signals.WaitForWorkAsync(every, clock, stoppingToken);
            }
        }
        finally
        {
            // What is under way has been told to stop, and gives its uploads back.
            for (var i = 0; i < AtOnce; i++)
                await free.WaitAsync(CancellationToken.None);
            done.Writer.Complete();
            await removing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<int> TakeAsync(int most, CancellationToken cancel)
    {
        var begun = 0;
        try
        {
            var now = clock.GetUtcNow();
            foreach (var upload in await leases.TakeAsync(held.Owner, most, cancel))
            {
                if (held.Begin(upload.Id, now, cancel) is not { } lease)
                    continue;
                begun++;
                _ = PublishAsync(upload, lease);
            }
        }
        catch (Exception failure) when (TransientErrors.IsTransient(failure))
        {
            LogCannotTake(failure.Message);
            await Task.Delay(TryAgain, clock, cancel);
        }

        return begun;
    }

    /// <summary>
    /// Does all of the work on one upload. What a transient error keeps from being done is tried again; any other
    /// error ends the process, for its supervisor to see.
    /// </summary>
    private async Task PublishAsync(TakenUpload upload, LeaseRenewer.Held lease)
    {
        try
        {
            await Task.Yield();
            if (await EndAsync(upload, lease) is { } end)
            {
                telemetry.Uploaded(end.Outcome, end.Size);
                done.Writer.TryWrite((upload.Id, upload.Key));
                waits.Ended(upload.Id);
            }
        }
        catch (OperationCanceledException)
        {
            // The process stops, or the lease is about to end.
            await GiveBackAsync(lease.Lease);
        }
        catch (Exception failure) when (TransientErrors.IsTransient(failure))
        {
            LogTryAgain(upload.Key, upload.Id, failure.Message);
            if (failure is StoreUnavailableException)
                storage.ProbeNow();
            await GiveBackAsync(lease.Lease);
        }
        catch (Exception unexpected)
        {
            LogFailed(unexpected, upload.Key, upload.Id);
            failed.TrySetException(unexpected);
        }
        finally
        {
            lease.Dispose();
            free.Release();
        }
    }

    /// <summary>What the upload ended with; null where it goes on, or went on elsewhere.</summary>
    private async Task<(string Outcome, long Size)?> EndAsync(TakenUpload upload, LeaseRenewer.Held lease)
    {
        var started = Stopwatch.GetTimestamp();
        if (upload.Recorded is not null && await TakenName.WithdrawnAsync(upload.Key, withdrawals, lease.Stop) is { } withdrawn)
            return await RefuseAsync(upload, lease, withdrawn);
        var opened = await staging.OpenAsync(upload.Id, upload.Key, signals.Listed(upload.Id), lease.Stop);
        if (opened is not { } bytes)
        {
            await leases.ReopenAsync(lease.Lease, lease.Stop);
            return null;
        }

        await using var staged = bytes.Staged;
        if (ArchivePath.ParseUpload(upload.Key, mission).Name is not { } name)
            return await RefuseAsync(upload, lease, Problems.BadUploadName([]));
        if (upload.Size is { } declared && staged.Length != declared)
            return await RefuseAsync(upload, lease, Problems.OtherSize(declared, staged.Length));
        // A file that came in parts may be larger than one PUT takes, and is mended all the same.
        if (upload.Size is null && staged.Length > Math.Max(options.MaxUploadSize, upload.Recorded?.Size ?? 0))
            return await RefuseAsync(upload, lease, Problems.TooLarge(options.MaxUploadSize));
        if (staged.Length == 0 && !options.AllowEmptyFiles && upload.Recorded is not { Size: 0 })
            return await RefuseAsync(upload, lease, Problems.EmptyFile);
        if (upload.Recorded is { } there && there.Size != staged.Length)
            return await RefuseAsync(upload, lease, Problems.ContentConflict(upload.Key));

        var publication = new Publication(name, staged.Length, await bytes.DigestAsync(lease.Stop))
        {
            Upload = lease.Lease,
            Audit = upload.Audit,
        };
        if (upload.Sha256 is { } promised && promised != publication.Sha256)
            return await RefuseAsync(upload, lease, Problems.PartsHaveOtherDigest(promised, publication.Sha256));
        // The store takes what an archive with its own disk refuses at once.
        if (staged.ContentEncoding is { } coding)
            return await RefuseAsync(upload, lease, Problems.UnsupportedEncoding("Content-Encoding", coding));
        if (staged.MediaType is { } type && BodyHeaders.IsEnvelope(type))
            return await RefuseAsync(upload, lease, Problems.EnvelopedBody(type));
        if (upload.Recorded is { } receipt)
        {
            if (!publication.Has(receipt))
                return await RefuseAsync(upload, lease, Problems.ContentConflict(upload.Key));
            if (await mender.IsBrokenAsync(receipt, lease.Stop))
            {
                // Another upload mends it, here or in another process; then this one finds it whole.
                if (!upload.HasClaim)
                {
                    await leases.PutBackAsync(lease.Lease, TryAgain, lease.Stop);
                    return null;
                }

                if (!await mender.MendAsync(receipt, staged, upload.Audit with { Action = AuditAction.Mend, Status = 200 }, lease.Stop))
                    return await RefuseAsync(upload, lease, (await TakenName.WithdrawnAsync(upload.Key, withdrawals, lease.Stop))!);
            }

            return await leases.EndAsync(lease.Lease, receipt.Seq, problem: null, lease.Stop) ? ("repeated", receipt.Size) : null;
        }

        var naming = await store.PlaceAsync(staged, lease.Stop);
        if (naming.Failure is { } failure)
            throw failure;
        if (!naming.IsPlaced && !await IsAtKeyAsync(publication, lease.Stop))
            return await RefuseAsync(upload, lease, Problems.ContentConflict(upload.Key));

        // From here on the upload belongs to the publisher's batch, whatever becomes of the lease: its transaction asks.
        lease.Stop.ThrowIfCancellationRequested();
        var recorded = await publisher.RecordAsync(publication);
        if (!recorded.IsThere)
            return null;
        // Recorded by somebody else meanwhile, and withdrawn: the key was free because its bytes were purged.
        if (!recorded.IsNew && await TakenName.WithdrawnAsync(upload.Key, withdrawals, CancellationToken.None) is { } gone)
        {
            if (naming.IsPlaced)
                await store.RevertAsync(staged, CancellationToken.None);
            return await RefuseAsync(upload, lease, gone);
        }

        if (!publication.Has(recorded.Receipt))
            return await RefuseAsync(upload, lease, Problems.ContentConflict(upload.Key));
        if (recorded.IsNew)
        {
            telemetry.Published(started);
            LogPublished(upload.Key, publication.Size, recorded.Receipt.Seq, upload.Id);
        }

        return (recorded.IsNew ? "published" : "repeated", publication.Size);
    }

    /// <summary>An object without a record, put there by hand or by an earlier try, is the upload's where its bytes are.</summary>
    private async Task<bool> IsAtKeyAsync(Publication publication, CancellationToken cancel)
    {
        using var there = await store.OpenAsync(publication.Name.Key, cancel);
        if (there is null)
            return false;
        var record = new ObjectRecord(publication.Name.Key, publication.Size, publication.Sha256);
        if (!(await ObjectVerifier.Unthrottled.VerifyAsync(there, record, cancel)).ThrowIfUnreadable().IsIntact)
            return false;
        await store.FlushAsync(publication.Name.Key, cancel);
        return true;
    }

    private async Task<(string Outcome, long Size)?> RefuseAsync(TakenUpload upload, LeaseRenewer.Held lease, Problem problem)
    {
        if (!await leases.EndAsync(lease.Lease, seq: null, (problem.Code, problem.Sentence), lease.Stop))
            return null;
        LogRefused(upload.Key, upload.Id, problem.Sentence);
        return (problem.Code, 0);
    }

    private async Task GiveBackAsync(Lease lease)
    {
        try
        {
            await leases.PutBackAsync(lease, TryAgain, CancellationToken.None);
        }
        catch (Exception failure) when (TransientErrors.IsTransient(failure))
        {
            // Its lease runs out, and somebody takes it again.
        }
    }

    /// <summary>Removes from staging what has ended, many at a time. What is left there by a crash the watch finds.</summary>
    private async Task RemoveAsync(CancellationToken cancel)
    {
        while (await done.Reader.WaitToReadAsync(CancellationToken.None))
        {
            if (!cancel.IsCancellationRequested)
                await Task.Delay(Gather, clock, CancellationToken.None);
            var some = new List<(string, string)>();
            while (some.Count < 500 && done.Reader.TryRead(out var next))
                some.Add(next);
            try
            {
                await staging.RemoveAsync(some, CancellationToken.None);
            }
            catch (Exception failure) when (TransientErrors.IsTransient(failure))
            {
                LogCannotRemove(some.Count, failure.Message);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Published {Key}, {Size} bytes, seq {Seq}; upload {UploadId}")]
    private partial void LogPublished(string key, long size, long seq, string uploadId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Refused {Key}, upload {UploadId}: {Reason}")]
    private partial void LogRefused(string key, string uploadId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Cannot publish {Key}, upload {UploadId}, for a reason that no retry mends")]
    private partial void LogFailed(Exception failure, string key, string uploadId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot publish {Key} now, upload {UploadId}; it is tried again: {Reason}")]
    private partial void LogTryAgain(string key, string uploadId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot take uploads that have arrived; trying again: {Reason}")]
    private partial void LogCannotTake(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot remove {Count} uploads from staging now: {Reason}")]
    private partial void LogCannotRemove(int count, string reason);
}
