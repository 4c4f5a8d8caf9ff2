using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
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
        var reader = await catalogue.QueryAsync(new FileQuery(), null, "seq", count: true, CancellationToken.None);
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

    private static Publication Publication(int n)
    {
        var parsed = FileName.Parse($"imap_swe_l1b_log-{n}_20260101_v001.cdf", Mission.Imap);
        return new Publication(parsed.Name!, 10, new string('0', 64));
    }
}
