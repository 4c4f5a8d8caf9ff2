using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using OpenSdc.Contract;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Deploy;

/// <summary>The nginx site as it is shipped: TLS outside, nothing kept back, nothing refused that the archive takes.</summary>
public sealed class NginxSiteTests : IAsyncLifetime
{
    private const string Name = "imap_swe_l1_sci_20260901_v001.0002.cdf";

    private RunningArchive archive = null!;
    private NginxSite site = null!;
    private HttpClient client = null!;

    private string Address => $"https://sdc.example.org:{site.Port}";

    public async ValueTask InitializeAsync()
    {
        archive = await RunningArchive.StartAsync(options =>
            options with
            {
                TrustedProxies = [IPAddress.Loopback],
                OperatorUrls = "http://127.0.0.1:0",
            }
        );
        site = await NginxSite.StartAsync(archive.Endpoint);
        client = NginxSite.Client();
    }

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        if (site is not null)
            await site.DisposeAsync();
        await archive.DisposeAsync();
    }

    [Fact]
    public async Task A_file_goes_in_and_comes_out_by_the_sites_own_addresses()
    {
        var bytes = RandomNumberGenerator.GetBytes(3 << 20);
        using var put = await client.PutAsync(new Uri(await UploadUrlAsync()), new ByteArrayContent(bytes));
        put.StatusCode.ShouldBe(HttpStatusCode.Created);

        using var redirect = await client.GetAsync(new Uri($"{Address}/download/{Name}"));
        redirect.StatusCode.ShouldBe(HttpStatusCode.Found);
        redirect.Headers.Location!.AbsoluteUri.ShouldStartWith(Address + "/objects/");
        (await client.GetByteArrayAsync(redirect.Headers.Location)).ShouldBe(bytes);
    }

    /// <summary>The archive believes this nginx, which therefore passes on nothing that a client says of the way.</summary>
    [Theory]
    [InlineData("X-Forwarded-For", "198.51.100.7")]
    [InlineData("X-Forwarded-Proto", "http")]
    [InlineData("X-Forwarded-Host", "evil.example.org")]
    [InlineData("X-Forwarded-Port", "9999")]
    [InlineData("X-Forwarded-Prefix", "/evil")]
    [InlineData("Forwarded", "for=198.51.100.7;host=evil.example.org;proto=http")]
    public async Task What_a_client_says_of_the_way_is_not_believed(string header, string value)
    {
        using var asked = new HttpRequestMessage(HttpMethod.Get, $"{Address}/upload/{Name}");
        // Without a port, as clients of the usual one name a host.
        asked.Headers.Host = "sdc.example.org";
        asked.Headers.Add(header, value);
        using var answer = await client.SendAsync(asked);
        JsonSerializer.Deserialize<string>(await answer.Content.ReadAsByteArrayAsync()).ShouldStartWith("https://sdc.example.org/objects/");
    }

    [Fact]
    public async Task An_upload_reaches_the_archive_while_the_client_still_sends_it()
    {
        var url = new Uri(await UploadUrlAsync());
        var rest = new TaskCompletionSource();
        using var body = new TwoHalves(new byte[1 << 20], rest.Task);
        var sending = client.PutAsync(url, body);
        for (var tries = 0; archive.FilesBelow("staging").Count == 0; tries++)
        {
            tries.ShouldBeLessThan(400, "nginx keeps the body back until it is whole");
            await Task.Delay(25);
        }

        rest.SetResult();
        using var answer = await sending;
        answer.StatusCode.ShouldBe(HttpStatusCode.Created);
        var receipt = JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(), ContractJson.Default.UploadReceipt)!;
        receipt.Size.ShouldBe(2 << 20);
    }

    [Fact]
    public async Task A_query_may_name_a_thousand_files()
    {
        var names = string.Join(',', Enumerable.Range(1, 1000).Select(n => $"imap_swe_l1_sci_20260901_v001.{n:D4}.cdf"));
        using var answer = await client.GetAsync(new Uri($"{Address}/query?filename={names}"));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    /// <summary>Each way to write the paths that a rule of a proxy, or a router, could take for another one.</summary>
    [Theory]
    [InlineData("/metrics")]
    [InlineData("/Metrics")]
    [InlineData("/METRICS")]
    [InlineData("/metrics/")]
    [InlineData("//metrics")]
    [InlineData("/./metrics")]
    [InlineData("/query/../metrics")]
    [InlineData("/query/%2e%2e/metrics")]
    [InlineData("/%6detrics")]
    [InlineData("/metric%73")]
    [InlineData("/%4Detrics")]
    [InlineData("/metrics%2f")]
    [InlineData("/metrics?x=1")]
    [InlineData("/hooks/s3")]
    [InlineData("/Hooks/S3")]
    [InlineData("/hooks/s3/")]
    [InlineData("//hooks//s3")]
    [InlineData("/hooks/%73%33")]
    [InlineData("/query/../hooks/s3")]
    public async Task What_is_for_operators_is_at_no_address_of_the_site(string path)
    {
        var operators = new Uri(archive.OperatorAddress).Authority;
        foreach (var method in (HttpMethod[])[HttpMethod.Get, HttpMethod.Head, HttpMethod.Post])
        {
            using var asked = new HttpRequestMessage(
                method,
                new Uri(Address + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true })
            );
            asked.Headers.Add("X-Forwarded-Host", operators);
            asked.Headers.Add("X-Forwarded-Port", new Uri(archive.OperatorAddress).Port.ToString());
            using var answer = await client.SendAsync(asked);
            ((int)answer.StatusCode).ShouldBeOneOf(400, 404, 405);
            (await answer.Content.ReadAsStringAsync()).ShouldNotContain("# TYPE");
        }
    }

    [Fact]
    public async Task Operators_are_answered_beside_the_site()
    {
        using var plain = new HttpClient();
        (await plain.GetStringAsync(archive.OperatorAddress + "/metrics")).ShouldContain("# TYPE");
        (await client.GetStringAsync(new Uri(Address + "/health/ready"))).ShouldBe("""{"status":"ready"}""");
    }

    [Fact]
    public async Task Clients_may_speak_HTTP_2_and_come_by_IPv6()
    {
        using var second = NginxSite.Client(from: "::1");
        using var asked = new HttpRequestMessage(HttpMethod.Get, new Uri($"{Address}/query?filename={Name}"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await second.SendAsync(asked);
        (answer.StatusCode, answer.Version).ShouldBe((HttpStatusCode.OK, HttpVersion.Version20));
        (await answer.Content.ReadAsStringAsync()).ShouldBe("[]");
    }

    [Fact]
    public async Task Without_an_archive_the_answer_is_a_problem_that_says_when_to_come_again()
    {
        await archive.RestartAsync(async () =>
        {
            using var answer = await client.GetAsync(new Uri($"{Address}/query?filename={Name}"));
            answer.StatusCode.ShouldBe(HttpStatusCode.BadGateway);
            answer.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(5));
            answer.Headers.CacheControl!.NoStore.ShouldBeTrue();
            answer.Headers.GetValues("Access-Control-Allow-Origin").ShouldBe(["*"]);
            answer.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
            var problem = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsByteArrayAsync());
            (problem.GetProperty("status").GetInt32(), problem.GetProperty("type").GetString()).ShouldBe(
                (502, "urn:opensdc:problem:archive-away")
            );
        });
    }

    [Fact]
    public async Task Without_TLS_a_reader_is_sent_to_TLS_and_an_upload_is_refused()
    {
        var plain = new Uri($"http://sdc.example.org:{site.PlainPort}/query?instrument=mag");
        using var redirect = await client.GetAsync(plain);
        redirect.StatusCode.ShouldBe(HttpStatusCode.MovedPermanently);
        redirect.Headers.Location!.AbsoluteUri.ShouldBe("https://sdc.example.org/query?instrument=mag");
        using var put = await client.PutAsync(plain, new ByteArrayContent([1]));
        put.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    private async Task<string> UploadUrlAsync()
    {
        using var answer = await client.GetAsync(new Uri($"{Address}/upload/{Name}"));
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var url = JsonSerializer.Deserialize<string>(await answer.Content.ReadAsByteArrayAsync())!;
        url.ShouldStartWith(Address + "/objects/");
        return url;
    }

    private sealed class TwoHalves(byte[] half, Task between) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(half);
            await stream.FlushAsync();
            await between;
            await stream.WriteAsync(half);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 2L * half.Length;
            return true;
        }
    }
}
