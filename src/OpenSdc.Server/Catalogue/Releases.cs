using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>What a release or its opposite did.</summary>
/// <param name="Files">How many files were meant.</param>
/// <param name="Changed">How many of them changed; the others were as wanted already.</param>
internal readonly record struct ReleaseResult(long Files, long Changed);

/// <summary>
/// Releases files to everybody, or takes that back: a change of the ledger for each, in transactions of so
/// many that uploads pass in between. Whoever repeats it changes nothing more.
/// </summary>
internal sealed class Releases(Catalogue catalogue, TimeProvider clock)
{
    /// <summary>Changes of one transaction.</summary>
    public const int Batch = 1000;

    /// <summary>The numbers of the files that a query lists, in its order.</summary>
    public async Task<List<long>> FindAsync(FileQuery query, Family? family, CancellationToken cancel)
    {
        var found = new List<long>();
        await using var rows = await catalogue.QueryAsync(query, ReadScope.Of(query, Audience.Team), family, "seq", count: false, cancel);
        while (await rows.ReadAsync(cancel))
            found.Add(rows.Columns.GetInt64(0));
        return found;
    }

    /// <summary>Releases some files, or takes it back. What was withdrawn meanwhile is left alone.</summary>
    /// <param name="files">Their numbers.</param>
    /// <param name="release">Whether everybody may see them from now on.</param>
    /// <param name="audit">Who wants it, for the ledger, and the entry of the audit, one for each
    /// transaction: with the number of files that it changed.</param>
    /// <param name="cancel">Ends it between two transactions.</param>
    public async Task<ReleaseResult> SetAsync(IReadOnlyList<long> files, bool release, AuditEntry audit, CancellationToken cancel)
    {
        var changed = 0L;
        foreach (var batch in files.Chunk(Batch))
            changed += await catalogue.WriteAsync(
                (session, transaction) => SetAsync(session, transaction, batch, release, audit, cancel),
                cancel
            );
        return new(files.Count, changed);
    }

    private async Task<long> SetAsync(
        Session session,
        System.Data.Common.DbTransaction transaction,
        long[] files,
        bool release,
        AuditEntry audit,
        CancellationToken cancel
    )
    {
        var turn = await LedgerTurn.TakeAsync(session, transaction, cancel);
        var visibility = new Visibility(session, transaction);
        var meant = await visibility.SelectAsync(files, isPublic: !release, cancel);
        if (meant.Count == 0)
            return 0;
        await visibility.AddChangesAsync(
            meant,
            turn.Seq,
            release ? ChangeKind.Released : ChangeKind.Unreleased,
            Catalogue.Text(clock.GetUtcNow()),
            audit.Caller,
            null,
            cancel
        );
        await (
            release
                ? visibility.ShowAsync(Audience.Public, meant, turn.Seq, cancel)
                : visibility.HideAsync(Audience.Public, meant, turn.Seq, cancel)
        );
        var entry = audit with { Count = meant.Count, Detail = $"changes {turn.Seq + 1} to {turn.Seq + meant.Count}" };
        await AuditTable.AppendAsync(session, transaction, [entry], clock.GetUtcNow(), cancel);
        return meant.Count;
    }
}
