using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Npgsql;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>
/// Look-ups that go together: each caller gets what it asked for, and none meets what happens to another.
/// While the table is held no statement comes back, and the clock stands still: who comes then has to wait
/// for those who are away.
/// </summary>
public sealed class PostgresLookUpsTests : IAsyncLifetime
{
    private const int Files = 40;

    private readonly PostgresDatabase database = new();
    private readonly FakeTimeProvider clock = new(DateTimeOffset.UtcNow);
    private readonly CatalogueFixture fixture;
    private readonly LookupBatcher lookUps;
    private readonly NpgsqlConnection beside;

    public PostgresLookUpsTests()
    {
        fixture = new CatalogueFixture(clock, database);
        lookUps = new LookupBatcher(fixture.Catalogue, database.Dialect, clock);
        beside = new NpgsqlConnection(database.ConnectionString);
    }

    public async ValueTask InitializeAsync()
    {
        await fixture.InitializeAsync();
        await PublishAsync(Enumerable.Range(0, Files));
        await beside.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await beside.DisposeAsync();
        await fixture.DisposeAsync();
    }

    [Fact]
    public async Task Each_of_many_callers_gets_its_own_row_and_a_file_that_is_not_there_has_none()
    {
        // Many ask for the same file, some for another column, and some for a file that nobody has.
        var asked = Enumerable
            .Range(0, 2000)
            .Select(i => (File: i * 7 % (Files + 2), Column: i % 3 == 0 ? "'n' || size" : "size"))
            .ToList();
        var answers = await Task.WhenAll(asked.Select(each => Task.Run(() => AskAsync(each.File, each.Column))));
        foreach (var ((file, column), answer) in asked.Zip(answers))
            answer.ShouldBe(file < Files ? Found(file, column) : (Files, null), $"file {file}, {column}");
    }

    [Fact]
    public async Task A_file_is_found_as_soon_as_it_is_published()
    {
        for (var file = Files; file < Files + 50; file++)
        {
            var others = Enumerable.Range(0, 12).Select(i => AskAsync(i)).ToList();
            await PublishAsync([file]);
            (await AskAsync(file)).ShouldBe(Found(file, newest: file + 1));
            await Task.WhenAll(others);
        }
    }

    [Fact]
    public async Task Who_comes_while_others_are_away_waits_for_them_and_all_who_did_go_in_one_statement()
    {
        List<Task<(long?, string?)>> asked;
        await using (await HoldTableAsync())
        {
            asked = await SendAloneAsync();
            asked.AddRange(Enumerable.Range(10, 8).Select(file => AskAsync(file)));
            (await AwayAsync(LookupBatcher.MostAway)).ShouldAllBe(text => text.Contains("IN ($1)", StringComparison.Ordinal));
        }

        (await Task.WhenAll(asked)).ShouldBe([
            .. Enumerable.Range(0, LookupBatcher.MostAway).Concat(Enumerable.Range(10, 8)).Select(file => Found(file)),
        ]);
        (await TextsAsync("state = 'idle'"))
            .Count(text => text.Contains("IN ($1, $2, $3, $4, $5, $6, $7, $8)", StringComparison.Ordinal))
            .ShouldBe(1);
    }

    [Fact]
    public async Task Who_comes_while_the_others_are_slow_goes_and_takes_along_who_has_waited()
    {
        List<Task<(long?, string?)>> asked;
        await using (await HoldTableAsync())
        {
            asked = await SendAloneAsync();
            asked.Add(AskAsync(10));
            clock.Advance(LookupBatcher.Slow);
            asked.Add(AskAsync(11));
            (await AwayAsync(LookupBatcher.MostAway + 1))
                .Count(text => text.Contains("IN ($1, $2)", StringComparison.Ordinal))
                .ShouldBe(1);
        }

        (await Task.WhenAll(asked)).ShouldBe([.. Enumerable.Range(0, LookupBatcher.MostAway).Concat([10, 11]).Select(file => Found(file))]);
    }

    [Fact]
    public async Task Who_leaves_while_it_waits_or_is_away_is_gone_at_once_and_nobody_else_notices()
    {
        using var leaving = new CancellationTokenSource();
        List<Task<(long?, string?)>> asked;
        var wasRead = false;
        await using (await HoldTableAsync())
        {
            asked = await SendAloneAsync();
            // Goes together with another.
            asked.Add(AskAsync(10));
            clock.Advance(LookupBatcher.Slow);
            var away = LeaveAsync(11);
            await AwayAsync(LookupBatcher.MostAway + 1);
            asked.AddRange(Enumerable.Range(12, LookupBatcher.MostAway - 1).Select(file => AskAsync(file)));
            await AwayAsync(2 * LookupBatcher.MostAway);
            // Waits together with others.
            asked.Add(AskAsync(20));
            var waits = LeaveAsync(20);
            asked.Add(AskAsync(21));

            await leaving.CancelAsync();
            await Should.ThrowAsync<OperationCanceledException>(() => away);
            await Should.ThrowAsync<OperationCanceledException>(() => waits);
            await Should.ThrowAsync<OperationCanceledException>(() => LeaveAsync(22));
            asked.ShouldAllBe(each => !each.IsCompleted);
        }

        (await Task.WhenAll(asked)).ShouldAllBe(each => each.Item1 == Files);
        wasRead.ShouldBeFalse();

        Task LeaveAsync(int file) =>
            lookUps.FindAsync(QueryOf(file), ReadScope.Team, "size, file_path", 1, _ => wasRead = true, leaving.Token).AsTask();
    }

    [Fact]
    public async Task A_statement_that_is_ended_is_a_failure_of_each_of_its_callers_and_of_nobody_else()
    {
        await using (await HoldTableAsync())
        {
            var alone = await SendAloneAsync();
            Task<(long?, string?)>[] together = [AskAsync(10), AskAsync(11)];
            clock.Advance(LookupBatcher.Slow);
            var last = AskAsync(12);
            await AwayAsync(LookupBatcher.MostAway + 1);
            await RunAsync(
                "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE '%IN ($1, $2%' AND pid <> pg_backend_pid()"
            );
            foreach (var each in together.Append(last))
                fixture.Catalogue.IsUnavailable(await Should.ThrowAsync<PostgresException>(() => each)).ShouldBeTrue();
            alone.ShouldAllBe(each => !each.IsCompleted);
        }

        (await AskAsync(3)).ShouldBe(Found(3));
    }

    [Fact]
    public async Task A_row_that_cannot_be_rendered_is_the_failure_of_its_caller_alone()
    {
        List<Task<(long?, string?)>> asked;
        Task broken;
        await using (await HoldTableAsync())
        {
            asked = await SendAloneAsync();
            asked.Add(AskAsync(10));
            broken = lookUps
                .FindAsync(QueryOf(10), ReadScope.Team, "size, file_path", 1, _ => throw new InvalidDataException(), CancellationToken.None)
                .AsTask();
            asked.Add(AskAsync(11));
        }

        await Should.ThrowAsync<InvalidDataException>(() => broken);
        (await Task.WhenAll(asked)).ShouldAllBe(each => each.Item1 == Files);
    }

    [Fact]
    public void Only_a_query_for_one_file_and_nothing_else_goes_together()
    {
        var query = QueryOf(1);
        query.OnlyPath.ShouldBe(query.FilePaths[0]);
        foreach (
            var other in (FileQuery[])
                [
                    query with
                    {
                        FilePaths = [],
                    },
                    query with
                    {
                        FilePaths = [.. query.FilePaths, "imap/mag"],
                    },
                    query with
                    {
                        Family = "science",
                    },
                    query with
                    {
                        Instruments = ["mag"],
                    },
                    query with
                    {
                        Versions = ["v001"],
                    },
                    query with
                    {
                        SinceSeq = 0,
                    },
                    query with
                    {
                        AsOf = 1,
                    },
                    query with
                    {
                        Current = true,
                    },
                    query with
                    {
                        Current = false,
                    },
                    query with
                    {
                        Latest = true,
                    },
                    query with
                    {
                        DefaultVersions = true,
                    },
                    query with
                    {
                        Sha256s = ["a"],
                    },
                    query with
                    {
                        After = new PageEnd(["imap"]),
                    },
                ]
        )
            other.OnlyPath.ShouldBeNull(other.ToString());
    }

    private static FileQuery QueryOf(int file) => new() { Family = null, FilePaths = [NameOf(file).Key] };

    private static FileName NameOf(int file) =>
        FileName.Parse(string.Create(CultureInfo.InvariantCulture, $"imap_swe_l1a_n{file}_20260101_v001.pkts"), Mission.Imap).Name!;

    private static (long?, string?) Found(int file, string column = "size", int newest = Files) =>
        (newest, string.Create(CultureInfo.InvariantCulture, $"{(column == "size" ? "" : "n")}{file}"));

    private Task<Recorded[]> PublishAsync(IEnumerable<int> files) =>
        fixture.Catalogue.PublishAsync(
            [.. files.Select(file => new Publication(NameOf(file), file, new string('a', 64)))],
            CancellationToken.None
        );

    private async Task<(long?, string?)> AskAsync(int file, string column = "size")
    {
        string? value = null;
        var newest = await lookUps.FindAsync(
            QueryOf(file),
            ReadScope.Team,
            $"{column}, file_path",
            1,
            row => value = row?.GetValue(0).ToString(),
            CancellationToken.None
        );
        return (newest?.Seq, value);
    }

    /// <summary>As many look-ups as are away at once, each in a statement of its own, which all wait for the table.</summary>
    private async Task<List<Task<(long?, string?)>>> SendAloneAsync()
    {
        var asked = Enumerable.Range(0, LookupBatcher.MostAway).Select(file => AskAsync(file)).ToList();
        await AwayAsync(LookupBatcher.MostAway);
        return asked;
    }

    /// <summary>Waits until so many statements wait for the table; gives their texts.</summary>
    private async Task<List<string>> AwayAsync(int count)
    {
        while (true)
        {
            var texts = await TextsAsync("wait_event_type = 'Lock'");
            texts.Count.ShouldBeLessThanOrEqualTo(count);
            if (texts.Count == count)
                return texts;
            await Task.Delay(10);
        }
    }

    private async Task<List<string>> TextsAsync(string which)
    {
        await using var command = new NpgsqlCommand(
            $"SELECT query FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND {which}",
            beside
        );
        await using var reader = await command.ExecuteReaderAsync();
        var texts = new List<string>();
        while (await reader.ReadAsync())
            texts.Add(reader.GetString(0));
        return texts;
    }

    private async Task RunAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, beside);
        await command.ExecuteNonQueryAsync();
    }

    private async Task<NpgsqlConnection> HoldTableAsync()
    {
        var holder = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(database.ConnectionString) { Pooling = false }.ConnectionString
        );
        await holder.OpenAsync();
        await using var command = new NpgsqlCommand("BEGIN; LOCK TABLE files IN ACCESS EXCLUSIVE MODE", holder);
        await command.ExecuteNonQueryAsync();
        return holder;
    }
}
