using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;

namespace OpenSdc.Server.Catalogue;

/// <summary>Which entries of the audit are wanted; null for any.</summary>
internal sealed record AuditFilter
{
    public IReadOnlyList<string> Actions { get; init; } = [];

    /// <summary>Who did it; <c>*</c> stands for any run of characters.</summary>
    public string? Caller { get; init; }

    /// <summary>What it was done to, likewise.</summary>
    public string? Target { get; init; }

    /// <summary>From this moment on, or the beginning of one: <c>2026-01</c>.</summary>
    public string? Since { get; init; }

    /// <summary>Before this moment.</summary>
    public string? Before { get; init; }
}

/// <summary>
/// The audit: entries that are only ever added at the end, each hashed with the one before, so that a changed
/// or missing one breaks the chain. One chain an archive: whoever appends takes the row of the head, and
/// others wait until his transaction ends.
/// </summary>
/// <remarks>
/// A deed appends in its own transaction, after it has the ledger's turn where it needs that: nothing is done
/// without its entry, and nobody waits for the other's row in turn.
/// </remarks>
internal sealed class AuditTable(Catalogue catalogue, TimeProvider clock)
{
    private const int PageSize = 500;
    private const string Columns = "number, at, action, caller, client, request, target, status, count, detail, hash";

    /// <summary>All entries after a number, in order.</summary>
    public const string AfterSql = $"SELECT {Columns} FROM audit WHERE number > @p0 ORDER BY number";

    private const string TakeSql = "UPDATE audit_head SET number = number WHERE id = 1 RETURNING number, hash, at";
    private const string MoveSql = "UPDATE audit_head SET number = @p0, hash = @p1, at = @p2 WHERE id = 1";
    private const string HeadSql = "SELECT number, hash, at, dropped, dropped_hash FROM audit_head WHERE id = 1";

    // What is kept ends the days that are dropped: moments never run backwards.
    private const string LastBeforeSql = "SELECT number, hash FROM audit WHERE at < @p0 ORDER BY number DESC LIMIT 1";
    private const string DropSql = "DELETE FROM audit WHERE number <= @p0";
    private const string DroppedSql = "UPDATE audit_head SET dropped = @p0, dropped_hash = @p1 WHERE id = 1";

    private static readonly BatchInsert Rows = new($"INSERT INTO audit ({Columns})", columns: 11);

    /// <summary>Appends entries in a transaction of their own.</summary>
    public Task AppendAsync(IReadOnlyList<AuditEntry> entries, CancellationToken cancel) =>
        catalogue.WriteAsync(
            async (session, transaction) =>
            {
                await AppendAsync(session, transaction, entries, clock.GetUtcNow(), cancel);
                return true;
            },
            cancel
        );

    /// <summary>Appends entries in the transaction of what they tell of.</summary>
    public static async Task AppendAsync(
        Session session,
        DbTransaction transaction,
        IReadOnlyList<AuditEntry> entries,
        DateTimeOffset now,
        CancellationToken cancel
    )
    {
        if (entries.Count == 0)
            return;
        var (number, hash, at) = (0L, "", "");
        await using (var reader = await session.Statement(TakeSql, [], transaction).ExecuteReaderAsync(cancel))
        {
            await reader.ReadAsync(cancel);
            (number, hash, at) = (reader.GetInt64(0), reader.GetString(1), reader.GetString(2));
        }

        // Never runs backwards, also where the clocks of two processes differ.
        at = string.CompareOrdinal(Text(now), at) > 0 ? Text(now) : at;
        var rows = new List<AuditEntry>(entries.Count);
        foreach (var entry in entries)
        {
            var placed = entry.Plain() with { Number = ++number, At = at };
            rows.Add(placed with { Hash = hash = placed.HashAfter(hash) });
        }

        await Rows.RunAsync(session, transaction, session.Dialect.RowsAtOnce, rows, Write, cancel);
        await session.RunAsync(MoveSql, [number, hash, at], transaction, cancel);
    }

    /// <summary>Some entries in order, after a number.</summary>
    public ValueTask<List<AuditEntry>> PageAsync(AuditFilter filter, long after, int most, CancellationToken cancel) =>
        catalogue.ReadAsync(
            async session =>
            {
                var filters = new Filters(session.Dialect)
                    .Compare("number >", after)
                    .AnyOf("action", filter.Actions)
                    .Compare("at >=", filter.Since)
                    .Compare("at <", filter.Before);
                foreach (var (column, pattern) in (ReadOnlySpan<(string, string?)>)[("caller", filter.Caller), ("target", filter.Target)])
                {
                    if (pattern is not null)
                        filters.And(
                            pattern.Contains('*', StringComparison.Ordinal)
                                ? filters.Like(column, pattern)
                                : $"{column} = {filters.Add(pattern)}"
                        );
                }

                var entries = new List<AuditEntry>();
                await using var reader = await session
                    .Statement(
                        $"SELECT {Columns} FROM audit{filters.Where} ORDER BY number LIMIT {filters.Add((long)most)}",
                        filters.Values
                    )
                    .ExecuteReaderAsync(cancel);
                while (await reader.ReadAsync(cancel))
                    entries.Add(Read(reader));
                return entries;
            },
            cancel
        );

    /// <summary>All entries after a number, read page by page as they are asked for: nobody holds a session between two pages.</summary>
    public async IAsyncEnumerable<AuditEntry> EntriesAsync(
        AuditFilter filter,
        long after,
        long limit,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        while (limit > 0 && await PageAsync(filter, after, (int)Math.Min(PageSize, limit), cancel) is { Count: > 0 } page)
        {
            foreach (var entry in page)
                yield return entry;
            (after, limit) = (page[^1].Number, limit - page.Count);
        }
    }

    /// <summary>Follows the whole chain; null where nothing is wrong with it.</summary>
    public async Task<string?> VerifyAsync(IReadOnlyList<AuditHead> noted, CancellationToken cancel)
    {
        var (head, dropped, _) = await HeadAsync(cancel);
        return await AuditChain.VerifyAsync(
            head,
            dropped,
            EntriesAsync(new AuditFilter(), dropped.Number, long.MaxValue, cancel),
            noted,
            cancel
        );
    }

    /// <summary>The newest entry, the newest that was dropped, and when the newest was appended.</summary>
    public ValueTask<(AuditHead Head, AuditHead Dropped, string At)> HeadAsync(CancellationToken cancel) =>
        catalogue.ReadAsync(
            async session =>
            {
                await using var reader = await session.Statement(HeadSql, []).ExecuteReaderAsync(cancel);
                await reader.ReadAsync(cancel);
                return (
                    new AuditHead(reader.GetInt64(0), reader.GetString(1)),
                    new AuditHead(reader.GetInt64(3), reader.GetString(4)),
                    reader.GetString(2)
                );
            },
            cancel
        );

    /// <summary>
    /// Drops the days from the front that lie before a day, and keeps the hash of the last entry of them,
    /// from which the chain goes on.
    /// </summary>
    /// <returns>How many entries were dropped.</returns>
    public Task<long> DropBeforeAsync(DateOnly day, CancellationToken cancel) =>
        catalogue.WriteAsync<long>(
            async (session, transaction) =>
            {
                await session.Statement(TakeSql, [], transaction).ExecuteScalarAsync(cancel);
                AuditHead last;
                await using (
                    var reader = await session
                        .Statement(LastBeforeSql, [day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)], transaction)
                        .ExecuteReaderAsync(cancel)
                )
                {
                    if (!await reader.ReadAsync(cancel))
                        return 0;
                    last = new(reader.GetInt64(0), reader.GetString(1));
                }

                var dropped = await session.Statement(DropSql, [last.Number], transaction).ExecuteNonQueryAsync(cancel);
                await session.Statement(DroppedSql, [last.Number, last.Hash], transaction).ExecuteNonQueryAsync(cancel);
                await AppendAsync(
                    session,
                    transaction,
                    [
                        new()
                        {
                            Action = AuditAction.Dropped,
                            Caller = "archive",
                            Count = dropped,
                            Detail = $"entries before {day:yyyy-MM-dd}, up to {last}",
                        },
                    ],
                    clock.GetUtcNow(),
                    cancel
                );
                return dropped;
            },
            cancel
        );

    /// <summary>The entry of a row of <see cref="Columns"/>.</summary>
    public static AuditEntry Read(DbDataReader row) => new()
    {
        Number = row.GetInt64(0),
        At = row.GetString(1),
        Action = row.GetString(2),
        Caller = row.GetString(3),
        Client = row.GetString(4),
        Request = row.GetString(5),
        Target = row.GetString(6),
        Status = row.GetInt64(7),
        Count = row.GetInt64(8),
        Detail = row.GetString(9),
        Hash = row.GetString(10),
    };

    private static string Text(DateTimeOffset moment) =>
        moment.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private static void Write(AuditEntry entry, Span<object?> values)
    {
        ReadOnlySpan<object?> all =
        [
            entry.Number,
            entry.At,
            entry.Action,
            entry.Caller,
            entry.Client,
            entry.Request,
            entry.Target,
            entry.Status,
            entry.Count,
            entry.Detail,
            entry.Hash,
        ];
        all.CopyTo(values);
    }
}
