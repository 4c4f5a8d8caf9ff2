using System.Data.Common;
using Microsoft.Extensions.Time.Testing;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>Between which days the files of a query can be.</summary>
public sealed class BoundsTests : IAsyncLifetime
{
    private static readonly Family Science = Mission.Imap.FindFamily("science")!;

    private readonly CatalogueFixture fixture = new(new FakeTimeProvider(new(2026, 3, 15, 12, 0, 0, TimeSpan.Zero)), new SqliteDatabase());

    public async ValueTask InitializeAsync()
    {
        await fixture.InitializeAsync();
        string[] names = ["imap_lo_l2_map_20260110_20260120_v01-01.cdf", "imap_lo_l2_map_20260301_20260301_v01-01.cdf", "imap_hi_l2_map_20250101_20251231_v01-01.cdf", "naif0012.tls"];
        await fixture.Catalogue.PublishAsync(
            [.. names.Select(name => new Publication(FileName.Parse(name, Mission.Imap).Name.ShouldNotBeNull(name), 10, new string('a', 64)))], CancellationToken.None);
    }

    public ValueTask DisposeAsync() => fixture.DisposeAsync();

    /// <summary>A file that overlaps some days begins at most as long before them as the longest of its products goes on.</summary>
    [Fact]
    public async Task What_overlaps_some_days_began_no_earlier_than_the_longest_goes_back()
    {
        var query = new FileQuery { Family = "science", Instruments = ["lo"], Overlaps = ("20260225", "20260401") };
        (await BeginAsync(query)).ShouldBe(("20260215", "20260401"));
        (await BeginAsync(query with { StartDate = "20260101", EndDate = "20261231" })).ShouldBe(("20260215", "20260401"));
        (await BeginAsync(query with { StartDate = "20260220", EndDate = "20260301" })).ShouldBe(("20260220", "20260301"));
        (await BeginAsync(query with { Instruments = [] })).ShouldBe(("20250226", "20260401"));
        (await BeginAsync(query with { Overlaps = ("00010101", "00010101") })).ShouldBe(("00010101", "00010101"));

        async ValueTask<(string?, string?)> BeginAsync(FileQuery asked)
        {
            var bounded = await ReadAsync(command => Bounds.BeginAsync(command, asked, CancellationToken.None));
            return (bounded.StartDate, bounded.EndDate);
        }
    }

    [Theory]
    [InlineData("", "00010101", "99991231", null, null)]
    [InlineData("", "20250101", "20261231", null, null)]
    [InlineData("", "20250102", "20261230", "20250102", "20261230")]
    [InlineData("lo", "20250102", "20261230", null, "20261230")]
    [InlineData("lo", null, "20200101", null, "20200101")]
    [InlineData("swe", "00010101", null, "00010101", null)]
    public async Task Bounds_of_start_dates_that_leave_nothing_out_are_dropped(string instrument, string? start, string? end, string? keptStart, string? keptEnd)
    {
        var query = await DropAsync(new FileQuery { Family = "science", Instruments = instrument.Length > 0 ? [instrument] : [], StartDate = start, EndDate = end });
        (query.StartDate, query.EndDate).ShouldBe((keptStart, keptEnd));
    }

    [Theory]
    [InlineData("20260315", "20260315", null, null)]
    [InlineData("20260101", "20991231", null, null)]
    [InlineData("20260316", "20260314", "20260316", "20260314")]
    public async Task So_are_those_of_ingestion(string from, string to, string? keptFrom, string? keptTo)
    {
        var query = await DropAsync(new FileQuery { Family = "science", IngestionStartDate = from, IngestionEndDate = to, SinceSeq = 0 });
        (query.IngestionStartDate, query.IngestionEndDate, query.SinceSeq).ShouldBe((keptFrom, keptTo, null));
    }

    [Fact]
    public async Task Where_files_have_no_start_date_a_bound_leaves_them_out()
    {
        var query = new FileQuery { Family = "spice", StartDate = "00010101", IngestionStartDate = "20260101" };
        (await DropAsync(query)).ShouldBe(query);
    }

    private ValueTask<FileQuery> DropAsync(FileQuery query) =>
        ReadAsync(command => Bounds.DropAsync(command, query, Mission.Imap.FindFamily(query.Family!), CancellationToken.None));

    private ValueTask<T> ReadAsync<T>(Func<Func<SqlStatement, DbCommand>, ValueTask<T>> read) =>
        fixture.Catalogue.ReadAsync(session => read(each => session.Statement(each.Text, each.Values)), CancellationToken.None);
}
