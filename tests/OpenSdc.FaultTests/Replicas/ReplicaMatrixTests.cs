using System.Globalization;
using System.Text.Json;
using OpenSdc.Contract;
using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests.Replicas;

/// <summary>
/// An upload through a server on S3 and PostgreSQL sends some tens of messages to both. Each of them in turn
/// is the last before the server is killed: before the message arrives, and, where that makes a difference,
/// after it was answered. Then the file is absent or whole, its client tries again and gets a receipt, and
/// nothing is left over.
/// </summary>
/// <remarks>
/// Between two messages of one transaction, after the first is before the second: such a moment is tried
/// once. The moments come from a trace of the upload on a process that has just started, as each of those
/// that are killed.
/// </remarks>
[Collection(TestsOfServices.Name)]
public sealed class ReplicaMatrixTests(Services services)
{
    private const int RetriesAtOnce = 8, MostLooks = 600;

    [Fact]
    public Task A_server_killed_at_any_message_of_an_upload_leaves_the_file_absent_or_whole() =>
        Task.WhenAll(
            // Each on an archive of its own. The larger parts of both are starts of servers, which take one core each.
            KillAtEachMomentAsync("put", (file, number) => new PutUpload(file, new Content((ulong)number, 300_000 + number))),
            KillAtEachMomentAsync(
                "parts",
                (file, number) => new PartsUpload(file, new Content((ulong)number, PartsUpload.PartSize + 10_000 + number))
            )
        );

    private async Task KillAtEachMomentAsync(string kind, Func<TrackedFile, int, TriedUpload> make)
    {
        var place = await services.NewPlaceAsync();
        var crossing = new Crossing();
        await using var database = new DatabaseProxy(crossing, place.DatabasePort);
        await using var store = new StoreProxy(crossing, place.StorePort, place.Bucket);
        string[] settings =
        [
            .. place.SettingsBy(database, store),
            "--upload-part-size",
            PartsUpload.PartSize.ToString(CultureInfo.InvariantCulture),
            "--upload-clean-up",
            "3600",
        ];
        var ledger = new Ledger();
        var uploads = new List<TriedUpload>();
        var (published, absent, reached, unreached) = (0, 0, new List<Moment>(), new List<Moment>());

        // The first makes the database's tables and the bucket, and each of the others uploads once: first
        // one for the trace, then one for each moment.
        await (await place.StartAsync(settings)).DisposeAsync();
        var archive = await place.StartAsync(settings);
        try
        {
            await SendAsync(null);
            var moments = crossing.Trace.SelectMany(Moments).ToList();
            await RestartAsync();
            foreach (var moment in moments)
            {
                await SendAsync(moment);
                await RestartAsync();
                var (file, known) = (uploads[^1].File, uploads[^1].File.Receipt is not null);
                await Inspection.ListsAllAsync(archive, ledger);
                if (known)
                    continue;
                if (file.Receipt is { } receipt)
                {
                    published++;
                    if (await Inspection.DownloadAsync(archive, file.Name, receipt) is { } fault)
                        ledger.Faults.Enqueue(fault);
                }
                else
                {
                    absent++;
                }

                ledger.Faults.ShouldBeEmpty($"killed {moment}\n{archive.Log}");
            }

            await Parallel.ForEachAsync(
                uploads,
                new ParallelOptions { MaxDegreeOfParallelism = RetriesAtOnce },
                (upload, _) => TryAgainAsync(upload)
            );
            ledger.Faults.ShouldBeEmpty($"tried again\n{archive.Log}");
            // The servers that were killed led the clean-up: their terms end here at once.
            await archive.DisposeAsync();
            await place.ExecuteAsync("DELETE FROM leaders");
            settings[^1] = "1";
            await RestartAsync();
            await Inspection.ListsAllAsync(archive, ledger);
            await Inspection.DownloadAllAsync(archive, ledger);
            await LeavesNothingAsync(place, archive);
            await Inspection.FsckAsync(ledger, place.Settings);
        }
        finally
        {
            await archive.DisposeAsync();
        }

        await Run.SayAsync($"{kind}: killed at each of {reached.Count} moments: {published} published, {absent} absent; {ledger}"
            + (unreached.Count == 0 ? "" : $"; not reached: {string.Join(", ", unreached)}"));
        ledger.Faults.ShouldBeEmpty();
        // What background work has sent in the trace may not come again; what the upload sends must.
        reached.ShouldContain(moment => moment.IsAfter && moment.Message.Text.StartsWith("PUT the key", StringComparison.Ordinal));
        reached.ShouldContain(moment => moment.IsAfter && moment.Message.Text.StartsWith("COMMIT", StringComparison.Ordinal));
        reached.ShouldContain(moment => moment.Message.Text.StartsWith("INSERT INTO files", StringComparison.Ordinal));
        reached.ShouldContain(moment => moment.Message.Text.StartsWith("INSERT INTO claims", StringComparison.Ordinal));
        published.ShouldBeGreaterThan(0);
        absent.ShouldBeGreaterThan(0);

        async Task SendAsync(Moment? moment)
        {
            var upload = make(await TriedUpload.AskAsync(archive, ledger, kind, uploads.Count), uploads.Count);
            uploads.Add(upload);
            crossing.Start(moment, async () =>
            {
                await archive.KillAsync();
                return false;
            });
            try
            {
                Take(upload, await upload.SendAsync(archive), $"{moment}");
                if (moment is not null && !archive.IsKilled)
                    unreached.Add(moment);
            }
            catch (HttpRequestException) when (archive.IsKilled)
            {
                await archive.EndAsync();
            }

            if (moment is not null && archive.IsKilled)
                reached.Add(moment);
        }

        async Task RestartAsync()
        {
            crossing.Start();
            await archive.DisposeAsync();
            archive = await place.StartAsync(settings);
        }

        async ValueTask TryAgainAsync(TriedUpload upload)
        {
            Take(upload, await upload.SendAsync(archive), "tried again");
            var other = await archive.SendAsync(
                HttpMethod.Put,
                upload.File.Target,
                new Content(ulong.MaxValue, upload.Content.Size).Body()
            );
            if (other.Status != 409)
                ledger.Faults.Enqueue($"{upload.File.Name}: other bytes were answered {other}");
        }

        void Take(TriedUpload upload, Answer answer, string what)
        {
            var fault = !answer.IsReceipt ? $"{upload.File.Name} was answered {answer}" : upload.File.Accept(answer.Receipt);
            ledger.Count(answer, fault is null ? null : $"{what}: {fault}");
        }
    }

    private static IEnumerable<Moment> Moments((Message Message, bool ChangesSomething) seen)
    {
        yield return new Moment(seen.Message, IsAfter: false);
        if (seen.ChangesSomething)
            yield return new Moment(seen.Message, IsAfter: true);
    }

    /// <summary>Gives up what was begun and whose client never heard of it, and waits for the clean-up.</summary>
    private static async Task LeavesNothingAsync(Place place, Archive archive)
    {
        var open = JsonSerializer.Deserialize(
            (await archive.GetAsync("/uploads?state=open&limit=1000")).Body,
            ContractJson.Default.UploadList
        )!;
        foreach (var upload in open.Uploads)
            (await archive.SendAsync(HttpMethod.Delete, $"/uploads/{upload.Id}")).Status.ShouldBe(204);
        for (var tries = 0; ; tries++)
        {
            // The trial of a process that was killed in it is kept for some minutes: another one may be in the midst of its own.
            var left = (await place.LeftOversAsync()).Where(each => !each.Contains("/.staging/try-", StringComparison.Ordinal)).ToList();
            if (left.Count == 0)
                return;
            tries.ShouldBeLessThan(MostLooks, $"left over: {string.Join(", ", left)}\n{archive.Log}");
            await Task.Delay(200);
        }
    }
}
