using System.Net;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>Out of the box nobody is let in by mistake.</summary>
public sealed class SafeStartTests
{
    public static TheoryData<string> Reachable() =>
        ["public-url", "trusted-proxies", "networks", "every address", "an address and loopback"];

    [Theory]
    [MemberData(nameof(Reachable))]
    public async Task An_archive_that_others_could_reach_does_not_start_before_somebody_says_who_may(string how)
    {
        var refusal = await Should.ThrowAsync<SettingException>(async () =>
        {
            await using var archive = await RunningArchive.StartAsync(options => Configure(options with { Open = false }, how));
        });

        refusal.Message.ShouldContain("sdc keys add --admin");
        refusal.Message.ShouldContain("--open");
        await using var open = await RunningArchive.StartAsync(options => Configure(options with { Open = true }, how));
        (await open.SendAsync("GET /query")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("Forwarded", "for=192.0.2.1")]
    [InlineData("X-Forwarded-For", "192.0.2.1")]
    [InlineData("x-forwarded-proto", "https")]
    [InlineData("X-Forwarded-Anything", "")]
    [InlineData("Via", "1.1 proxy")]
    [InlineData("X-Real-IP", "192.0.2.1")]
    [InlineData("X-Original-Host", "sdc.example.org")]
    [InlineData("CF-Connecting-IP", "192.0.2.1")]
    [InlineData("true-client-ip", "192.0.2.1")]
    [InlineData("Host", "sdc.example.org")]
    [InlineData("Host", "192.0.2.1:8080")]
    [InlineData("Host", "localhost.example.org")]
    [InlineData("Host", "127.0.0.1.example.org:80")]
    public async Task A_proxy_in_front_of_an_archive_that_is_open_to_its_own_machine_is_refused(string header, string value)
    {
        await using var archive = await RunningArchive.StartAsync(options => options with { Open = false });
        foreach (
            var request in (string[])
                ["GET /query", "GET /upload/naif0012.tls", "GET /nothing", "GET /docs", "GET /api-key/query", "GET /metrics"]
        )
        {
            (await archive.SendAsync(request)).Status.ShouldNotBe(403, request);
            var answer = await archive.SendAsync(request, headers: (header, value));
            answer.Status.ShouldBe(403, request);
            answer.Text.ShouldContain("through a proxy");
        }

        // Who opens it to everybody does not mind proxies.
        await using var open = await RunningArchive.StartAsync();
        (await open.SendAsync("GET /query", headers: (header, value))).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LOCALHOST:8080")]
    [InlineData("127.0.0.1")]
    [InlineData("127.0.0.1:80")]
    [InlineData("[::1]:8080")]
    public async Task A_request_for_this_machine_is_answered_whatever_it_calls_it(string host)
    {
        await using var archive = await RunningArchive.StartAsync(options => options with { Open = false });
        foreach (var request in (string[])["GET /query", "GET /metrics"])
            (await archive.SendAsync(request, headers: ("Host", host))).Status.ShouldBe(200, request);
    }

    [Theory]
    [InlineData("X-Real-IP", "192.0.2.1")]
    [InlineData("X-Forwarded-For", "192.0.2.1")]
    [InlineData("Host", "sdc.example.org")]
    public async Task A_proxy_that_no_setting_names_leads_to_no_operators_route_of_a_closed_archive(string header, string value)
    {
        await using var closed = await ConfiguredArchive.StartAsync();
        var archive = closed.Archive;
        (await archive.SendAsync("GET /metrics")).Status.ShouldBe(200);
        var operators = (await archive.SendAsync("GET /health/ready")).Json.EnumerateObject().Count();
        foreach (var request in (string[])["GET /metrics", "HEAD /metrics", "GET /METRICS/", "POST /hooks/s3"])
            (await archive.SendAsync(request, headers: [closed.Admin, (header, value)])).Status.ShouldBe(404, request);
        (await archive.SendAsync("GET /health/ready", headers: (header, value))).Json.EnumerateObject().Count().ShouldBeLessThan(operators);
        (await archive.SendAsync("GET /uploads?state=open", headers: (header, value))).Status.ShouldBe(401, "nobody's are listed there");
        (await archive.SendAsync("GET /query", headers: (header, value))).Status.ShouldBe(200, "all else is as for everybody");
    }

    [Fact]
    public async Task An_open_archive_takes_uploads_from_anybody_and_refuses_a_wrong_key()
    {
        await using var archive = await RunningArchive.StartAsync(options => options with { Open = false });

        await archive.UploadAsync("naif0012.tls", [1]);
        foreach (var prefix in (string[])["", "/api-key", "/authorized"])
        {
            (await archive.SendAsync($"GET {prefix}/query")).Status.ShouldBe(200);
            (await archive.SendAsync($"GET {prefix}/query", headers: ("x-api-key", "some-key"))).Status.ShouldBe(403);
            (await archive.SendAsync($"GET {prefix}/query", headers: ("Authorization", "Bearer nonsense"))).Status.ShouldBe(401);
            (await archive.SendAsync($"GET {prefix}/query", headers: ("Authorization", "Basic YTpi"))).Status.ShouldBe(401);
            (await archive.SendAsync($"GET {prefix}/keys")).Status.ShouldBe(401);
        }
    }

    private static ServerOptions Configure(ServerOptions options, string how) => how switch
    {
        "public-url" => options with { PublicUrl = new Uri("https://sdc.example.org") },
        "trusted-proxies" => options with { TrustedProxies = [IPAddress.Loopback] },
        "networks" => options with { TrustedNetworks = [IPNetwork.Parse("10.0.0.0/8")] },
        "every address" => options with { Urls = "http://127.0.0.1:0;http://0.0.0.0:0" },
        _ => options with { Urls = "http://127.0.0.1:0;http://[::]:0" },
    };
}
