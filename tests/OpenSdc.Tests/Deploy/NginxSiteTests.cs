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
        archive = await RunningArchive.StartAsync(options => options with { TrustedProxies = [IPAddress.Loopback] });
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

    [Theory]
    [InlineData("/metrics")]
    [InlineData("/hooks/s3")]
    public async Task What_is_for_operators_is_not_shown_outside(string path)
    {
        using var outside = NginxSite.Client(from: "127.0.0.2");
        using var answer = await outside.GetAsync(new Uri(Address + path));
        answer.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var inside = await client.GetAsync(new Uri(Address + path));
        inside.StatusCode.ShouldNotBe(HttpStatusCode.Forbidden);
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
