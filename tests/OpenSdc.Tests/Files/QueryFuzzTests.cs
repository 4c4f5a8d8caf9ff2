using System.Collections.Concurrent;
using System.Net.Sockets;
using System.Text;
using OpenSdc.Load;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>Whatever stands behind the question mark, the answer is one of those that the contract has.</summary>
public sealed class QueryFuzzTests(QueryArchive query) : IClassFixture<QueryArchive>
{
    // 414 and 431 are the web server's, for lines that no handler sees.
    // The longest line that the server reads; of a longer one it may close the connection before the client is through with it.
    private const int LongestLine = 512 * 1024;

    private static readonly int[] Allowed = [200, 304, 400, 414, 431];

    [Fact]
    public async Task A_hundred_thousand_spoilt_queries_are_answered_or_refused()
    {
        var queries = new FuzzQueries(seed: 4);
        var statuses = new ConcurrentDictionary<int, int>();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, 100_000),
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (number, _) =>
            {
                var asked = queries[number];
                // Every fifth comes as a form, which may be as long as it likes.
                var answer =
                    number % 5 == 0
                        ? await query.Archive.SendAsync(
                            "POST /query",
                            null,
                            new StringContent(asked, Encoding.ASCII, "application/x-www-form-urlencoded")
                        )
                        : await AskAsync(asked, number % 3 == 0 ? "application/json" : null);
                statuses.AddOrUpdate(answer.Status, 1, (_, count) => count + 1);
                Allowed.ShouldContain(answer.Status, $"number {number}: {asked[..Math.Min(500, asked.Length)]}\n{answer.Text}");
                if (answer.Status == 400 && answer.Bytes.Length > 0)
                    (answer.Json.TryGetProperty("detail", out var text) || answer.Json.TryGetProperty("body", out text)).ShouldBeTrue(
                        answer.Text
                    );
            }
        );
        statuses.Keys.ShouldContain(414);
        statuses[200].ShouldBeGreaterThan(20_000, "many reach the catalogue");
        statuses[400].ShouldBeGreaterThan(20_000, "many are refused");
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("\"instrument=mag\"")]
    [InlineData("{\"instrument\":{}}")]
    [InlineData("{\"instrument\":[[\"mag\"]]}")]
    [InlineData("{\"instrument\":null}")]
    [InlineData("{\"instrument\":\"\\ud800\"}")]
    [InlineData("{\"\\ud800\":\"mag\"}")]
    [InlineData("{\"instrument\":\"\\u0000\"}")]
    [InlineData("{\"minor_version\":1e400}")]
    [InlineData("{\"minor_version\":-0}")]
    [InlineData("{\"limit\":[1,2]}")]
    [InlineData("{\"sort\":[]}")]
    [InlineData("{\"start_date\":[]}")]
    public async Task A_body_that_says_nothing_is_refused(string body) =>
        (await query.Archive.SendAsync("POST /query", null, new StringContent(body, Encoding.UTF8, "application/json"))).Status.ShouldBe(
            400
        );

    /// <summary>
    /// Such a body is read to its end all the same, so that the connection can be used again: over one
    /// socket, as a client's pool keeps it.
    /// </summary>
    [Theory]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"sort\":[]}")]
    [InlineData("{\"instrument\":\"\\ud800\"}")]
    public async Task A_body_that_says_nothing_leaves_its_connection_in_order(string body)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(query.Archive.Endpoint.Host, query.Archive.Endpoint.Port);
        await AskAsync(
            $"POST /query HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}",
            "HTTP/1.1 400 "
        );
        await AskAsync("GET /health/live HTTP/1.1\r\nHost: here\r\n\r\n", "HTTP/1.1 200 ");

        async Task AskAsync(string request, string status)
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(request));
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
            var buffer = new byte[64 * 1024];
            var read = await socket.ReceiveAsync(buffer, deadline.Token);
            Encoding.ASCII.GetString(buffer, 0, read).ShouldStartWith(status);
            // The end of the connection would show itself before the next request is sent.
            await Task.Delay(100);
        }
    }

    [Theory]
    [InlineData(64)]
    [InlineData(100_000)]
    public async Task A_body_of_many_levels_is_refused(int levels) =>
        (
            await query.Archive.SendAsync(
                "POST /query",
                null,
                new StringContent(
                    $"{{\"instrument\":{new string('[', levels)}{new string(']', levels)}}}",
                    Encoding.UTF8,
                    "application/json"
                )
            )
        ).Status.ShouldBe(400);

    [Theory]
    [InlineData(
        "--x\r\nContent-Disposition: form-data; name=\"filename\"; filename=\"names.txt\"\r\n\r\nimap_swe_l1_sci_20260901_v999.cdf\r\n--x--\r\n",
        "has the file filename"
    )]
    [InlineData("--x\r\nContent-Disposition: form-data; name=\"limit\"\r\n\r\n1", "ends before its last part")]
    [InlineData("--", "ends before its last part")]
    public async Task A_form_with_a_file_or_without_its_end_is_refused(string body, string why)
    {
        using var content = new StringContent(body);
        content.Headers.ContentType = System.Net.Http.Headers.MediaTypeHeaderValue.Parse("multipart/form-data; boundary=x");
        var answer = await query.Archive.SendAsync("POST /query", null, content);
        answer.Status.ShouldBe(400, answer.Text);
        answer.Json.GetProperty("detail").GetString()!.ShouldContain(why);
    }

    private async Task<Answer> AskAsync(string asked, string? accept)
    {
        try
        {
            return await query.Archive.SendAsync($"GET /query?{asked}", accept);
        }
        catch (HttpRequestException) when (asked.Length > LongestLine)
        {
            return new Answer(414, new Dictionary<string, string>(StringComparer.Ordinal), []);
        }
    }
}
