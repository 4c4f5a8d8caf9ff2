using System.Text.Json;
using OpenSdc.Contract;
using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests.Replicas;

/// <summary>
/// Sixteen clients send different bytes to one name at once, eight by each of two replicas, for many names.
/// One wins, whole and under its own record, and each other one is told.
/// </summary>
[Collection(TestsOfServices.Name)]
public sealed class RaceTests(Services services)
{
    private const int Racers = 16, Names = 24;

    [Theory]
    [InlineData("through")]
    [InlineData("direct")]
    public async Task Of_different_bytes_for_one_name_one_upload_wins_and_each_other_is_told(string transfers)
    {
        var place = await services.NewPlaceAsync();
        string[] settings = [.. place.Settings, "--transfers", transfers, "--upload-poll", "50"];
        // All but the database, which the policy of a bucket has no part in.
        if (transfers == "direct")
            await Inspection.RunAsync(["bucket-policy", "--apply", .. place.Settings[2..]]);
        await using var first = await place.StartAsync(settings);
        await using var second = await place.StartAsync(settings);
        var ledger = new Ledger();
        var (won, told) = (0, 0);
        for (var name = 0; name < Names; name++)
        {
            var (receipts, refusals) = await RaceAsync([first, second], name, transfers == "direct", ledger);
            won += receipts;
            told += refusals;
        }

        foreach (var replica in (Archive[])[first, second])
        {
            (await Inspection.ListAsync(replica, ledger)).Count.ShouldBe(Names);
            await Inspection.ListsAllAsync(replica, ledger);
            await Inspection.DownloadAllAsync(replica, ledger);
        }

        (await place.ObjectsAsync()).Count.ShouldBe(Names);
        await Inspection.FsckAsync(ledger, place.Settings);
        await Run.SayAsync($"race, {transfers}: {Names} names, {Racers} racers each: {won} won, {told} were told; {ledger}");
        ledger.Faults.ShouldBeEmpty($"{first.Log}\n{second.Log}");
        (won, told).ShouldBe((Names, Names * (Racers - 1)));
    }

    private static async Task<(int Receipts, int Refusals)> RaceAsync(IReadOnlyList<Archive> replicas, int name, bool direct, Ledger ledger)
    {
        var file = new TrackedFile($"imap_hi_l1b_race-{name:D3}_2027{1 + (name % 12):D2}01_v001.cdf", "");
        ledger.Files[file.Name] = file;
        // Of one length, so that only the bytes tell them apart; by turns small ones, which are held in
        // memory, and larger ones, which are streamed.
        var contents = Enumerable
            .Range(0, Racers)
            .Select(i => new Content((ulong)(name * Racers + i + 1), name % 2 == 0 ? 1024 : 300_000))
            .ToList();
        // All have their URL before the first is published.
        var asked = await Task.WhenAll(Enumerable.Range(0, Racers).Select(i => AskAsync(replicas[i % replicas.Count], file.Name)));
        foreach (var content in contents)
            file.Sending(content);
        var answers = await Task.WhenAll(
            Enumerable
                .Range(0, Racers)
                .Select(i =>
                    direct
                        ? FollowAsync(replicas[i % replicas.Count], asked[i], contents[i])
                        : replicas[i % replicas.Count].SendAsync(HttpMethod.Put, asked[i].Url, contents[i].Body())
                )
        );
        var (receipts, refusals) = (0, 0);
        for (var i = 0; i < Racers; i++)
        {
            var answer = answers[i];
            if (answer.IsReceipt)
            {
                receipts++;
                var fault =
                    answer.Status != 201 ? $"{file.Name}: a racer was answered {answer}"
                    : answer.Receipt.Sha256 != contents[i].Sha256
                        ? $"{file.Name}: the receipt {answer.Receipt} is for other bytes than were sent"
                    : file.Accept(answer.Receipt);
                ledger.Count(answer, fault);
            }
            else
            {
                refusals += answer.Status == 409 ? 1 : 0;
                ledger.Count(
                    answer,
                    answer.Status == 409 && answer.Body.Contains("content-conflict", StringComparison.Ordinal)
                        ? null
                        : $"{file.Name}: a racer was answered {answer}"
                );
            }
        }

        return (receipts, refusals);
    }

    private static async Task<(string Url, string Id)> AskAsync(Archive replica, string name)
    {
        var (answer, id) = await replica.AskAsync(name);
        return (JsonSerializer.Deserialize<string>(answer.Body)!, id);
    }

    /// <summary>Sends to the store and asks what became of it, in the words of a PUT's answer.</summary>
    private static async Task<Answer> FollowAsync(Archive replica, (string Url, string Id) asked, Content content)
    {
        var put = await replica.SendAsync(HttpMethod.Put, asked.Url, content.Body());
        if (put.Status != 200)
            return put;
        while (true)
        {
            var answer = await replica.GetAsync($"/uploads/{asked.Id}?wait=20");
            var status = JsonSerializer.Deserialize(answer.Body, ContractJson.Default.UploadStatus)!;
            if (status.State is "open" or "arrived")
                continue;
            return status.Receipt is { } receipt
                ? new Answer(201, JsonSerializer.Serialize(receipt, ContractJson.Default.UploadReceipt), null)
                : new Answer(409, $"{status.State}: {status.Problem?.Type} {status.Problem?.Detail}", null);
        }
    }
}
