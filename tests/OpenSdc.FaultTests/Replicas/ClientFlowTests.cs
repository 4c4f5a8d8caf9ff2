using System.Text.Json;
using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests.Replicas;

/// <summary>
/// The requests of the installed clients, as they send them: an API key on every request, also to signed
/// URLs, and an empty type on a PUT. One replica takes a file, and at once the other one lists it, gives it
/// out, and knows its name as taken.
/// </summary>
[Collection(TestsOfServices.Name)]
public sealed class ClientFlowTests(Services services)
{
    private const int Files = 20;

    private static readonly (string, string)[] Key = [];

    [Fact]
    public async Task What_one_replica_has_acknowledged_the_other_has_at_once()
    {
        var place = await services.NewPlaceAsync();
        await using var first = await place.StartAsync(place.Settings);
        await using var second = await place.StartAsync(place.Settings);
        for (var i = 0; i < Files; i++)
        {
            var (one, other) = i % 2 == 0 ? (first, second) : (second, first);
            var name = $"imap_swe_l1b_flow-{i:D2}_2026{1 + (i % 12):D2}01_v001.cdf";
            var key = $"imap/swe/l1b/2026/{1 + (i % 12):D2}/{name}";
            Content content = new((ulong)(i + 1), i % 2 == 0 ? 900 : 200_000), others = new((ulong)(i + 1000), content.Size);
            // The client has it in a folder of its own. Whoever asks the other replica has a URL before the file is there.
            var target = await UrlAsync(one, "/api-key/upload/data/" + key);
            var late = await UrlAsync(other, "/authorized/upload/science/" + name);

            var published = await PutAsync(one, target, content);
            published.Status.ShouldBe(201, published.ToString());
            var receipt = published.Receipt;
            (receipt.FilePath, receipt.Size, receipt.Sha256).ShouldBe((key, content.Size, content.Sha256));

            var query = await other.SendAsync(
                HttpMethod.Get,
                $"/api-key/query?instrument=swe&data_level=l1b&descriptor=flow-{i:D2}",
                headers: Key
            );
            var record = JsonDocument.Parse(query.Body).RootElement.EnumerateArray().ShouldHaveSingleItem();
            record.GetProperty("file_path").GetString().ShouldBe(key);
            record.GetProperty("seq").GetInt64().ShouldBe(receipt.Seq);

            var redirect = await other.SendAsync(HttpMethod.Get, "/api-key/download/" + key, headers: Key);
            redirect.Status.ShouldBe(302, redirect.ToString());
            (await Inspection.DownloadAsync(other, name, receipt)).ShouldBeNull();
            (await other.SendAsync(HttpMethod.Get, redirect.Location!.PathAndQuery, headers: Key)).Status.ShouldBe(200);

            var again = await other.SendAsync(HttpMethod.Get, "/api-key/upload/" + name, headers: Key);
            (again.Status, again.Body.Contains($"{key} already exists.", StringComparison.Ordinal)).ShouldBe((409, true), again.ToString());
            (await PutAsync(other, late, others)).Status.ShouldBe(409);
            var same = await PutAsync(other, late, content);
            (same.Status, same.Receipt).ShouldBe((200, receipt));
        }

        var ledger = new Ledger();
        (await Inspection.ListAsync(first, ledger)).Count.ShouldBe(Files);
        await Inspection.FsckAsync(ledger, place.Settings);
        ledger.Faults.ShouldBeEmpty();
    }

    private static async Task<string> UrlAsync(Archive archive, string path)
    {
        var answer = await archive.SendAsync(HttpMethod.Get, path, headers: Key);
        answer.Status.ShouldBe(200, answer.ToString());
        return new Uri(JsonSerializer.Deserialize<string>(answer.Body)!).PathAndQuery;
    }

    private static Task<Answer> PutAsync(Archive archive, string target, Content content)
    {
        var body = content.Body();
        body.Headers.TryAddWithoutValidation("Content-Type", "");
        return archive.SendAsync(HttpMethod.Put, target, body, Key);
    }
}
