using System.Net;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>What proxies say of a request is in the URLs that are given out, where the proxies are trusted and only there.</summary>
public sealed class TrustedProxyHeadersTests
{
    private const string Name = "imap_swe_l0_sci_20260101_v001.pkts";

    [Theory]
    // host, for, proto, host, port, prefix
    [InlineData("https://sdc.example.org:8443/objects/", "203.0.113.9", "https", "sdc.example.org", "8443", null)]
    [InlineData("https://sdc.example.org/objects/", "203.0.113.9", "https", "sdc.example.org", "443", null)]
    [InlineData("http://sdc.example.org/objects/", "203.0.113.9", "http", "sdc.example.org", "80", null)]
    [InlineData("http://sdc.example.org:443/objects/", "203.0.113.9", "http", "sdc.example.org", "443", null)]
    [InlineData("https://sdc.example.org:9999/objects/", "203.0.113.9", "https", "sdc.example.org:9999", "8443", null)]
    [InlineData("https://sdc.example.org/objects/", "203.0.113.9", "https", "sdc.example.org", "nonsense", null)]
    [InlineData("https://sdc.example.org/objects/", "203.0.113.9", "https", "sdc.example.org", "0", null)]
    [InlineData("https://sdc.example.org/data/objects/", "203.0.113.9", "https", "sdc.example.org", null, "/data")]
    [InlineData("https://sdc.example.org:8443/a/b/objects/", "203.0.113.9", "https", "sdc.example.org", "8443", "/a/b/")]
    // Two trusted proxies in a row: the outer one has told the inner one.
    [InlineData(
        "https://sdc.example.org:8443/objects/",
        "203.0.113.9, 127.0.0.1",
        "https, http",
        "sdc.example.org, inner.example.org",
        "8443, 81",
        null
    )]
    [InlineData(
        "https://sdc.example.org:8443/objects/",
        "203.0.113.9, 10.1.2.3",
        "https, http",
        "sdc.example.org, inner.example.org",
        "8443, 81",
        null
    )]
    // The outer one is not trusted, so only the inner one is believed.
    [InlineData(
        "http://inner.example.org:81/objects/",
        "203.0.113.9, 192.0.2.1",
        "https, http",
        "sdc.example.org, inner.example.org",
        "8443, 81",
        null
    )]
    public async Task Trusted_proxies_are_believed(string begins, string client, string proto, string host, string? port, string? prefix)
    {
        await using var archive = await RunningArchive.StartAsync(
            options => options with { TrustedProxies = [IPAddress.Loopback], TrustedNetworks = [IPNetwork.Parse("10.0.0.0/8")] });
        (await UrlAsync(archive, client, proto, host, port, prefix)).ShouldStartWith(begins);
    }

    [Fact]
    public async Task A_port_takes_the_place_of_the_hosts_where_no_host_is_forwarded()
    {
        await using var archive = await RunningArchive.StartAsync(options => options with { TrustedProxies = [IPAddress.Loopback] });
        (await UrlAsync(archive, "203.0.113.9", "https", host: null, "8443", prefix: null)).ShouldStartWith(
            "https://127.0.0.1:8443/objects/"
        );
    }

    [Fact]
    public async Task Nobody_else_is_believed()
    {
        await using var archive = await RunningArchive.StartAsync(options =>
            options with
            {
                TrustedNetworks = [IPNetwork.Parse("10.0.0.0/8")],
            }
        );
        (await UrlAsync(archive, "10.0.0.1", "https", "evil.example.org", "8443", "/evil")).ShouldStartWith(archive.Address + "/objects/");
        await using var none = await RunningArchive.StartAsync();
        (await UrlAsync(none, "10.0.0.1", "https", "evil.example.org", "8443", "/evil")).ShouldStartWith(none.Address + "/objects/");
    }

    private static async Task<string> UrlAsync(
        RunningArchive archive,
        string client,
        string proto,
        string? host,
        string? port,
        string? prefix
    )
    {
        (string, string?)[] headers =
        [
            ("X-Forwarded-For", client),
            ("X-Forwarded-Proto", proto),
            ("X-Forwarded-Host", host),
            ("X-Forwarded-Port", port),
            ("X-Forwarded-Prefix", prefix),
        ];
        var answer = await archive.SendAsync(
            "GET /upload/" + Name,
            headers: [.. from each in headers where each.Item2 is not null select (each.Item1, each.Item2)]
        );
        answer.Status.ShouldBe(200, answer.Text);
        return answer.Json.GetString()!;
    }
}
