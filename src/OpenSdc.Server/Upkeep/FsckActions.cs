using OpenSdc.Contract;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>The five things that change an archive's state in a repair or its undo, each on the log before it happens and after.</summary>
internal sealed class FsckActions(OpenArchive archive, FsckLog log)
{
    public const string Adopt = "adopt";
    public const string Mark = "mark";
    public const string Derive = "derive";
    public const string Quarantine = "quarantine";
    public const string Return = "return";

    private const int MostPlaces = 10_000;

    /// <summary>Gives objects their records, all in one transaction; says for each whether it is new.</summary>
    public async Task<Recorded[]> AdoptAsync(IReadOnlyList<Publication> publications, CancellationToken cancel)
    {
        FsckLogLine[] intents =
        [
            .. publications.Select(each => Intent(Adopt, each.Name.Key) with { Size = each.Size, Sha256 = each.Sha256 }),
        ];
        log.Append(intents);
        var recorded = await archive.Catalogue.PublishAsync(publications, cancel);
        log.Append(intents.Zip(recorded, (intent, each) => each.IsNew
            ? intent with { Step = "done", Seq = each.Receipt.Seq }
            : intent with { Step = "not-done", Detail = "It got a record meanwhile." }));
        return recorded;
    }

    /// <summary>
    /// Marks a record, or by <see cref="ChangeKind.Sound"/> removes its mark, where nothing marked it after
    /// <paramref name="asOf"/>. Null, or the reason why not.
    /// </summary>
    public async Task<string?> MarkAsync(string key, long seq, string from, string to, string detail, long asOf, CancellationToken cancel)
    {
        var intent = Intent(Mark, key) with { Seq = seq, From = from, To = to, Detail = detail };
        log.Append([intent]);
        var reason = await archive.Integrity.MarkAsync(seq, to, detail, asOf, cancel)
            ? null
            : "The archive has marked it, or taken its mark away, meanwhile.";
        log.Append([reason is null ? intent with { Step = "done" } : intent with { Step = "not-done", Detail = reason }]);
        return reason;
    }

    /// <summary>Makes derived data again from the records, all of it where any differs. Null: it goes well.</summary>
    public async Task<string?> DeriveAsync(string name, CancellationToken cancel)
    {
        var intent = Intent(Derive, name);
        log.Append([intent]);
        await new DerivedData(archive.Catalogue, archive.Mission).RepairAsync(cancel);
        log.Append([intent with { Step = "done" }]);
        return null;
    }

    /// <summary>
    /// Moves what lies under a key to the first free place of its name in the quarantine. Null where that
    /// went well, or the reason why not.
    /// </summary>
    public async Task<string?> QuarantineAsync(string key, CancellationToken cancel)
    {
        for (var again = 0; again < MostPlaces; again++)
        {
            var place = again == 0 ? key : $"{key}.{again}";
            var moved = await MoveAsync(
                Intent(Quarantine, key) with
                {
                    Place = place,
                },
                () => archive.Store.QuarantineAsync(key, place, cancel)
            );
            if (moved.Reason is null || moved.What != Moved.Taken)
                return moved.Reason;
        }

        return "The quarantine holds too many files of that name.";
    }

    /// <summary>Moves it back. Null where that went well, or the reason why not.</summary>
    public async Task<string?> ReturnAsync(string place, string key, CancellationToken cancel) =>
        (await MoveAsync(Intent(Return, key) with { Place = place }, () => archive.Store.ReturnAsync(place, key, cancel))).Reason;

    private async Task<(Moved What, string? Reason)> MoveAsync(FsckLogLine intent, Func<ValueTask<Moved>> move)
    {
        log.Append([intent]);
        var moved = Moved.Missing;
        string? reason;
        try
        {
            moved = await move();
            reason = moved switch
            {
                Moved.Done => null,
                Moved.Taken => "Something lies there already.",
                _ => "It is not there any more.",
            };
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // One file that may not be moved, such as another user's, must not keep the others from their repair; the report names it.
            reason = $"It cannot be moved: {failure.Message}";
        }

        log.Append([reason is null ? intent with { Step = "done" } : intent with { Step = "not-done", Detail = reason }]);
        return (moved, reason);
    }

    private FsckLogLine Intent(string action, string key) =>
        new()
        {
            Step = "intent",
            Action = action,
            Number = log.NextNumber(),
            Key = key,
        };
}
