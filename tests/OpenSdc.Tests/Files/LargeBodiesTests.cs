using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server.Files;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>
/// Long bodies that never end take places from each other, and from nobody else. No time is measured; each
/// wait only ends.
/// </summary>
public sealed class LargeBodiesTests
{
    [Theory]
    [InlineData("Content-Length: 4000000", "application/json", "{\"filename\":[")]
    [InlineData("Content-Length: 4000000", "application/x-www-form-urlencoded", "filename=")]
    [InlineData("Transfer-Encoding: chunked", "application/json", "9\r\n{\"limit\":\r\n")]
    public async Task Unfinished_long_bodies_take_the_places_and_all_else_goes_on(string length, string type, string beginning)
    {
        await using var archive = await RunningArchive.StartAsync();
        // Until then every request is refused.
        await UntilAsync(async () => (await archive.SendAsync("GET /health/ready")).Status == 200);
        var held = new List<Socket>();
        try
        {
            for (var i = 0; i < LargeBodies.Most; i++)
                held.Add(await BeginAsync(archive));
            await UntilAsync(() => Task.FromResult(archive.Services.GetRequiredService<LargeBodies>().Taken == LargeBodies.Most));
            var refused = await LongAsync(archive);
            (refused.Status, refused["Retry-After"], refused["Access-Control-Allow-Origin"]).ShouldBe((503, "5", "*"));
            refused.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:too-many-bodies");
            (await archive.SendAsync("POST /query", content: Json("{\"limit\":1}"))).Status.ShouldBe(200);
            (await archive.SendAsync("GET /query?limit=1")).Status.ShouldBe(200);
        }
        finally
        {
            held.ForEach(socket => socket.Dispose());
        }

        await UntilAsync(async () => (await LongAsync(archive)).Status == 200);

        async Task<Socket> BeginAsync(RunningArchive to)
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(to.Endpoint.Host, to.Endpoint.Port);
            await socket.SendAsync(
                Encoding.ASCII.GetBytes(
                    $"POST /query HTTP/1.1\r\nHost: {to.Endpoint.Authority}\r\nContent-Type: {type}\r\n{length}\r\n\r\n{beginning}"
                )
            );
            return socket;
        }
    }

    private static Task<Answer> LongAsync(RunningArchive archive)
    {
        var names = string.Join("\",\"", Enumerable.Range(0, 2000).Select(n => $"imap_swe_l1a_none{n}_20260101_v001.pkts"));
        return archive.SendAsync("POST /query", content: Json($"{{\"filename\":[\"{names}\"]}}"));
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        for (var tries = 0; !await holds(); tries++)
        {
            tries.ShouldBeLessThan(300);
            await Task.Delay(100);
        }
    }
}
