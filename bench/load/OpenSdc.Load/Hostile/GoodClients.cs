using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace OpenSdc.Load.Hostile;

/// <summary>A file that good clients ask for, and what they must get.</summary>
internal sealed record KnownFile(string Name, string Sha256);

/// <summary>
/// Clients that ask for what no two of them ask alike: each answer bears the name, or has the digest, of its
/// own request, so that one that belongs to another caller is seen.
/// </summary>
/// <param name="target">Where they connect to.</param>
/// <param name="files">Files of the archive.</param>
/// <param name="uploadEvery">One request of so many asks for the URL of a new upload, instead of being
/// refused by a sentence that repeats its own text: 1 where such a URL costs no row of a database.</param>
/// <param name="bytesPassHere">Whether redirects lead back to the archive.</param>
internal sealed class GoodClients(WireTarget target, IReadOnlyList<KnownFile> files, int uploadEvery, bool bytesPassHere)
{
    // More show no more, and an answer that went to somebody else is waited for as long as any.
    private const int EnoughFaults = 20;

    private readonly ConcurrentQueue<string> faults = new();
    private readonly ConcurrentDictionary<string, string> objects = new();
    private readonly ConcurrentBag<double> milliseconds = [];
    private int answered;

    public IReadOnlyCollection<string> Faults => faults;

    /// <summary>Answers that were compared with their requests.</summary>
    public int Answered => answered;

    /// <summary>How long each answer took, from the write of its request, since the last call; ascending.</summary>
    public double[] TakeTimes()
    {
        var taken = milliseconds.Order().ToArray();
        milliseconds.Clear();
        return taken;
    }

    /// <summary>Asks for the signed URL of each file, by which its bytes are fetched later.</summary>
    public async Task PrepareAsync()
    {
        if (!bytesPassHere)
            return;
        await using var wire = await Wire.ConnectAsync(target);
        foreach (var file in files)
        {
            await wire.WriteAsync(Get($"/download/{file.Name}"));
            var answer = await wire.ReadAsync() ?? throw new InvalidDataException("closed");
            var location = answer.Head.Split("\r\n").Single(line => line.StartsWith("Location: ", StringComparison.OrdinalIgnoreCase))[
                10..
            ];
            objects[file.Name] = new Uri(location).PathAndQuery;
        }
    }

    /// <summary>
    /// Sends so many requests in all, over as many connections as there are clients, each after the answer to
    /// the one before.
    /// </summary>
    public Task RunAsync(string mark, int clients, int requests) => RunAsync(mark, clients, next => next < requests / clients);

    /// <summary>Goes on until it is stopped.</summary>
    public Task RunAsync(string mark, int clients, CancellationToken stop) => RunAsync(mark, clients, _ => !stop.IsCancellationRequested);

    private async Task RunAsync(string mark, int clients, Func<int, bool> isLeft) =>
        await Task.WhenAll(
            Enumerable
                .Range(0, clients)
                .Select(client =>
                    Task.Run(async () =>
                    {
                        for (var next = 0; isLeft(next) && faults.Count < EnoughFaults; )
                        {
                            try
                            {
                                await using var wire = await Wire.ConnectAsync(target);
                                // A proxy ends a connection after some number of requests.
                                for (var goesOn = true; goesOn && isLeft(next); next++)
                                    goesOn = await AskAsync(wire, $"{mark}{client}n{next}", next);
                            }
                            catch (Exception failure) when (failure is InvalidDataException or IOException or SocketException)
                            {
                                faults.Enqueue($"good: {failure.Message}");
                                next++;
                            }
                        }
                    })
                )
        );

    private async Task<bool> AskAsync(Wire wire, string own, int n)
    {
        var (asked, isRight) = Request(own, n);
        var started = Stopwatch.GetTimestamp();
        await wire.WriteAsync(Get(asked));
        var answer = await wire.ReadAsync() ?? throw new InvalidDataException($"the connection was closed before the answer to {asked}");
        milliseconds.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        Interlocked.Increment(ref answered);
        if (!isRight(answer))
            faults.Enqueue($"{asked} was answered {answer.Status}: {(answer.Text.Length > 300 ? answer.Text[..300] : answer.Text)}");
        return !answer.IsLast;
    }

    private (string Target, Func<WireAnswer, bool> IsRight) Request(string own, int n)
    {
        var file = files[n % files.Count];
        var kind = n % 16;
        if (kind == 0)
            return (
                $"/download/{file.Name}",
                answer => answer.Status == 302 && Names(answer.Head, file.Name) && Names(answer.Text, file.Name)
            );
        if (kind == 1)
            return (
                $"/query?filename={file.Name}",
                answer =>
                    answer.Status == 200 && Names(answer.Text, file.Name) && answer.Text.Contains(file.Sha256, StringComparison.Ordinal)
            );
        if (kind is 2 or 3 && bytesPassHere)
            return (
                objects[file.Name],
                answer => answer.Status == 200 && Convert.ToHexStringLower(SHA256.HashData(answer.Body)) == file.Sha256
            );
        if (n % uploadEvery != 0)
            return (
                $"/query?{own}=1",
                answer => answer.Status == 400 && answer.Text.Contains($"\"{own} is not a valid query parameter", StringComparison.Ordinal)
            );
        var name = $"imap_swe_l1a_{own}_20260101_v001.pkts";
        return ($"/upload/{name}", answer => answer.Status == 200 && Names(answer.Text, name));
    }

    /// <summary>Whether a text has one name of a file, and no other one.</summary>
    private static bool Names(string text, string name)
    {
        var withoutOwn = text.Replace(name, "", StringComparison.Ordinal);
        return withoutOwn.Length < text.Length && !withoutOwn.Contains("/imap_swe_l1a_", StringComparison.Ordinal);
    }

    private string Get(string of) => $"GET {of} HTTP/1.1\r\nHost: {target.Name}\r\n\r\n";
}
