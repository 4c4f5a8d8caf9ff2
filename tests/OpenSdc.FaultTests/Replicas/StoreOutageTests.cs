using System.Net;
using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests.Replicas;

/// <summary>
/// The gateway, or one of three object stores, is killed while clients are in the middle of a PUT through the
/// server, and started again. Some send the rest while it is away, some afterwards. Nothing that was
/// acknowledged is lost, nothing is there in part, and whoever was refused tries again and gets a receipt.
/// </summary>
public sealed class StoreOutageTests
{
    private const int Clients = 4, Size = 12_000_000, HeldAt = 8 << 20, MostTries = 100;

    [Fact]
    public async Task A_store_that_fails_in_the_middle_of_PUTs_leaves_nothing_in_part()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await Cluster.StartAsync(folder.Path, "through");
        var ledger = new Ledger();
        var (number, refused) = (0, new Dictionary<string, int>(StringComparer.Ordinal));
        foreach (var part in (string[])["rgw", "osd.1"])
        {
            var before = await NewAsync();
            Take(before, await SendAsync(before), "before");
            var held = new List<Held>();
            for (var i = 0; i < Clients; i++)
                held.Add(await NewAsync());
            var answers = held.ConvertAll(SendAsync);
            // The server has taken two thirds of each, so that most of that has gone to the store.
            await Task.WhenAll(held.Select(each => each.Body.IsHeld));
            await cluster.KillAsync(part);
            foreach (var each in held.Take(Clients / 2))
                each.Body.Continue();
            var early = await Task.WhenAll(answers.Take(Clients / 2));
            await cluster.MendAsync(part);
            foreach (var each in held)
                each.Body.Continue();
            var all = early.Concat(await Task.WhenAll(answers.Skip(Clients / 2))).ToList();
            for (var i = 0; i < Clients; i++)
            {
                if (all[i] is { IsReceipt: true } acknowledged)
                    Take(held[i], acknowledged, $"{part} was killed");
                else
                    refused[part] = refused.GetValueOrDefault(part) + 1;
            }

            for (var replica = 0; replica < Cluster.Replicas; replica++)
                await Inspection.ListsAllAsync(cluster[replica], ledger);
            ledger.Faults.ShouldBeEmpty($"{part} was killed\n{cluster[0].Log}\n{cluster[1].Log}");
            foreach (var each in held)
                Take(each, await TryAgainAsync(each), $"tried again after {part} was killed");
            foreach (var each in held)
                (await cluster[0].SendAsync(HttpMethod.Put, each.File.Target, new Content(ulong.MaxValue, Size).Body())).Status.ShouldBe(
                    409
                );
        }

        for (var replica = 0; replica < Cluster.Replicas; replica++)
        {
            await Inspection.ListsAllAsync(cluster[replica], ledger);
            await Inspection.DownloadAllAsync(cluster[replica], ledger);
        }

        await Inspection.FsckAsync(ledger, cluster.Settings);
        await Run.SayAsync(
            $"store outage: {string.Join(", ", refused.Select(each => $"{each.Value} of {Clients} refused when {each.Key} was killed"))}; {ledger}"
        );
        ledger.Faults.ShouldBeEmpty($"{cluster[0].Log}\n{cluster[1].Log}");
        // What was under way by the gateway cannot have gone on.
        refused.GetValueOrDefault("rgw").ShouldBe(Clients);

        async Task<Held> NewAsync()
        {
            var n = number++;
            return new Held(
                await TriedUpload.AskAsync(cluster[n % Cluster.Replicas], ledger, "outage", n),
                new Content((ulong)(n + 1), Size),
                cluster[n % Cluster.Replicas],
                n % (Clients + 1) != 0
            );
        }

        void Take(Held upload, Answer? answer, string what)
        {
            var fault = answer is not { IsReceipt: true }
                ? $"{upload.File.Name} was answered {answer}"
                : upload.File.Accept(answer.Receipt);
            ledger.Count(answer ?? new Answer(0, "", null), fault is null ? null : $"{what}: {fault}");
        }

        async Task<Answer?> TryAgainAsync(Held upload)
        {
            for (var tries = 1; ; tries++)
            {
                if (await SendAsync(upload with { Body = new HeldBody(upload.Content, waits: false) }) is { Status: < 500 } answer)
                    return answer;
                tries.ShouldBeLessThan(MostTries, upload.File.Name);
                await Task.Delay(500);
            }
        }
    }

    /// <summary>The answer; null where the connection was cut before it came, as when a refusal is not waited for.</summary>
    private static async Task<Answer?> SendAsync(Held upload)
    {
        upload.File.Sending(upload.Content);
        try
        {
            return await upload.To.SendAsync(HttpMethod.Put, upload.File.Target, upload.Body);
        }
        catch (HttpRequestException)
        {
            // A server that refuses an upload need not read the rest of it.
            upload.Body.Continue();
            return null;
        }
    }

    private sealed record Held(TrackedFile File, Content Content, Archive To, bool Waits)
    {
        public HeldBody Body { get; init; } = new(Content, Waits);
    }

    /// <summary>A body that stands still until it may go on.</summary>
    private sealed class HeldBody(Content content, bool waits) : HttpContent
    {
        private readonly TaskCompletionSource held = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource goOn = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task IsHeld => held.Task;

        public void Continue()
        {
            goOn.TrySetResult();
            held.TrySetResult();
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var piece = new byte[64 * 1024];
            for (var at = 0; at < content.Size; at += piece.Length)
            {
                if (waits && at == HeldAt)
                {
                    held.TrySetResult();
                    await goOn.Task;
                }

                var some = piece.AsMemory(0, Math.Min(piece.Length, content.Size - at));
                content.Fill(at, some.Span);
                await stream.WriteAsync(some);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = content.Size;
            return true;
        }
    }
}
