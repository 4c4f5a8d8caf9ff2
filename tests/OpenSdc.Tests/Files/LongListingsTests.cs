using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Files;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>
/// Many clients that read long answers slowly take places from each other, and from nobody else. No time is
/// measured; each wait only ends.
/// </summary>
public sealed class LongListingsTests
{
    private const int Records = 20_000;

    public static TheoryData<string, int, string> Setups => new()
    {
        { "disk and SQLite", 48, "" },
        { "disk and PostgreSQL", 48, "" },
        { "disk and SQLite", 300, "?limit=10000" },
        { "disk and PostgreSQL", 300, "?limit=10000" },
    };

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Slow_readers_take_the_places_and_all_else_goes_on(string setup, int clients, string parameters)
    {
        // As many sessions as an archive has by default.
        await using var archive = await RunningArchive.StartAsync(
            options => options with { Catalogue = options.Catalogue?.Replace("MaxPoolSize=8", "MaxPoolSize=32", StringComparison.Ordinal) },
            setup: ArchiveSetup.Of(setup)
        );
        await FillAsync(archive);
        var readers = new List<Socket>();
        try
        {
            var begun = await Task.WhenAll(Enumerable.Range(0, clients).Select(async _ =>
            {
                var (socket, answer) = await BeginAsync(archive, $"/query{parameters}");
                lock (readers)
                    readers.Add(socket);
                return answer;
            }));
            begun.Count(each => each.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal)).ShouldBe(24);
            var refused = begun.Where(each => !each.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal)).ToList();
            refused.Count.ShouldBe(clients - 24);
            refused.ShouldAllBe(each =>
                each.StartsWith("HTTP/1.1 503 ", StringComparison.Ordinal)
                && each.Contains("\r\nRetry-After: 5\r\n", StringComparison.Ordinal)
                && !each.Contains("\r\nETag: ", StringComparison.Ordinal)
            );
            archive.Services.GetRequiredService<ListingPlaces>().Taken.ShouldBe(24);

            // Each several times at once.
            await Task.WhenAll(Enumerable.Range(0, 10).Select(async _ =>
            {
                (await archive.SendAsync("GET /health/ready")).Status.ShouldBe(200);
                var name = ArchiveFixture.NewName();
                await archive.UploadAsync(name, [1, 2]);
                (await archive.DownloadAsync(name)).ShouldBe([1, 2]);
                (await archive.SendAsync($"GET /upload/{name}")).Status.ShouldBe(409);
                (await archive.QueryAsync($"filename={name}")).Length.ShouldBe(1);
                (await archive.QueryAsync("limit=5")).Length.ShouldBe(5);
                (await archive.SendAsync("HEAD /query")).Status.ShouldBe(200);
                var full = await archive.SendAsync("GET /query");
                full.Status.ShouldBe(503);
                full.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:too-many-listings");
            }));
        }
        finally
        {
            readers.ForEach(each => each.Dispose());
        }

        // What they held comes back.
        var places = archive.Services.GetRequiredService<ListingPlaces>();
        for (var tries = 0; tries < 400 && places.Taken > 0; tries++)
            await Task.Delay(25);
        places.Taken.ShouldBe(0);
        (await archive.QueryAsync("")).Length.ShouldBeGreaterThan(Records);
    }

    [Fact]
    public async Task A_page_gives_its_session_back_before_it_is_sent()
    {
        await using var archive = await RunningArchive.StartAsync();
        await FillAsync(archive);
        var (socket, answer) = await BeginAsync(archive, "/query?limit=10000");
        using (socket)
        {
            answer.ShouldStartWith("HTTP/1.1 200 ");
            await archive.UploadAsync(ArchiveFixture.NewName(), [1]);
            (
                await archive
                    .Services.GetRequiredService<Server.Catalogue.Catalogue>()
                    .EmptyLogAsync(TimeSpan.FromSeconds(20), CancellationToken.None)
            ).ShouldBeTrue();
            archive.Services.GetRequiredService<ListingPlaces>().Taken.ShouldBe(1, "the page has still its place, since it is in memory");
        }
    }

    [Fact]
    public async Task Long_answers_of_other_routes_share_the_places_and_short_ones_need_none()
    {
        await using var archive = await RunningArchive.StartAsync(options => options with { MaxListings = 1 });
        await FillAsync(archive);
        string[] longAnswers =
        [
            "/query",
            "/query?format=csv",
            "/query?format=urls",
            "/query?limit=10000",
            "/query?limit=10000&sort=-size",
            "/coverage",
            "/coverage?bin=year",
            "/facets",
        ];
        foreach (var longAnswer in longAnswers)
        {
            (await archive.SendAsync($"GET {longAnswer}")).Status.ShouldBe(200, longAnswer);
            (await archive.SendAsync($"GET /api-key{longAnswer}", "application/json")).Status.ShouldBe(200, longAnswer);
        }

        var (socket, _) = await BeginAsync(archive, "/query");
        using (socket)
        {
            foreach (var longAnswer in longAnswers)
            {
                var answer = await archive.SendAsync($"GET {longAnswer}");
                answer.Status.ShouldBe(503, longAnswer);
                answer["Retry-After"].ShouldBe("5");
                answer["Access-Control-Allow-Origin"].ShouldBe("*");
                answer["Content-Disposition"].ShouldBeNull();
                answer["Content-Type"].ShouldBe("application/problem+json");
            }

            foreach (
                var shortAnswer in (string[])
                    ["/query?limit=100", "/query?descriptor=fill7", "/coverage?descriptor=fill7", "/facets?descriptor=fill7"]
            )
                (await archive.SendAsync($"GET {shortAnswer}")).Status.ShouldBe(200, shortAnswer);
        }
    }

    /// <summary>Records without objects: enough for listings of several megabytes, and each of a product of its own.</summary>
    internal static async Task FillAsync(RunningArchive archive, int from = 0)
    {
        var catalogue = archive.Services.GetRequiredService<Server.Catalogue.Catalogue>();
        foreach (var numbers in Enumerable.Range(from, Records).Chunk(1000))
        {
            await catalogue.PublishAsync(
                [
                    .. numbers.Select(i => new Publication(
                        FileName.Parse($"imap_swe_l1b_fill{i}_20260101_v001.pkts", Mission.Imap).Name!,
                        1,
                        new string('0', 64)
                    )),
                ],
                CancellationToken.None
            );
        }
    }

    /// <summary>Asks, reads the beginning of the answer and nothing more.</summary>
    internal static async Task<(Socket Socket, string Beginning)> BeginAsync(RunningArchive archive, string target)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096 };
        await socket.ConnectAsync(archive.Endpoint.Host, archive.Endpoint.Port);
        await socket.SendAsync(Encoding.ASCII.GetBytes($"GET {target} HTTP/1.1\r\nHost: {archive.Endpoint.Authority}\r\n\r\n"));
        var buffer = new byte[700];
        var count = await socket.ReceiveAsync(buffer);
        return (socket, Encoding.Latin1.GetString(buffer, 0, count));
    }
}
