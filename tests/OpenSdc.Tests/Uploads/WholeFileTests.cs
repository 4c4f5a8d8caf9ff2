using System.Diagnostics;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>
/// A PUT is the file, whole, or nothing: what says otherwise is refused, conditions are held, and who is
/// refused early reads the answer.
/// </summary>
public class WholeFileTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>
{
    private readonly RunningArchive archive = fixture.Archive;

    [Theory]
    [InlineData("Content-Type", "multipart/form-data; boundary=x", "enveloped-body")]
    [InlineData("Content-Type", "Multipart/Mixed", "enveloped-body")]
    [InlineData("Content-Type", "message/http", "enveloped-body")]
    [InlineData("Content-Range", "bytes 0-3/8", "partial-body")]
    [InlineData("Upload-Offset", "4", "partial-body")]
    public async Task What_says_that_the_body_is_not_the_file_is_refused(string header, string value, string code)
    {
        var name = ArchiveFixture.NewName();
        foreach (var url in new[] { await archive.UploadUrlAsync(name), await PartUrlAsync(4) })
        {
            var answer = await archive.PutAsync(url, "file"u8.ToArray(), (header, value));
            answer.Status.ShouldBe(415, answer.Text);
            answer.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:" + code);
        }

        await archive.ShouldHoldNothingOfAsync(name);
    }

    [Fact]
    public async Task A_request_without_a_length_is_411_and_an_empty_body_400()
    {
        var name = ArchiveFixture.NewName();
        foreach (var url in new[] { await archive.UploadUrlAsync(name), await PartUrlAsync(4) })
        {
            (await RawAsync(url, "")).ShouldStartWith("HTTP/1.1 411 ");
            (await RawAsync(url, "Content-Length: 0\r\n")).ShouldStartWith("HTTP/1.1 400 ");
            (await RawAsync(url, "Transfer-Encoding: chunked\r\n", "0\r\n\r\n")).ShouldStartWith("HTTP/1.1 400 ");
        }

        await archive.ShouldHoldNothingOfAsync(name);
        await using var other = await RunningArchive.StartAsync(options => options with { AllowEmptyFiles = true });
        (await other.UploadAsync(name, [])).Size.ShouldBe(0);
        (await RawAsync(await other.UploadUrlAsync(ArchiveFixture.NewName()), "")).ShouldStartWith("HTTP/1.1 411 ");
    }

    [Fact]
    public async Task Conditions_of_a_put_are_held()
    {
        var name = ArchiveFixture.NewName();
        var url = await archive.UploadUrlAsync(name);
        var bytes = "file"u8.ToArray();
        await StatusAsync(412, "If-Match", "*");
        await StatusAsync(412, "If-Match", "\"0\"");
        await archive.ShouldHoldNothingOfAsync(name);
        await StatusAsync(400, "If-None-Match", "nonsense");
        await StatusAsync(400, "If-Unmodified-Since", "yesterday");
        await StatusAsync(400, "If-Modified-Since", "Sat, 03 Jan 2026 04:05:06 GMT");
        await StatusAsync(400, "If-Range", "\"0\"");
        await StatusAsync(201, "If-None-Match", "*");
        await StatusAsync(412, "If-None-Match", "*");
        await StatusAsync(200, "If-Match", "*");
        await StatusAsync(412, "If-Unmodified-Since", "Sat, 03 Jan 2015 04:05:06 GMT");

        (await archive.PutAsync(await PartUrlAsync(4), bytes, ("If-None-Match", "*"))).Status.ShouldBe(400);
        foreach (var request in new[] { $"GET /query?filename={name}", "GET /coverage", "GET /upload/" + ArchiveFixture.NewName() })
            (await archive.SendAsync(request, headers: ("If-Match", "*"))).Status.ShouldBe(400, request);

        async Task StatusAsync(int status, string header, string value)
        {
            var answer = await archive.PutAsync(url, bytes, (header, value));
            answer.Status.ShouldBe(status, header + ": " + value + " " + answer.Text);
            if (status is 400 or 412)
                answer.Json.GetProperty("detail").GetString()!.ShouldContain(header);
        }
    }

    [Theory]
    [InlineData(16)]
    [InlineData(300)]
    public async Task Who_is_refused_early_reads_the_answer(int megabytes)
    {
        await using var small = await RunningArchive.StartAsync(options => options with { MaxUploadSize = 1_000_000 });
        var taken = ArchiveFixture.NewName();
        await archive.UploadAsync(taken, "file"u8.ToArray());
        var takenUrl = (await archive.UploadUrlAsync(ArchiveFixture.NewName())).Replace("?", "?x=1&");
        var url = await archive.UploadUrlAsync(ArchiveFixture.NewName());
        (string Url, string Headers, int Status)[] cases =
        [
            (takenUrl.Replace("signature=", "signature=x"), "{}", 403),
            (await small.UploadUrlAsync(ArchiveFixture.NewName()), "{}", 413),
            (url, "{'Content-Encoding': 'gzip'}", 415),
            (url, "{'Content-MD5': 'nonsense'}", 400),
            (await ConflictUrlAsync(), "{}", 409),
            (url, "None", 411),
        ];
        foreach (var (target, headers, status) in cases)
            (await PythonAsync(target, headers, megabytes)).ShouldBe(status.ToString());
    }

    /// <summary>A URL whose name was taken after the URL had been given out.</summary>
    private async Task<string> ConflictUrlAsync()
    {
        var name = ArchiveFixture.NewName();
        var url = await archive.UploadUrlAsync(name);
        await archive.UploadAsync(name, "file"u8.ToArray());
        return url;
    }

    /// <summary>
    /// The status that Python's urllib reads; of a request without a length, which urllib never sends, the
    /// module below it.
    /// </summary>
    private static async Task<string> PythonAsync(string url, string headers, int megabytes)
    {
        const string Script = """
            import sys, urllib.request, urllib.error, urllib.parse, http.client, ast
            url, headers, size = sys.argv[1], ast.literal_eval(sys.argv[2]), int(sys.argv[3]) << 20
            try:
                if headers is None:
                    u = urllib.parse.urlsplit(url)
                    c = http.client.HTTPConnection(u.netloc)
                    c.putrequest('PUT', u.path + '?' + u.query)
                    c.endheaders()
                    c.send(bytes(size))
                    print(c.getresponse().status)
                else:
                    print(urllib.request.urlopen(urllib.request.Request(url, data=bytes(size), method='PUT', headers=headers)).status)
            except urllib.error.HTTPError as e:
                print(e.code if e.read() else 'no body')
            except Exception as e:
                print(repr(e))
            """;
        Process python;
        try
        {
            python = Process.Start(
                new ProcessStartInfo("python3", ["-c", Script, url, headers, megabytes.ToString()])
                {
                    RedirectStandardOutput = true,
                    UseShellExecute = false,
                }
            )!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("There is no python3 on this machine.");
            throw;
        }

        using (python)
        {
            var said = await python.StandardOutput.ReadToEndAsync();
            await python.WaitForExitAsync();
            return said.Trim();
        }
    }

    private async Task<string> PartUrlAsync(int size)
    {
        var begun = await archive.SendAsync(
            "POST /uploads",
            content: JsonContent.Create(new Dictionary<string, object> { ["filename"] = ArchiveFixture.NewName(), ["size"] = size })
        );
        return (await archive.SendAsync($"GET /uploads/{begun.Json.GetProperty("id").GetString()}/parts"))
            .Json.GetProperty("urls")[0]
            .GetProperty("url")
            .GetString()!;
    }

    private static async Task<string> RawAsync(string url, string headers, string body = "")
    {
        var target = new Uri(url);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(target.Host, target.Port);
        await socket.SendAsync(
            Encoding.ASCII.GetBytes(
                $"PUT {target.PathAndQuery} HTTP/1.1\r\nHost: {target.Authority}\r\nConnection: close\r\n{headers}\r\n{body}"
            )
        );
        using var answer = new StreamReader(new NetworkStream(socket));
        return await answer.ReadToEndAsync();
    }
}
