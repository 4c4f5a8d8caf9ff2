using System.Net;
using System.Net.Sockets;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>Operators' routes answer at the operators' address, whatever a request says of itself.</summary>
public sealed class ListenAddressesTests
{
    [Fact]
    public async Task A_public_address_has_no_operators_route_however_it_is_spelled()
    {
        await using var archive = await WithOperatorsAsync();
        var operators = new Uri(archive.OperatorAddress).Authority;
        foreach (
            var path in (string[])
                [
                    "/metrics",
                    "/Metrics",
                    "/METRICS",
                    "/metrics/",
                    "//metrics",
                    "/./metrics",
                    "/x/../metrics",
                    "/%6detrics",
                    "/metric%73",
                    "/api-key/metrics",
                    "/hooks/s3",
                    "/Hooks/S3",
                    "/hooks/s3/",
                ]
        )
        {
            foreach (var method in (string[])["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
            {
                var answer = await archive.SendAsync(
                    $"{method} {path}",
                    headers: [("Host", operators), ("X-Forwarded-Host", operators), ("X-Forwarded-Port", operators.Split(':')[1])]
                );
                // A preflight is answered alike at every address, whatever is there.
                if (method != "OPTIONS")
                    answer.Status.ShouldBe(404, $"{method} {path}");
                answer["Allow"].ShouldBeNull($"{method} {path}");
                answer.Text.ShouldNotContain("# TYPE");
            }
        }
    }

    [Fact]
    public async Task A_method_that_a_route_lacks_is_only_told_to_those_whom_the_route_is_for()
    {
        await using var archive = await WithOperatorsAsync();
        (await archive.SendAsync($"GET {archive.OperatorAddress}/hooks/s3")).Status.ShouldBe(405);
        (await archive.SendAsync("PUT /query")).Status.ShouldBe(405);
        (await archive.SendAsync("DELETE /uploads")).Status.ShouldBe(405);
        (await archive.SendAsync($"PUT {archive.OperatorAddress}/query")).Status.ShouldBe(404);
        (await archive.SendAsync($"PUT {archive.OperatorAddress}/download/naif0012.tls")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task An_operators_address_has_its_routes_and_no_others()
    {
        await using var archive = await WithOperatorsAsync();
        (await archive.SendAsync($"GET {archive.OperatorAddress}/metrics")).Text.ShouldContain("# TYPE");
        (await archive.SendAsync($"GET {archive.OperatorAddress}/health/live")).Text.ShouldBe("live\n");
        foreach (
            var path in (string[])
                ["/query", "/upload/naif0012.tls", "/docs/", "/openapi/v1.json", "/objects/naif0012.tls", "/api-key/query"]
        )
            (
                await archive.SendAsync($"GET {archive.OperatorAddress}{path}", headers: ("Host", archive.Endpoint.Authority))
            ).Status.ShouldBe(404, path);
    }

    [Fact]
    public async Task Health_answers_at_both_and_gives_details_to_operators_alone()
    {
        await using var archive = await WithOperatorsAsync();
        (await archive.SendAsync("GET /health/live")).Text.ShouldBe("live\n");
        (await archive.SendAsync("GET /health/ready", headers: ("Host", new Uri(archive.OperatorAddress).Authority))).Text.ShouldBe(
            """{"status":"ready"}"""
        );
        var ready = (
            await archive.SendAsync($"GET {archive.OperatorAddress}/health/ready", headers: ("Host", archive.Endpoint.Authority))
        ).Json;
        (ready.GetProperty("status").GetString(), ready.GetProperty("catalogue").GetString()).ShouldBe(("ready", "answers"));
    }

    [Fact]
    public async Task At_the_public_limit_of_connections_operators_are_still_answered()
    {
        await using var archive = await RunningArchive.StartAsync(options =>
            options with
            {
                OperatorUrls = "http://127.0.0.1:0",
                MaxConnections = 3,
            }
        );
        using var first = new HttpClient();
        var held = new List<Socket>();
        try
        {
            // Until the server closes a connection as it comes: the client of the start may still hold one.
            for (var tries = 0; !await IsClosedAsync(await ConnectAsync()); tries++)
                tries.ShouldBeLessThan(10);
            (await first.GetStringAsync(archive.OperatorAddress + "/health/live")).ShouldBe("live\n");
            (await first.GetStringAsync(archive.OperatorAddress + "/health/ready")).ShouldContain("\"status\":\"ready\"");
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }

        async Task<Socket> ConnectAsync()
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            held.Add(socket);
            await socket.ConnectAsync(IPAddress.Loopback, archive.Endpoint.Port);
            return socket;
        }

        // A connection that is taken answers the request; one beyond the limit ends.
        static async Task<bool> IsClosedAsync(Socket socket)
        {
            try
            {
                await socket.SendAsync("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray());
                return await socket.ReceiveAsync(new byte[16]) == 0;
            }
            catch (SocketException)
            {
                return true;
            }
        }
    }

    [Fact]
    public async Task Without_an_address_of_their_own_operators_share_only_a_loopback_address_that_nothing_stands_in_front_of()
    {
        await using (var alone = await RunningArchive.StartAsync())
            (await alone.SendAsync("GET /metrics")).Status.ShouldBe(200);
        foreach (var configure in (Func<ServerOptions, ServerOptions>[])
        [
            options => options with { PublicUrl = new Uri("https://sdc.example.org") },
            options => options with { TrustedProxies = [IPAddress.Loopback] },
            options => options with { TrustedNetworks = [IPNetwork.Parse("10.0.0.0/8")] },
        ])
        {
            await using var behind = await RunningArchive.StartAsync(configure);
            (await behind.SendAsync("GET /metrics")).Status.ShouldBe(404);
            (await behind.SendAsync("GET /health/ready")).Text.ShouldBe("""{"status":"ready"}""");
        }

        await using var reachable = await RunningArchive.StartAsync(options =>
            options with
            {
                Urls = "http://127.0.0.1:0;http://0.0.0.0:0",
            }
        );
        (await reachable.SendAsync("GET /metrics")).Status.ShouldBe(404);
    }

    [Theory]
    [InlineData("http://127.0.0.1:8080")]
    [InlineData("http://*:8080")]
    public void An_address_that_the_public_has_is_not_taken_twice(string url)
    {
        var fault = Should.Throw<SettingException>(() => SettingReader.Read(setting => setting.Name == "operator-urls" ? url : null));
        fault.Message.ShouldBe(
            $"The setting operator-urls (OPENSDC_OPERATOR_URLS) names {url}, which urls (OPENSDC_URLS) takes as well; give it a port of its own."
        );
    }

    private static Task<RunningArchive> WithOperatorsAsync() =>
        RunningArchive.StartAsync(options => options with { OperatorUrls = "http://127.0.0.1:0" });
}
