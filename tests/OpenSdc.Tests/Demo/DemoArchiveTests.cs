using OpenSdc.Cli.Demo;
using OpenSdc.Contract.Naming;
using OpenSdc.Tests.Access;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Demo;

/// <summary>An archive that the demo has filled: in the order of arrival, and where access is configured half released.</summary>
public sealed class DemoArchiveTests(ClosedArchive closed) : IClassFixture<ClosedArchive>
{
    private const int Files = 1500;

    [Fact]
    public async Task Versions_arrive_in_order_and_where_access_is_configured_the_older_half_is_released()
    {
        var archive = closed.Archive;
        await DemoArchive.FillAsync(archive.Services, Files, CancellationToken.None);

        var all = (await archive.SendAsync("GET /query?table=*&version=*&sort=seq", headers: closed.Admin))
            .Json.EnumerateArray()
            .Select(each =>
                (
                    Name: FileName.Parse(each.GetProperty("file_path").GetString()!.Split('/')[^1], Mission.Imap).Name!,
                    Released: each.GetProperty("released").GetBoolean(),
                    Day: each.GetProperty("start_date").GetString(),
                    Ingested: each.GetProperty("ingestion_date").GetString()!
                )
            )
            .ToList();
        all.Count.ShouldBe(Files);
        all.Select(each => each.Ingested).ShouldBeInOrder();
        foreach (var series in all.GroupBy(each => each.Name.Series))
            series.Select(each => each.Name.VersionOrder).ShouldBeInOrder(SortDirection.Ascending, StringComparer.Ordinal, series.Key);
        all.GroupBy(each => each.Name.Series).ShouldContain(series => series.Count() > 2);

        var late = all.Where(each => !each.Name.StartsReleased).ToList();
        late.Count(each => each.Released).ShouldBeInRange(late.Count * 45 / 100, late.Count * 55 / 100);
        string.CompareOrdinal(
                late.Where(each => each.Released).Max(each => each.Day),
                late.Where(each => !each.Released).Min(each => each.Day)
            )
            .ShouldBeLessThan(0);
        all.Where(each => each.Name.StartsReleased).ShouldAllBe(each => each.Released);
        (await archive.SendAsync("HEAD /query?table=*&version=*&count=true"))["OpenSDC-Count"]
            .ShouldBe($"{all.Count(each => each.Released)}");

        // The history of a file begins on the day on which it came.
        var old = all[0];
        (await archive.SendAsync($"GET /changes?filename={old.Name.Name}", headers: closed.Admin))
            .Json[0]
            .GetProperty("at")
            .GetString()
            .ShouldBe(old.Ingested);
    }

    [Fact]
    public void No_version_of_a_file_arrives_before_an_earlier_one()
    {
        var arrivals = DemoArchive.Arrivals(50_000);
        arrivals.Select(each => each.Index).Order().ShouldBe(Enumerable.Range(0, 50_000));
        arrivals.Select(each => each.At).ShouldBeInOrder();
        foreach (var versions in arrivals.GroupBy(each => each.Series))
            versions
                .Select(each => DemoFiles.Describe(each.Index).Version)
                .ShouldBeInOrder(SortDirection.Ascending, Comparer<int>.Default, versions.Key);
    }
}
