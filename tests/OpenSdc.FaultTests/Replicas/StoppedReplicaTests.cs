using System.Globalization;
using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests.Replicas;

/// <summary>
/// A replica stands still (SIGSTOP) in the middle of a publication, until its claim to the key has run out
/// and another replica has answered an upload of other bytes to the same key. Then it goes on (SIGCONT), and
/// neither client nor replica may be left with bytes that are not those of the record.
/// </summary>
[Collection(TestsOfServices.Name)]
public sealed class StoppedReplicaTests(Services services)
{
    private const int MostTries = 20;

    [Fact]
    public async Task A_replica_that_goes_on_past_its_claim_leaves_one_winner_and_its_bytes()
    {
        // They wait for times to run out, so they do it beside each other; each has an archive of its own.
        var ends = await Task.WhenAll(
            StandStillAsync("with the claim and before the last bytes", trace => After(trace.First(IsCommit))),
            StandStillAsync(
                "with the object at its key and no record",
                trace => After(trace.First(message => message.Text.StartsWith("PUT the key", StringComparison.Ordinal)))
            ),
            StandStillAsync(
                "with the record made and not committed",
                trace => After(trace[trace.ToList().FindLastIndex(message => IsCommit(message)) - 1])
            )
        );
        foreach (var end in ends)
            await Run.SayAsync(end);
    }

    private static bool IsCommit(Message message) => message.Text.StartsWith("COMMIT", StringComparison.Ordinal);

    private static Moment After(Message message) => new(message, IsAfter: true);

    private async Task<string> StandStillAsync(string where, Func<IReadOnlyList<Message>, Moment> choose)
    {
        var place = await services.NewPlaceAsync();
        var crossing = new Crossing();
        await using var database = new DatabaseProxy(crossing, place.DatabasePort);
        await using var store = new StoreProxy(crossing, place.StorePort, place.Bucket);
        await using var stopped = await place.StartAsync(place.SettingsBy(database, store));
        await using var other = await place.StartAsync(place.Settings);
        var ledger = new Ledger();

        // What one upload sends, and in which order.
        var traced = await TriedUpload.AskAsync(stopped, ledger, "stopped", 0);
        crossing.Start();
        Accept(await PutAsync(stopped, traced, new Content(1, 300_000)), traced);
        var moment = choose([.. crossing.Trace.Select(each => each.Message)]);

        var file = await TriedUpload.AskAsync(stopped, ledger, "stopped", 1);
        Content mine = new(2, 300_000), others = new(3, 300_000);
        crossing.Start(moment, async () =>
        {
            await stopped.StopAsync();
            return true;
        });
        var standing = PutAsync(stopped, file, mine);
        (await Task.WhenAny(crossing.Fired, standing)).ShouldBe(crossing.Fired, $"{where}: {moment} has not come");
        Answer answer;
        try
        {
            answer = await PutUntilToldAsync(other, file, others);
        }
        finally
        {
            await stopped.ContinueAsync();
        }

        var late = await standing;
        if (late.Status >= 500)
            late = await PutUntilToldAsync(stopped, file, mine);
        var what = $"stopped {where}: the other replica answered {answer.Status}, the one that stood still {late.Status}";
        (answer.IsReceipt, late.IsReceipt).ShouldBeOneOf((true, false), (false, true));
        (answer.IsReceipt ? late : answer).Status.ShouldBe(409, what);
        Accept(answer.IsReceipt ? answer : late, file);
        foreach (var replica in (Archive[])[stopped, other])
        {
            await Inspection.ListsAllAsync(replica, ledger);
            await Inspection.DownloadAllAsync(replica, ledger);
        }

        (await place.ObjectsAsync()).Count.ShouldBe(2, what);
        await Inspection.FsckAsync(ledger, place.Settings);
        ledger.Faults.ShouldBeEmpty($"{what}\n{stopped.Log}\n{other.Log}");
        file.Published!.Sha256.ShouldBe((answer.IsReceipt ? others : mine).Sha256, what);
        return what;

        void Accept(Answer receipt, TrackedFile of) =>
            ledger.Count(receipt, receipt.IsReceipt ? of.Accept(receipt.Receipt) : $"{of.Name} was answered {receipt}");
    }

    private static Task<Answer> PutAsync(Archive archive, TrackedFile file, Content content)
    {
        file.Sending(content);
        return archive.SendAsync(HttpMethod.Put, file.Target, content.Body());
    }

    /// <summary>Tries again, as a client does, where it is told that it cannot be done now.</summary>
    private static async Task<Answer> PutUntilToldAsync(Archive archive, TrackedFile file, Content content)
    {
        for (var tries = 1; ; tries++)
        {
            var answer = await PutAsync(archive, file, content);
            if (answer.Status < 500)
                return answer;
            answer.Status.ShouldBe(503, $"{tries.ToString(CultureInfo.InvariantCulture)}: {answer}");
            tries.ShouldBeLessThan(MostTries, answer.ToString());
            await Task.Delay(500);
        }
    }
}
