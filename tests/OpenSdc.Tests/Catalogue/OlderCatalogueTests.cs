using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>A catalogue that an earlier version has made, opened by this one.</summary>
public abstract class OlderCatalogueTests(TestDatabase database) : IAsyncLifetime
{
    private readonly CatalogueFixture fixture = new(TimeProvider.System, database);

    public ValueTask InitializeAsync() => fixture.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await fixture.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>What an older catalogue does not know of its files yet is made from them when it is opened, and is then as if it had been kept from the first file on.</summary>
    [Fact]
    public async Task What_is_kept_of_files_is_made_for_those_that_an_older_catalogue_has()
    {
        string[] names =
        [
            "imap_hi_l2_map_20251220_20260320_v01-01.cdf", "imap_hi_l2_map_20251220_20260110_v01-02.cdf", "imap_hi_l2_map_20260101_20260101_v01-01.cdf",
            "imap_swe_l1_sci_20260901_v001.0007.cdf", "imap_swe_l1_sci_20260902_v002.cdf", "imap_swe_cal-lo_20260131_v005.csv", "naif0012.tls",
        ];
        foreach (var name in names)
            await fixture.Catalogue.PublishAsync([new(FileName.Parse(name, Mission.Imap).Name.ShouldNotBeNull(name), name.Length * (name[^5] - '0' + 1), new string('a', 64))], CancellationToken.None);
        string[] kept = ["min_size", "max_size", "max_days", "first_seq", "last_seq"];
        var before = await KeptAsync();
        before.ShouldContain(line => line.Contains("|90|", StringComparison.Ordinal), "a map of three months");
        before.ShouldContain("hi|v01-01|2");

        foreach (var change in (string[])[.. kept.Select(column => $"ALTER TABLE coverage DROP COLUMN {column}"), "ALTER TABLE versions DROP COLUMN files", database.SetVersionSql(4)])
            await fixture.Catalogue.WriteAsync((session, transaction) => session.Statement(change, [], transaction).ExecuteNonQueryAsync(CancellationToken.None), CancellationToken.None);
        await fixture.Catalogue.OpenAsync(CancellationToken.None);
        (await KeptAsync()).ShouldBe(before);

        ValueTask<List<string>> KeptAsync() => fixture.Catalogue.ReadAsync(async session =>
        {
            var lines = new List<string>();
            foreach (var sql in (string[])
                [
                    $"SELECT digits, instrument, descriptor, extension, start_date, {string.Join(", ", kept)} FROM coverage ORDER BY 1, 2, 3, 4, 5",
                    "SELECT instrument, version, SUM(files) FROM versions GROUP BY 1, 2 ORDER BY 1, 2",
                ])
            {
                await using var reader = await session.Statement(sql, []).ExecuteReaderAsync();
                while (await reader.ReadAsync())
                    lines.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount).Select(reader.GetValue)));
            }

            return lines;
        }, CancellationToken.None);
    }
}

public sealed class OlderSqliteCatalogueTests() : OlderCatalogueTests(new SqliteDatabase());

public sealed class OlderPostgresCatalogueTests() : OlderCatalogueTests(new PostgresDatabase());
