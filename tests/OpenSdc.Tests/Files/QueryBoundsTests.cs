using System.Buffers;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using OpenSdc.Server.Files;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>A small request costs little: its values are made distinct and bounded, and a body is refused at its first fault.</summary>
public sealed class QueryBoundsTests
{
    public static TheoryData<string> Catalogues => [.. ArchiveSetup.OfEachCatalogue];

    [Theory]
    [MemberData(nameof(Catalogues))]
    public async Task Words_that_repeat_are_asked_for_once(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        await archive.UploadAsync("imap_swe_l1_x1_20260901_v001.cdf", [1]);
        foreach (var pattern in (string[])["**", "*e*", "s**"])
        {
            var words = string.Join(',', Enumerable.Repeat(pattern, 1000));
            var answer = await archive.SendAsync(
                $"GET /query?instrument={words}&data_level={words.Replace('e', 'l').Replace('s', 'l')}&descriptor=x*&sort=size,-version"
            );
            answer.Status.ShouldBe(200, answer.Text);
            answer.Json.GetArrayLength().ShouldBe(1);
        }
    }

    [Theory]
    [MemberData(nameof(Catalogues))]
    public async Task All_parameters_may_have_their_most_values_at_once(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        await archive.UploadAsync("imap_swe_l1_x1_20260901_v001.0002.cdf", [1]);
        var numbers = string.Join(',', Enumerable.Range(0, 1000));
        var versions = string.Join(
            ',',
            Enumerable.Range(0, 1000).Select(i => string.Create(CultureInfo.InvariantCulture, $"v001.{i:0000}"))
        );
        var descriptors = string.Join(',', Enumerable.Range(0, 1000).Select(i => string.Create(CultureInfo.InvariantCulture, $"x{i}")));
        var asked = $"descriptor={descriptors}&version={versions}&major_version={numbers}&minor_version={numbers}";
        foreach (
            var more in (string[])
                ["", "&latest=true", "&sort=-size&limit=10", "&latest=true&sort=version", "&count=true", "&overlaps=20260901&current=true"]
        )
        {
            var answer = await archive.SendAsync($"GET /query?{asked}{more}");
            answer.Status.ShouldBe(200, $"{more}: {answer.Text}");
            answer.Json.GetArrayLength().ShouldBe(1, more);
        }

        (await archive.SendAsync($"GET /query?{asked}&repointing={numbers}&cr={numbers}")).Status.ShouldBe(200);
        (await archive.SendAsync($"GET /coverage?{asked}")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData("descriptor", "a{0}*")]
    [InlineData("version", "v{0:00}*")]
    public async Task Few_values_may_have_wildcards(string name, string form)
    {
        await using var archive = await RunningArchive.StartAsync();
        string List(int count) =>
            string.Join(',', Enumerable.Range(1, count).Select(i => string.Format(CultureInfo.InvariantCulture, form, i)));
        (await archive.SendAsync($"GET /query?{name}={List(10)},{List(10)}")).Status.ShouldBe(200);
        var answer = await archive.SendAsync($"GET /query?{name}={List(11)}");
        answer.Status.ShouldBe(400);
        answer.Json.GetProperty("detail").GetString()!.ShouldContain("at most 10 different values with wildcards");
    }

    [Theory]
    [InlineData("{\"instrument\":\"mag\",\"instrument\":\"swe\",", "has the member instrument more than once")]
    [InlineData("{\"instrument\":\"mag\",\"nonsense\":1,", "nonsense is not a valid query parameter")]
    [InlineData("{\"instrument\":{", "has the member instrument, which is no text")]
    [InlineData("{\"sort\":[],", "has the member sort, which is an empty array")]
    [InlineData("[", "is JSON, but no object")]
    [InlineData("nonsense", "is not JSON (line 1, byte 2)")]
    public async Task A_fault_of_a_body_is_answered_before_the_rest_of_it_is_sent(string beginning, string why)
    {
        await using var archive = await RunningArchive.StartAsync();
        var answer = await BeginAsync(archive, beginning);
        answer.ShouldStartWith("HTTP/1.1 400 ");
        answer.ShouldContain(why);
    }

    [Fact]
    public async Task Too_many_values_are_answered_before_the_rest_is_sent()
    {
        await using var archive = await RunningArchive.StartAsync();
        (await BeginAsync(archive, "{\"instrument\":[" + string.Concat(Enumerable.Repeat("\"mag\",", 10_001)))).ShouldContain(
            "has the member instrument with more than 10000 values"
        );
    }

    [Fact]
    public async Task Members_that_repeat_are_refused_however_many()
    {
        await using var archive = await RunningArchive.StartAsync();
        var body = $"{{{string.Join(',', Enumerable.Repeat("\"a\":1", 80_000))}}}";
        (await archive.SendAsync("POST /query", content: new StringContent(body, Encoding.UTF8, "application/json"))).Status.ShouldBe(400);
        body = $"{{{string.Join(',', Enumerable.Repeat("\"cr\":1", 80_000))}}}";
        (await archive.SendAsync("POST /query", content: new StringContent(body, Encoding.UTF8, "application/json"))).Status.ShouldBe(400);
    }

    [Fact]
    public void A_long_text_in_small_pieces_is_looked_at_a_few_times()
    {
        var body = Encoding.ASCII.GetBytes($"{{\"filename\":\"{new string('x', 1_000_000)}\"}}");
        var reading = new JsonParameters(QueryParameters.Names);
        var looks = 0;
        var from = 0;
        for (var length = 100; ; length += 100)
        {
            var isLast = length >= body.Length;
            var piece = new ReadOnlySequence<byte>(body, from, Math.Min(length, body.Length) - from);
            reading.Read(piece, isLast, out var consumed).ShouldBeNull();
            looks += reading.HasLooked ? 1 : 0;
            from += (int)piece.Slice(0, consumed).Length;
            if (isLast)
                break;
        }

        looks.ShouldBeLessThan(100);
        reading.Members["filename"].ToString().Length.ShouldBe(1_000_000);
    }

    [Fact]
    public async Task A_body_in_small_pieces_is_read_as_a_whole()
    {
        await using var archive = await RunningArchive.StartAsync();
        await archive.UploadAsync("imap_swe_l1_x1_20260901_v001.cdf", [1]);
        const string body = """ { "descriptor" : [ "x\u0031" , "y" ] , "minor_version":1, "count":true, "instrument":"swe"} """;
        using var socket = await ConnectAsync(archive);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes(
                $"POST /query HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n"
            )
        );
        foreach (var letter in body)
        {
            await socket.SendAsync(new[] { (byte)letter });
            await Task.Delay(1);
        }

        var answer = await ReadAsync(socket);
        answer.ShouldStartWith("HTTP/1.1 200 ");
        answer.ShouldContain("OpenSDC-Count: 1");
        answer.ShouldContain("imap_swe_l1_x1_20260901_v001.cdf");
    }

    /// <summary>Sends the beginning of a body that is said to have a million bytes; gives the answer.</summary>
    private static async Task<string> BeginAsync(RunningArchive archive, string beginning)
    {
        using var socket = await ConnectAsync(archive);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes(
                $"POST /query HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 1000000\r\n\r\n{beginning}"
            )
        );
        return await ReadAsync(socket);
    }

    private static async Task<Socket> ConnectAsync(RunningArchive archive)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(archive.Endpoint.Host, archive.Endpoint.Port);
        return socket;
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[16 * 1024];
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (
            !text.ToString().Contains("\r\n\r\n{", StringComparison.Ordinal)
            && !text.ToString().Contains("\r\n\r\n[", StringComparison.Ordinal)
            && await socket.ReceiveAsync(buffer, deadline.Token) is var count and > 0
        )
            text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        return text.ToString();
    }
}
