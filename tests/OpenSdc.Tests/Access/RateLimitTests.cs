using System.Globalization;
using System.Net;
using OpenSdc.Server.Access;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>An address that sends too many requests is told to wait; others are not held up.</summary>
public sealed class RateLimitTests
{
    [Fact]
    public async Task An_address_may_send_a_minutes_requests_at_once_and_is_then_told_to_wait()
    {
        await using var archive = await RunningArchive.StartAsync(options => options with { RateLimitAddress = 5 });
        for (var i = 0; i < 5; i++)
            (await archive.SendAsync("GET /query")).Status.ShouldBe(200);
        // Whatever it asks for, and whether it exists.
        foreach (
            var request in (string[])
                ["GET /query", "POST /query", "GET /upload/x", "PUT /objects/x?expires=1&signature=x", "GET /nowhere", "GET /coverage"]
        )
        {
            var refused = await archive.SendAsync(request);
            (refused.Status, refused.Json.GetProperty("type").GetString()).ShouldBe(
                (429, "urn:opensdc:problem:too-many-requests"),
                request
            );
            int.Parse(refused["Retry-After"]!, CultureInfo.InvariantCulture).ShouldBeInRange(1, 12);
            refused["Access-Control-Allow-Origin"].ShouldBe("*");
            refused["Cache-Control"].ShouldBe("no-store");
            refused.Text.ShouldContain("try again in");
        }

        // The client cannot say that it is another one; a supervisor is still answered.
        (await archive.SendAsync("GET /query", headers: ("X-Forwarded-For", "198.51.100.7"))).Status.ShouldBeOneOf(429, 403);
        (await archive.SendAsync("GET /health/ready")).Status.ShouldBe(200);
        (await archive.SendAsync("GET /health/live")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Behind_a_trusted_proxy_each_client_has_its_own_limit()
    {
        await using var archive = await RunningArchive.StartAsync(options =>
            options with
            {
                RateLimitAddress = 2,
                TrustedProxies = [IPAddress.Loopback],
            }
        );
        // Four clients with buckets of their own; few addresses share one by chance.
        var slots = new HashSet<int>();
        string Client(Func<int, string> address) =>
            Enumerable.Range(1, 99).Select(address).First(each => slots.Add(RateLimits.SlotOf(IPAddress.Parse(each))));
        (await StatusesAsync(Client(i => $"198.51.100.{i}"), 3)).ShouldBe([200, 200, 429]);
        (await StatusesAsync(Client(i => $"198.51.101.{i}"), 3)).ShouldBe([200, 200, 429]);
        // A network of IPv6 is one client, whatever address in it sends.
        var network = Client(i => $"2001:db8:1:{i}::1");
        (await StatusesAsync(network, 1)).ShouldBe([200]);
        (await StatusesAsync(network.Replace("::1", ":ffff::2", StringComparison.Ordinal), 2)).ShouldBe([200, 429]);
        (await StatusesAsync(Client(i => $"2001:db8:2:{i}::1"), 1)).ShouldBe([200]);

        async Task<List<int>> StatusesAsync(string client, int requests)
        {
            var statuses = new List<int>();
            for (var i = 0; i < requests; i++)
                statuses.Add((await archive.SendAsync("GET /coverage", headers: ("X-Forwarded-For", client))).Status);
            return statuses;
        }
    }

    [Fact]
    public async Task Each_caller_with_credentials_has_a_limit_of_its_own_whatever_its_address()
    {
        await using var closed = await ConfiguredArchive.StartAsync(options =>
            options with
            {
                RateLimitCaller = 3,
                TrustedProxies = [IPAddress.Loopback],
            }
        );
        (await StatusesAsync(await closed.KeyAsync("read"), 5)).ShouldBe([200, 200, 200, 429, 429]);
        (await StatusesAsync(closed.Admin, 4)).ShouldBe([200, 200, 429, 429], "its first request made the other key");
        // Who brings no credentials, or wrong ones, is limited by the address alone.
        (await StatusesAsync(null, 5)).ShouldAllBe(status => status == 200);
        (await StatusesAsync(ClosedArchive.Header("sdc_read_wrong"), 5)).ShouldAllBe(status => status == 403);

        async Task<List<int>> StatusesAsync((string, string)? key, int requests)
        {
            var statuses = new List<int>();
            for (var i = 0; i < requests; i++)
                statuses.Add(
                    (
                        await closed.Archive.SendAsync(
                            "GET /coverage",
                            headers: [("X-Forwarded-For", $"198.51.100.{i}"), .. key is { } header ? [header] : ((string, string)[])[]]
                        )
                    ).Status
                );
            return statuses;
        }
    }

    [Fact]
    public async Task An_address_for_operators_has_no_limit()
    {
        await using var archive = await RunningArchive.StartAsync(options =>
            options with
            {
                RateLimitAddress = 1,
                OperatorUrls = "http://127.0.0.1:0",
            }
        );
        for (var i = 0; i < 5; i++)
            (await archive.SendAsync($"GET {archive.OperatorAddress}/metrics")).Status.ShouldBe(200);
    }

    [Fact]
    public async Task Where_only_this_machine_reaches_the_archive_there_is_no_limit_unless_it_is_set()
    {
        await using var archive = await RunningArchive.StartAsync();
        await using var limited = await RunningArchive.StartAsync(options => options with { RateLimitAddress = 100 });
        var (free, held) = (0, 0);
        for (var i = 0; i < 150; i++)
        {
            free += (await archive.SendAsync("GET /coverage")).Status == 429 ? 1 : 0;
            held += (await limited.SendAsync("GET /coverage")).Status == 429 ? 1 : 0;
        }

        (free, held > 0).ShouldBe((0, true));
    }

    [Fact]
    public void However_many_addresses_come_the_buckets_are_bounded()
    {
        var slots = new HashSet<int>();
        for (uint i = 0; i < 300_000; i++)
            slots.Add(RateLimits.SlotOf(new IPAddress(i)));
        slots.ShouldAllBe(slot => slot >= 0 && slot < RateLimits.Slots);
        // And all are used: nobody can fill one on purpose.
        slots.Count.ShouldBeGreaterThan(RateLimits.Slots * 9 / 10);
        RateLimits.SlotOf(IPAddress.Parse("192.0.2.1").MapToIPv6()).ShouldBe(RateLimits.SlotOf(IPAddress.Parse("192.0.2.1")));
        RateLimits.SlotOf(null).ShouldBe(0);
    }
}
