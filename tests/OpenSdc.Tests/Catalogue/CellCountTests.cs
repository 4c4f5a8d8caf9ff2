using System.Data.Common;
using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>What is new is counted by days that are new in whole; that the count is right under any filters is held against the definition by <see cref="QueryPlanTests"/>.</summary>
public sealed class CellCountTests : IAsyncLifetime
{
    private const int Days = 1500;

    private static readonly Family Science = Mission.Imap.FindFamily("science")!;

    private readonly CatalogueFixture fixture = new(TimeProvider.System, new SqliteDatabase());

    public async ValueTask InitializeAsync()
    {
        await fixture.InitializeAsync();
        await PublishAsync("v001", Days);
    }

    public ValueTask DisposeAsync() => fixture.DisposeAsync();

    [Fact]
    public async Task Days_that_are_new_in_whole_are_not_read()
    {
        (await CountAsync(new FileQuery { SinceSeq = 700 })).ShouldBe(Days - 700);
        (await CountAsync(new FileQuery { AsOf = 700 })).ShouldBe(700);
        (await CountAsync(new FileQuery { SinceSeq = 700, AsOf = 900, StartDate = "20270101" })).ShouldBe(200);
        (await CountAsync(new FileQuery { SinceSeq = 100, EndDate = "20260801" })).ShouldBe(113);
        (await CountAsync(new FileQuery { Overlaps = ("20260105", "20260107") })).ShouldBe(3);
    }

    [Fact]
    public async Task Days_that_have_old_and_new_files_are_and_too_many_of_them_are_left_to_another_plan()
    {
        await PublishAsync("v002", 900);
        (await CountAsync(new FileQuery { SinceSeq = Days })).ShouldBe(900);
        (await CountAsync(new FileQuery { SinceSeq = Days + 100, EndDate = "20260801" })).ShouldBe(113);
        await PublishAsync("v003", Days);
        (await CountAsync(new FileQuery { SinceSeq = Days })).ShouldBeNull();
        await using var rows = await fixture.Catalogue.QueryAsync(new FileQuery { Family = "science", SinceSeq = Days }, Science, "item", count: true, CancellationToken.None);
        rows.Count.ShouldBe(900 + Days);
    }

    private ValueTask<long?> CountAsync(FileQuery query)
    {
        query = query with { Family = "science", Instruments = ["mag"] };
        CellCount.IsWorth(query, Science).ShouldBeTrue();
        return fixture.Catalogue.ReadAsync(async session =>
        {
            return await CellCount.CountAsync(Command, await Bounds.BeginAsync(Command, query, CancellationToken.None), Science, CancellationToken.None);

            DbCommand Command(SqlStatement each) => session.Statement(each.Text, each.Values);
        }, CancellationToken.None);
    }

    private Task<Recorded[]> PublishAsync(string version, int days) => fixture.Catalogue.PublishAsync(
        [
            .. Enumerable.Range(0, days).Select(day => new DateOnly(2026, 1, 1).AddDays(day).ToString("yyyyMMdd", CultureInfo.InvariantCulture))
                .Select(day => new Publication(FileName.Parse($"imap_mag_l1a_norm_{day}_{version}.cdf", Mission.Imap).Name!, 1, new string('a', 64))),
        ], CancellationToken.None);
}
