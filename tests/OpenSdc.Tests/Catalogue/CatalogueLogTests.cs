using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Files;
using OpenSdc.Tests.Files;
using OpenSdc.Tests.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>The log beside the catalogue is emptied when it is too long, as soon as no reader needs it.</summary>
public sealed class CatalogueLogTests
{
    [Fact]
    public async Task A_reader_keeps_the_log_and_sees_its_own_state_and_without_it_the_log_is_emptied()
    {
        await using var archive = await RunningArchive.StartAsync();
        var catalogue = archive.Services.GetRequiredService<OpenSdc.Server.Catalogue.Catalogue>();
        await catalogue.PublishAsync([Publication(1)], CancellationToken.None);
        var reader = await catalogue.QueryAsync(new FileQuery(), ReadScope.Team, null, "seq", count: true, CancellationToken.None);
        (await reader.ReadAsync(CancellationToken.None)).ShouldBeTrue();
        await catalogue.PublishAsync([Publication(2)], CancellationToken.None);

        (await catalogue.EmptyLogAsync(TimeSpan.FromMilliseconds(50), CancellationToken.None)).ShouldBeFalse();
        catalogue.LogSize.ShouldBeGreaterThan(0);
        (await reader.ReadAsync(CancellationToken.None)).ShouldBeFalse("the second file came after its snapshot");
        await reader.DisposeAsync();

        (await catalogue.EmptyLogAsync(TimeSpan.FromSeconds(20), CancellationToken.None)).ShouldBeTrue();
        catalogue.LogSize.ShouldBe(0);
        await catalogue.PublishAsync([Publication(3)], CancellationToken.None);
        (await catalogue.HeadAsync(CancellationToken.None)).ShouldBe(3);
    }

    [Fact]
    public async Task A_listing_that_keeps_a_log_beyond_the_most_is_cut_and_counted()
    {
        await using var archive = await RunningArchive.StartAsync(options => options with { MaxLogSize = 1 << 20 });
        using var measured = new Measurements(archive);
        var catalogue = archive.Services.GetRequiredService<OpenSdc.Server.Catalogue.Catalogue>();
        await LongListingsTests.FillAsync(archive);
        var (reader, beginning) = await LongListingsTests.BeginAsync(archive, "/query");
        var (page, _) = await LongListingsTests.BeginAsync(archive, "/query?limit=10000");
        using (reader)
        using (page)
        {
            beginning.ShouldStartWith("HTTP/1.1 200 ");
            await LongListingsTests.FillAsync(archive, from: 20_000);
            catalogue.LogSize.ShouldBeGreaterThan(1 << 20);
            for (var tries = 0; tries < 1200 && catalogue.LogSize > 1 << 20; tries++)
                await Task.Delay(25);
            catalogue.LogSize.ShouldBeLessThanOrEqualTo(1 << 20);
            measured.Of("opensdc.listings.cut").ShouldBe(1, "the page has given its session back, and goes on");
            (await reader.ReadToEndAsync()).ShouldNotEndWith("]\r\n0\r\n\r\n");
            archive.Services.GetRequiredService<ListingPlaces>().Taken.ShouldBe(1);
        }

        (await archive.SendAsync("GET /query?limit=10")).Status.ShouldBe(200);
    }

    private static Publication Publication(int n)
    {
        var parsed = FileName.Parse($"imap_swe_l1b_log-{n}_20260101_v001.cdf", Mission.Imap);
        return new Publication(parsed.Name!, 10, new string('0', 64));
    }
}
