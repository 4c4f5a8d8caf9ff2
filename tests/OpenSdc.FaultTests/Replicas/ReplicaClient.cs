using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using OpenSdc.Client;
using OpenSdc.Contract;

namespace OpenSdc.FaultTests.Replicas;

/// <summary>
/// A client of an archive of two replicas. It asks any replica for a URL and sends the bytes there: to the
/// store, and asks any replica what became of them, or to the replica, which answers with the receipt; what
/// fails meanwhile it tries again, as a pipeline does. It races against itself on both replicas, repeats
/// names that are there, and gives some uploads up.
/// </summary>
internal sealed class ReplicaClient(int number, int seed, Cluster cluster, Ledger ledger, bool isDirect) : IDisposable
{
    private static readonly string[] Instruments = ["codice", "glows", "hi", "hit", "idex", "lo", "mag", "swapi", "swe", "ultra"];
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(150);

    private readonly Random random = new(seed);
    private readonly HttpClient http = new(new CutConnections { InnerHandler = new SocketsHttpHandler { AllowAutoRedirect = false } })
    {
        Timeout = TimeSpan.FromSeconds(40),
    };
    private readonly List<TrackedFile> mine = [];
    private int names;
    private int triedAgain;

    /// <summary>Requests that a fault left without an answer, or answered with 5xx and a sentence.</summary>
    public int TriedAgain => triedAgain;

    /// <summary>From the end of a PUT to the word that it is published, of uploads that no fault touched.</summary>
    public ConcurrentBag<TimeSpan> Visible { get; } = [];

    /// <summary>Uploads until it is told to stop, and then finishes what it has begun.</summary>
    public async Task RunAsync(CancellationToken stop, CancellationToken giveUp)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var dice = random.Next(100);
                if (dice < 10 && mine.Count > 0)
                    await AskAgainAsync(mine[random.Next(mine.Count)], giveUp);
                else if (dice < 20)
                    await RaceAsync(NewFile(), giveUp);
                else if (dice < 24)
                    await ForgetAsync(NewFile(), giveUp);
                else
                    await UploadAsync(NewFile(), NewContent(), giveUp);
            }
        }
        catch (OperationCanceledException) when (giveUp.IsCancellationRequested)
        {
            ledger.Faults.Enqueue($"client {number}: an upload had not ended when the time for it was over");
        }
    }

    public void Dispose() => http.Dispose();

    private async Task UploadAsync(TrackedFile file, Content content, CancellationToken cancel)
    {
        var status = isDirect
            ? await SendAsync(file, content, await AskAsync(file, cancel), cancel)
            : await SendThroughAsync(file, content, cancel);
        if (status.State != "published")
            ledger.Faults.Enqueue($"{file.Name}, upload {status.Id}, ended as {status.State}: {status.Problem?.Detail}");
        else
            Accept(file, content, status.Receipt!);
    }

    /// <summary>
    /// The same name by both replicas at once: with other bytes one wins and the other is told; with the same
    /// bytes both have the same receipt.
    /// </summary>
    private async Task RaceAsync(TrackedFile file, CancellationToken cancel)
    {
        Content first = NewContent(), second = random.Next(3) == 0 ? first : NewContent();
        UploadStatus[] ends;
        if (isDirect)
        {
            // Both are asked for before either is sent: later the name may be taken already.
            var asked = await Task.WhenAll(AskAsync(file, cancel), AskAsync(file, cancel));
            ends = await Task.WhenAll(SendAsync(file, first, asked[0], cancel), SendAsync(file, second, asked[1], cancel));
        }
        else
        {
            ends = await Task.WhenAll(SendThroughAsync(file, first, cancel), SendThroughAsync(file, second, cancel));
        }

        var published = ends.Where(each => each.State == "published").ToList();
        var refused = ends.Where(each => each.Problem?.Type == "urn:opensdc:problem:content-conflict").ToList();
        var right = first.Sha256 == second.Sha256 ? (2, 0) : (1, 1);
        if ((published.Count, refused.Count) != right)
            ledger.Faults.Enqueue(
                $"{file.Name}: a race ended as {string.Join(" and ", ends.Select(each => $"{each.State} {each.Problem?.Type}"))}"
            );
        foreach (var status in published)
            Accept(file, status == ends[0] ? first : second, status.Receipt!);
    }

    /// <summary>Sends the bytes and never asks: they are published all the same, or not, but never something else.</summary>
    private async Task ForgetAsync(TrackedFile file, CancellationToken cancel)
    {
        var content = NewContent();
        var (url, _) = await AskAsync(file, cancel);
        file.Sending(content);
        try
        {
            using var answer = await http.PutAsync(url, content.Body(), cancel);
        }
        catch (Exception cut) when (cut is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            Interlocked.Increment(ref triedAgain);
        }
    }

    private async Task AskAgainAsync(TrackedFile file, CancellationToken cancel)
    {
        var answer = await GetAsync($"/upload/{file.Name}", cancel);
        if (answer.Status != HttpStatusCode.Conflict)
            ledger.Faults.Enqueue($"{file.Name} is published, but a URL for it was answered {(int)answer.Status} {answer.Body}");
    }

    /// <summary>The whole of one upload that was asked for, up to its end.</summary>
    private async Task<UploadStatus> SendAsync(TrackedFile file, Content content, (string Url, string Id) asked, CancellationToken cancel)
    {
        var (url, id) = asked;
        file.Sending(content);
        var before = TriedAgain;
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                using var answer = await http.PutAsync(url, content.Body(), cancel);
                if (answer.StatusCode == HttpStatusCode.OK)
                    break;
                if ((int)answer.StatusCode < 500)
                    ledger.Faults.Enqueue($"{file.Name}: the store answered a PUT with {(int)answer.StatusCode}");
            }
            catch (Exception cut) when (cut is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
            {
                // Whether the bytes have arrived is not known; the same bytes are sent again.
            }

            Interlocked.Increment(ref triedAgain);
            await Task.Delay(Pause, cancel);
        }

        var sent = Stopwatch.GetTimestamp();
        while (true)
        {
            var answer = await GetAsync($"/uploads/{id}?wait=5", cancel);
            if (answer.Status != HttpStatusCode.OK)
                throw new InvalidOperationException($"/uploads/{id} was answered {(int)answer.Status} {answer.Body}");
            var status = JsonSerializer.Deserialize(answer.Body, ContractJson.Default.UploadStatus)!;
            if (status.State is "open" or "arrived")
                continue;
            if (before == TriedAgain)
                Visible.Add(Stopwatch.GetElapsedTime(sent));
            return status;
        }
    }

    /// <summary>
    /// The whole of one upload through any replica: asked for and sent again until there is a receipt, or the
    /// word that other bytes are there.
    /// </summary>
    private async Task<UploadStatus> SendThroughAsync(TrackedFile file, Content content, CancellationToken cancel)
    {
        file.Sending(content);
        while (true)
        {
            var asked = await GetAsync($"/upload/{file.Name}", cancel);
            if (asked.Status == HttpStatusCode.Conflict)
                return await ThereAsync(file, content, cancel);
            try
            {
                using var answer = await http.PutAsync(JsonSerializer.Deserialize<string>(asked.Body)!, content.Body(), cancel);
                var body = await answer.Content.ReadAsStringAsync(cancel);
                if (answer.IsSuccessStatusCode)
                    return new()
                    {
                        Id = "",
                        FilePath = file.Name,
                        State = "published",
                        Created = "",
                        Expires = "",
                        Receipt = JsonSerializer.Deserialize(body, ContractJson.Default.UploadReceipt),
                    };
                if (answer.StatusCode == HttpStatusCode.Conflict)
                    return await ThereAsync(file, content, cancel);
                if (answer.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.InsufficientStorage))
                    ledger.Faults.Enqueue($"{file.Name}: a PUT was answered {(int)answer.StatusCode} {body}");
            }
            catch (Exception cut) when (cut is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
            {
                // Whether the file was published is not known; the same bytes are sent again.
            }

            Interlocked.Increment(ref triedAgain);
            await Task.Delay(Pause, cancel);
        }
    }

    /// <summary>Who is told that the name is taken finds the record at once; it has these bytes, of an earlier try, or others.</summary>
    private async Task<UploadStatus> ThereAsync(TrackedFile file, Content content, CancellationToken cancel)
    {
        using var answer = JsonDocument.Parse((await GetAsync($"/query?filename={file.Name}", cancel)).Body);
        var listed = answer.RootElement.EnumerateArray().Select(each => each.Deserialize(ContractJson.Default.FileRecord)!).ToArray();
        var ended = new UploadStatus
        {
            Id = "",
            FilePath = file.Name,
            State = "refused",
            Created = "",
            Expires = "",
            Problem = new("urn:opensdc:problem:content-conflict", ""),
        };
        if (listed is not [var record])
            ledger.Faults.Enqueue($"{file.Name}: the name is said to be taken, and has {listed.Length} records");
        else if (record.Sha256 == content.Sha256)
            return ended with
            {
                State = "published",
                Problem = null,
                Receipt = new(record.FilePath, record.Size, record.Sha256, record.Seq, record.IngestionDate),
            };
        return ended;
    }

    private async Task<(string Url, string Id)> AskAsync(TrackedFile file, CancellationToken cancel)
    {
        var answer = await GetAsync($"/upload/{file.Name}", cancel);
        return answer.Status == HttpStatusCode.OK
            ? (JsonSerializer.Deserialize<string>(answer.Body)!, answer.UploadId!)
            : throw new InvalidOperationException($"No upload URL for {file.Name}: {(int)answer.Status} {answer.Body}");
    }

    /// <summary>Asks any replica, and another one where that one is down or says that it cannot now.</summary>
    private async Task<(HttpStatusCode Status, string Body, string? UploadId)> GetAsync(string target, CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var replica = cluster[Random.Shared.Next(Cluster.Replicas)];
            try
            {
                using var answer = await http.GetAsync(new Uri(replica.Address, target), cancel);
                var body = await answer.Content.ReadAsStringAsync(cancel);
                if (answer.StatusCode != HttpStatusCode.ServiceUnavailable)
                {
                    if ((int)answer.StatusCode >= 500)
                        ledger.Faults.Enqueue($"{target} was answered {(int)answer.StatusCode} {body}");
                    else
                        return (
                            answer.StatusCode,
                            body,
                            answer.Headers.TryGetValues("OpenSDC-Upload-Id", out var ids) ? ids.Single() : null
                        );
                }
                else if (answer.Headers.RetryAfter is null)
                {
                    ledger.Faults.Enqueue($"{target} was answered 503 without Retry-After: {body}");
                }
            }
            catch (Exception cut) when (cut is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
            {
                if (cut is TaskCanceledException)
                    ledger.Faults.Enqueue($"{target} hung for {http.Timeout.TotalSeconds} s");
            }

            Interlocked.Increment(ref triedAgain);
            await Task.Delay(Pause, cancel);
        }
    }

    private void Accept(TrackedFile file, Content content, UploadReceipt receipt)
    {
        var fault = receipt.Sha256 != content.Sha256 ? $"{file.Name}: the receipt {receipt} is for other bytes than were sent" : null;
        var isNew = file.Receipt is null;
        fault ??= file.Accept(receipt);
        ledger.Count(new Answer(isNew ? 201 : 200, "", null), fault);
        if (isNew)
            mine.Add(file);
    }

    private TrackedFile NewFile()
    {
        var n = ++names;
        var day = new DateOnly(2026, 1, 1).AddDays(random.Next(3650)).ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        var file = new TrackedFile($"imap_{Instruments[n % Instruments.Length]}_l1b_replica{number:D2}-{n:D6}_{day}_v001.cdf", target: "");
        return ledger.Files.TryAdd(file.Name, file) ? file : throw new InvalidOperationException($"{file.Name} was made twice");
    }

    /// <summary>Mostly small; one in forty reaches up to 16 MB, which the store takes in several parts of its own.</summary>
    private Content NewContent() =>
        new((ulong)random.NextInt64(), (int)Math.Pow(2, random.NextDouble() * (random.Next(40) == 0 ? 24 : 15)));
}
