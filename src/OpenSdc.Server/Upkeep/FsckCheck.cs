using System.Globalization;
using System.Runtime.CompilerServices;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Compares what lies in the store with what the catalogue records: both are read in the order of their keys,
/// side by side, so that memory does not grow with the archive. Changes nothing.
/// </summary>
/// <remarks>
/// <para>The archive may be serving meanwhile. Each key is compared at another moment, so a difference alone proves nothing; it is looked at again:
/// an object without a record is asked for in the catalogue once more after the listing has ended, and one
/// that was changed after the check began, or is just being published, is left to the next; a record whose
/// object was not listed has it opened, since its object was there before the record.</para>
/// <para>Records are read in pages of their own transactions: one that stays open would keep the catalogue's log from shrinking.</para>
/// </remarks>
internal sealed class FsckCheck(
    OpenArchive archive,
    FsckOptions options,
    ObjectVerifier verifier,
    UpkeepProgress progress,
    TimeProvider clock
)
{
    private const int PageSize = 1000;

    // File systems stamp files by a clock that ticks some 100 times a second, and so may be behind.
    private static readonly TimeSpan ClockGrain = TimeSpan.FromMilliseconds(50);

    // An upload that is alive writes far more often than this; slower ones are cut off.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromDays(1);

    private readonly DateTimeOffset started = clock.GetUtcNow();
    private long filesRead;

    /// <summary>Newest record before and after the listing.</summary>
    public (long Before, long After) Seq { get; private set; }

    /// <summary>Records compared.</summary>
    public long Records { get; private set; }

    /// <summary>Things listed in the store.</summary>
    public long Objects { get; private set; }

    /// <summary>Bytes of the things listed.</summary>
    public long ObjectBytes { get; private set; }

    /// <summary>Objects read to their end.</summary>
    public long FilesRead => Interlocked.Read(ref filesRead);

    /// <summary>Objects that were left to the next check because they are younger than this one or just being published.</summary>
    public long Young { get; private set; }

    /// <summary>Runs the check; <paramref name="findings"/> gets what is certain.</summary>
    public async Task RunAsync(FsckFindings findings, CancellationToken cancel)
    {
        progress.Begin("records compared");
        var before = await archive.Catalogue.HeadAsync(cancel);
        using var candidates = new FsckFindings();
        using var position = options.Resume is { } file ? new FsckPosition(file, archive.Name, clock) : null;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = options.Readers, CancellationToken = cancel };
        await Parallel.ForEachAsync(CompareAsync(candidates, position, cancel), parallel, async (record, token) =>
        {
            var verdict = await verifier.VerifyAsync(archive.Store.OpenAsync, record.ToObject(), token);
            Interlocked.Increment(ref filesRead);
            Add(candidates, FsckFinding.Of(record, verdict));
            position?.End(record.Key, isBad: !verdict.IsIntact);
        });

        // In this order: an upload stays in staging, or has the claim to its key, until it has its record.
        var isServed = archive.IsServed;
        var claims = new KeyClaims(archive.Catalogue, clock);
        var withdrawals = new Withdrawals(archive.Catalogue, clock);
        var onTheirWay = isServed
            ? await archive.Store.LeftOverAsync(writtenBefore: null, cancel).Select(NameOf).ToHashSetAsync(StringComparer.Ordinal, cancel)
            : [];
        Seq = (before, await archive.Catalogue.HeadAsync(cancel));
        await foreach (var candidate in candidates.ReadAsync(cancel))
        {
            if (candidate.Seq is null && await archive.Catalogue.HasAsync(candidate.Key, ReadScope.All, cancel))
            {
                // Recorded meanwhile, or it is the object of a file that has none any more.
                if (await withdrawals.FindAsync(candidate.Key, Audience.All, cancel) is { Purged: { } purged } tombstone)
                    findings.Add(
                        candidate with
                        {
                            Kind = FsckKind.Foreign,
                            Action = FsckAction.None,
                            Seq = tombstone.File,
                            Detail = $"The bytes of this file were purged on {purged}, but an object lies here; remove it by hand.",
                        }
                    );
            }
            else
            {
                if (
                    candidate.Kind == FsckKind.Orphan
                    && (onTheirWay.Contains(NameOf(candidate.Key)) || (isServed && await claims.IsClaimedAsync(candidate.Key, cancel)))
                )
                    Young++;
                else
                    findings.Add(candidate);
            }
        }

        foreach (var (name, differ) in await new DerivedData(archive.Catalogue, archive.Mission).CheckAsync(cancel))
        {
            findings.Add(new FsckFinding
            {
                Kind = FsckKind.Derived,
                Key = name,
                Action = FsckAction.Derive,
                Detail = string.Create(CultureInfo.InvariantCulture, $"Of it {differ} rows do not say what follows from the records."),
            });
        }

        await AddLeftOversAsync(findings, isServed ? started - LongestSilence : started - ClockGrain, cancel);
        position?.Finish();
    }

    /// <summary>Walks through both sides, notes what is wrong at sight, and gives the records whose objects are to be read.</summary>
    private async IAsyncEnumerable<KeptFile> CompareAsync(
        FsckFindings candidates,
        FsckPosition? position,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        await using var listing = archive.Store.ListAsync(cancel).GetAsyncEnumerator(cancel);
        await using var records = RecordsAsync(cancel).GetAsyncEnumerator(cancel);
        var (hasObject, hasRecord) = (await listing.MoveNextAsync(), await records.MoveNextAsync());
        while (hasObject || hasRecord)
        {
            cancel.ThrowIfCancellationRequested();
            var order = !hasObject ? 1 : !hasRecord ? -1 : string.CompareOrdinal(listing.Current.Key, records.Current.Key);
            ListedObject? listed = order <= 0 ? listing.Current : null;
            KeptFile? kept = order >= 0 ? records.Current : null;
            if (listed is { } there)
            {
                Objects++;
                ObjectBytes += there.Length;
                hasObject = await listing.MoveNextAsync();
            }

            if (kept is not { } record)
            {
                Add(candidates, Unrecorded(listed!.Value));
                continue;
            }

            Records++;
            progress.Did();
            hasRecord = await records.MoveNextAsync();
            if (listed is { What: ListedKind.Link })
            {
                Add(candidates, Link(record));
                continue;
            }

            var verdict = listed switch
            {
                { What: ListedKind.Object } found => ObjectVerdict.OfLength(record.Size, found.Length),
                { } => ObjectVerdict.NotAFile,
                null => await ObjectVerifier.VerifyLengthAsync(archive.Store.OpenAsync, record.ToObject(), cancel),
            };
            if (verdict.IsIntact && (record.Mark is not null || (options.Digest && position?.IsToRead(record.Key) != false)))
            {
                position?.Begin(record.Key);
                yield return record;
            }
            else
            {
                Add(candidates, verdict.IsIntact ? null : FsckFinding.Of(record, verdict));
            }
        }
    }

    private async IAsyncEnumerable<KeptFile> RecordsAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var after = "";
        while (await archive.Integrity.ByPathAsync(after, PageSize, cancel) is { Count: > 0 } page)
        {
            foreach (var record in page)
                yield return record;
            after = page[^1].Key;
        }
    }

    private FsckFinding? Unrecorded(ListedObject listed)
    {
        if (listed.LastChange >= started - ClockGrain)
        {
            Young++;
            return null;
        }

        var parsed = FileName.Parse(NameOf(listed.Key), archive.Mission);
        var (kind, action, detail) = listed.What switch
        {
            ListedKind.Unnameable => (
                FsckKind.Foreign,
                FsckAction.None,
                "Its name is not UTF-8, so that no program of the archive can move it; rename it by hand."
            ),
            ListedKind.Link => (FsckKind.Foreign, FsckAction.Quarantine, "It is a link, no file."),
            ListedKind.Other => (FsckKind.Foreign, FsckAction.Quarantine, "It is a pipe, a socket or a device, no file."),
            _ when parsed.Name is not { } name => (FsckKind.Foreign, FsckAction.Quarantine, parsed.Faults[0].Message),
            _ when parsed.Name.Key != listed.Key => (FsckKind.Misplaced, FsckAction.Quarantine, $"Its name belongs at {parsed.Name.Key}."),
            _ => (FsckKind.Orphan, FsckAction.Adopt, "It lies where its name says, but has no record."),
        };
        return new FsckFinding
        {
            Kind = kind,
            Key = listed.Key,
            Action = action,
            Detail = detail,
            Size = listed.What == ListedKind.Object ? listed.Length : null,
            Written = listed.What == ListedKind.Unnameable ? null : listed.LastWrite,
        };
    }

    private static FsckFinding Link(KeptFile record) => new()
    {
        Kind = FsckKind.Foreign,
        Key = record.Key,
        Action = FsckAction.None,
        Detail = "A link lies where the file itself should; put the file there.",
        Seq = record.Seq,
        Mark = record.Mark,
        Size = record.Size,
        Sha256 = record.Sha256,
    };

    /// <summary>Of a service that runs only those that no living upload can be; it settles the others itself when it starts.</summary>
    private async Task AddLeftOversAsync(FsckFindings findings, DateTimeOffset writtenBefore, CancellationToken cancel)
    {
        await foreach (var leftOver in archive.Store.LeftOverAsync(writtenBefore, cancel))
        {
            findings.Add(new FsckFinding
            {
                Kind = FsckKind.LeftOver,
                Key = leftOver,
                Action = FsckAction.None,
                Detail = "Nobody sends this upload any more; the archive finishes or removes it when it next starts.",
            });
        }
    }

    private static string NameOf(string key) => key[(key.LastIndexOf('/') + 1)..];

    private static void Add(FsckFindings candidates, FsckFinding? finding)
    {
        if (finding is not null)
            candidates.Add(finding);
    }
}
