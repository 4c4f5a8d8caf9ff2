using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OpenSdc.Server;
using OpenSdc.Tests.Cli;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>
/// What a service says on its standard output: one JSON object a line, with a line for each refusal and each
/// cut connection.
/// </summary>
public sealed class RequestLogTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
    private readonly HttpClient client = new();

    public void Dispose()
    {
        client.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Everything_is_one_object_a_line_from_the_first_line_to_the_last()
    {
        await using var sdc = await StartAsync();
        await client.GetAsync(await sdc.JsonAddressAsync() + "/nowhere");
        sdc.Terminate();
        (await sdc.ExitCodeAsync()).ShouldBe(0);
        sdc.Errors.ShouldBeEmpty();
        var messages = Lines(sdc).ConvertAll(line => line.GetProperty("Message").GetString()!);
        messages.ShouldContain(each => each.StartsWith("OpenSDC listens on ", StringComparison.Ordinal));
        messages[^1].ShouldStartWith("OpenSDC has stopped");
    }

    [Fact]
    public async Task The_id_of_a_refusal_finds_its_line()
    {
        await using var sdc = await StartAsync();
        var address = await sdc.JsonAddressAsync();
        var answer = await client.GetAsync(address + "/query?bogus=%1b%5b31m%0aINJECTED");
        ((int)answer.StatusCode).ShouldBe(400);
        var line = await LineOfAsync(sdc, answer.Headers.GetValues("X-Request-Id").Single());
        var state = line.GetProperty("State");
        state.GetProperty("Method").GetString().ShouldBe("GET");
        state.GetProperty("Route").GetString().ShouldBe("/query");
        state.GetProperty("Status").GetInt32().ShouldBe(400);
        state.GetProperty("Code").GetString().ShouldBe("unknown-parameter");
        state.GetProperty("Client").GetString().ShouldBe("127.0.0.1");
        sdc.Output.ShouldNotContain("INJECTED");
    }

    [Fact]
    public async Task A_request_that_cannot_be_read_has_a_line_too()
    {
        await using var sdc = await StartAsync();
        var address = new Uri(await sdc.JsonAddressAsync());
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port);
        await socket.SendAsync("GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        (await socket.ReceiveAsync(new byte[100])).ShouldBePositive();
        await WaitAsync(() => sdc.Output.Contains("\"Code\":\"unreadable\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_connection_that_is_cut_in_a_body_has_a_line()
    {
        await using var sdc = await StartAsync();
        var address = new Uri(await sdc.JsonAddressAsync());
        var url = new Uri((await client.GetStringAsync($"{address}upload/{ArchiveFixture.NewName()}")).Trim('"'));
        using (var socket = new Socket(SocketType.Stream, ProtocolType.Tcp))
        {
            await socket.ConnectAsync(address.Host, address.Port);
            await socket.SendAsync(
                Encoding.ASCII.GetBytes($"PUT {url.PathAndQuery} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
            );
            await Task.Delay(200);
            socket.LingerState = new LingerOption(true, 0);
        }

        await WaitAsync(() => sdc.Output.Contains("\"Method\":\"PUT\"", StringComparison.Ordinal));
        Lines(sdc)
            .ShouldContain(line => line.GetProperty("Message").GetString()!.StartsWith("PUT /objects/{**key} ", StringComparison.Ordinal));
    }

    /// <summary>The answer has begun with 200, so that only the line tells that it did not end.</summary>
    [Fact]
    public async Task An_object_that_is_found_damaged_while_it_is_sent_has_a_line_with_its_code()
    {
        await using var sdc = await StartAsync("--scrub-rate 0");
        var address = await sdc.JsonAddressAsync();
        var name = ArchiveFixture.NewName();
        using var put = await client.PutAsync(
            (await client.GetStringAsync($"{address}/upload/{name}")).Trim('"'),
            new ByteArrayContent(new byte[3_000_000])
        );
        put.EnsureSuccessStatusCode();
        var path = Directory.EnumerateFiles(Path.Combine(folder, "data", "objects"), name, SearchOption.AllDirectories).Single();
        await using (var file = File.Open(path, FileMode.Open, FileAccess.Write))
            file.WriteByte(1);
        await Should.ThrowAsync<HttpRequestException>(() => client.GetByteArrayAsync($"{address}/download/{name}"));
        await WaitAsync(() =>
            Lines(sdc)
                .Exists(line =>
                    line.TryGetProperty("State", out var state)
                    && state.TryGetProperty("Code", out var code)
                    && code.GetString() == "damaged"
                    && state.GetProperty("Route").GetString() == "/objects/{**key}"
                    && state.GetProperty("Status").GetInt32() == 200
                )
        );
    }

    /// <summary>The handler of exceptions, which answers a body that stands still, no longer knows the route.</summary>
    [Fact]
    public async Task A_body_that_stands_still_is_refused_with_its_route()
    {
        await using var sdc = await StartAsync("--client-timeout 2");
        var address = new Uri(await sdc.JsonAddressAsync());
        var url = new Uri((await client.GetStringAsync($"{address}upload/{ArchiveFixture.NewName()}")).Trim('"'));
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(address.Host, address.Port);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes($"PUT {url.PathAndQuery} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nabc")
        );
        await WaitAsync(() =>
            sdc.Output.Contains("PUT /objects/{**key} is refused: 408 too-slow; client 127.0.0.1, ", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Counters_are_exported_before_anything_is_counted()
    {
        await using var sdc = await StartAsync();
        var metrics = await client.GetStringAsync(await sdc.JsonAddressAsync() + "/metrics");
        foreach (
            var counter in (string[])
                [
                    "opensdc_uploads_total",
                    "opensdc_integrity_changes_total",
                    "opensdc_received_bytes_total",
                    "opensdc_sent_bytes_total",
                    "opensdc_scrub_read_bytes_total",
                ]
        )
            metrics.ShouldMatch($"(?m)^{counter}{{.*}} 0\\b");
    }

    [Fact]
    public async Task A_flood_of_refusals_is_counted_beyond_a_hundred_a_second()
    {
        await using var sdc = await StartAsync();
        var address = await sdc.JsonAddressAsync();
        const int Sent = 2000;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, Sent),
            async (_, cancel) => (await client.GetAsync(address + "/nowhere", cancel)).Dispose()
        );
        await WaitAsync(() => Told(sdc) == Sent);

        static long Told(SdcProcess sdc) =>
            Lines(sdc)
                .Where(line => line.TryGetProperty("State", out _))
                .Select(line => line.GetProperty("State"))
                .Sum(state =>
                    state.TryGetProperty("Count", out var count) ? count.GetInt64()
                    : state.TryGetProperty("Code", out _) ? 1
                    : 0
                );
    }

    [Theory]
    [InlineData("--access-log on", true)]
    [InlineData("--log-format json", false)]
    public async Task Good_requests_are_logged_only_where_that_is_asked_for(string setting, bool isLogged)
    {
        await using var sdc = await StartAsync(setting);
        var address = await sdc.JsonAddressAsync();
        var answer = await client.GetAsync(address + "/query");
        answer.Headers.Contains("X-Request-Id").ShouldBe(isLogged);
        await client.GetAsync(address + "/nowhere");
        await WaitAsync(() => sdc.Output.Contains("\"Status\":404", StringComparison.Ordinal));
        sdc.Output.Contains("\"Status\":200", StringComparison.Ordinal).ShouldBe(isLogged);
    }

    [Fact]
    public void Another_hundred_lines_are_written_in_the_next_second()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider();
        using var budget = new LineBudget(Microsoft.Extensions.Logging.Abstractions.NullLogger<LineBudget>.Instance, clock);
        Enumerable.Range(0, 250).Count(_ => budget.Take()).ShouldBe(LineBudget.LinesPerSecond);
        clock.Advance(TimeSpan.FromSeconds(1));
        Enumerable.Range(0, 250).Count(_ => budget.Take()).ShouldBe(LineBudget.LinesPerSecond);
    }

    private Task<SdcProcess> StartAsync(string more = "--log-level information") =>
        Task.FromResult(SdcProcess.Start(folder, $"serve --urls http://127.0.0.1:0 --data data {more}", ("OPENSDC_LOG_FORMAT", "json")));

    /// <summary>Every line is an object with a message; those of the log itself have a state as well.</summary>
    private static List<JsonElement> Lines(SdcProcess sdc) =>
        [
            .. sdc
                .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(line => JsonElement.Parse(line)),
        ];

    private static async Task<JsonElement> LineOfAsync(SdcProcess sdc, string id)
    {
        await WaitAsync(() => sdc.Output.Contains(id, StringComparison.Ordinal));
        return Lines(sdc).Single(line => line.GetRawText().Contains(id, StringComparison.Ordinal));
    }

    private static async Task WaitAsync(Func<bool> isSo)
    {
        for (var tries = 0; tries < 600 && !isSo(); tries++)
            await Task.Delay(50);
        isSo().ShouldBeTrue();
    }
}
