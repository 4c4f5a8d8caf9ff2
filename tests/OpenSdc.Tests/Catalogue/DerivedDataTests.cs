using CsCheck;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>
/// What every publication keeps beside the records is what one statement makes of them; what says otherwise
/// is found by its name and made again.
/// </summary>
public abstract class DerivedDataTests : IAsyncLifetime
{
    private readonly CatalogueFixture fixture;
    private readonly DerivedData derived;

    protected DerivedDataTests(TestDatabase database)
    {
        fixture = new CatalogueFixture(TimeProvider.System, database);
        derived = new DerivedData(fixture.Catalogue, Mission.Imap);
    }

    public async ValueTask InitializeAsync()
    {
        await fixture.InitializeAsync();
        string[] names =
        [
            "imap_swe_l1_sci_20260901_v001.0002.cdf",
            "imap_swe_l1_sci_20260901_v002.0001.cdf",
            "imap_swe_l1_sci_20260901_v001.cdf",
            "imap_swe_l1_sci_20260902_v003.cdf",
            "imap_mag_l1a_norm_20260101_20260131_v01-01.cdf",
            "imap_mag_l1a_norm_20260101_20260102_v01-02.cdf",
            "naif0012.tls",
            "imap_mag_cal_20260101_v001.csv",
            "imap_recon_od005_20250925_20251101_v01.bsp",
            "imap_pred_od123_20250925_20251101.bsp",
        ];
        // One by one and together: what a transaction knows of itself is not in the tables yet.
        await PublishAsync(names[..3]);
        foreach (var name in names[3..])
            await PublishAsync([name]);
        (await fixture.Catalogue.HeadAsync(CancellationToken.None)).ShouldBe(names.Length);
    }

    public async ValueTask DisposeAsync()
    {
        await fixture.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Whatever_is_published_leaves_it_as_the_records_make_it()
    {
        (await derived.CheckAsync(CancellationToken.None)).ShouldBeEmpty();
        await QueryTests.Names.Array[1, 12].SampleAsync(async names =>
        {
            await PublishAsync(names.Distinct());
            (await derived.CheckAsync(CancellationToken.None)).ShouldBeEmpty();
        }, iter: 40, threads: 1);
    }

    [Theory]
    [InlineData("coverage", "UPDATE coverage SET files = files + 1 WHERE digits = 6")]
    [InlineData("coverage", "UPDATE coverage SET latest = latest - 1 WHERE digits = 8 AND period = '20260901'")]
    [InlineData("coverage", "UPDATE coverage SET version = 'v009', version_order = '-19' WHERE digits = 4")]
    [InlineData("coverage", "UPDATE coverage SET last_ingestion = '20990101 00:00:00'")]
    [InlineData("coverage", "DELETE FROM coverage WHERE digits = 8")]
    [InlineData(
        "coverage",
        "INSERT INTO coverage (audience, product, digits, period, files, latest, bytes, version_order, newest, first_ingestion, last_ingestion) VALUES (1, 1, 8, '20300101', 1, 1, 1, '-', 1, '', '')"
    )]
    [InlineData("superseded_by", "UPDATE files SET superseded_by = NULL WHERE superseded_by IS NOT NULL")]
    [InlineData("superseded_by", "UPDATE files SET superseded_by = 7 WHERE superseded_by IS NULL")]
    [InlineData("outdated_by", "UPDATE files SET outdated_by = NULL")]
    [InlineData("outdated_by", "UPDATE files SET outdated_by = 7 WHERE outdated_by IS NULL AND counted_major = 2")]
    [InlineData("public_superseded_by", "UPDATE files SET public_superseded_by = NULL WHERE public_superseded_by IS NOT NULL")]
    [InlineData("public_outdated_by", "UPDATE files SET public_outdated_by = 7 WHERE public_outdated_by IS NULL AND counted_major = 2")]
    [InlineData("own_values", "DELETE FROM own_values")]
    [InlineData("own_values", "UPDATE own_values SET value = 'nope'")]
    [InlineData("own_values", "INSERT INTO own_values (field, value, seq) VALUES ('orbit_determination', '5', 1)")]
    [InlineData("max_days", "UPDATE products SET max_days = 3 WHERE max_days = 0")]
    [InlineData("max_days", "UPDATE products SET max_days = 1 WHERE max_days > 1")]
    public async Task What_says_otherwise_is_found_by_its_name_and_made_again(string name, string spoil)
    {
        (
            await fixture.Catalogue.WriteAsync(
                (session, transaction) => session.Statement(spoil, [], transaction).ExecuteNonQueryAsync(),
                CancellationToken.None
            )
        ).ShouldBePositive();
        (await derived.CheckAsync(CancellationToken.None)).ShouldContain(each => each.Name == name && each.Differ > 0);
        await derived.RepairAsync(CancellationToken.None);
        (await derived.CheckAsync(CancellationToken.None)).ShouldBeEmpty();
    }

    private Task<Recorded[]> PublishAsync(IEnumerable<string> names) =>
        fixture.Catalogue.PublishAsync(
            [
                .. names.Select(name => new Publication(
                    FileName.Parse(name, Mission.Imap).Name.ShouldNotBeNull(name),
                    name.Length,
                    new string('a', 64)
                )),
            ],
            CancellationToken.None
        );
}

public sealed class DerivedDataOnSqliteTests() : DerivedDataTests(new SqliteDatabase());

public sealed class DerivedDataOnPostgresTests() : DerivedDataTests(new PostgresDatabase());
