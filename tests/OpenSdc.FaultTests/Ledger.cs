using System.Collections.Concurrent;
using OpenSdc.Contract;

namespace OpenSdc.FaultTests;

/// <summary>One name as the clients know it.</summary>
internal sealed class TrackedFile(string name, string target)
{
    private readonly List<Content> sent = [];

    public string Name => name;

    /// <summary>Path and query to PUT to.</summary>
    public string Target => target;

    /// <summary>What the archive has acknowledged, or shown after a restart; from then on it must never be anything else.</summary>
    public UploadReceipt? Receipt { get; private set; }

    /// <summary>The bytes behind <see cref="Receipt"/>.</summary>
    public Content? Published { get; private set; }

    /// <summary>Whether its bytes were downloaded since it was acknowledged.</summary>
    public bool Verified { get; set; }

    /// <summary>A client is about to send these bytes whole: from now on they may be published.</summary>
    public void Sending(Content content)
    {
        lock (sent)
        {
            if (!sent.Contains(content))
                sent.Add(content);
        }
    }

    /// <summary>Whether bytes other than these were ever sent whole.</summary>
    public bool HasOther(Content content)
    {
        lock (sent)
            return sent.Exists(each => each.Sha256 != content.Sha256);
    }

    /// <summary>
    /// Takes what the archive says of the file; null where it agrees with all that was sent and said before,
    /// else the sentence that says why not.
    /// </summary>
    public string? Accept(UploadReceipt receipt)
    {
        lock (sent)
        {
            if (Receipt is { } before)
                return before == receipt ? null : $"{name}: was {before}, is now {receipt}";
            Published = sent.Find(each => each.Sha256 == receipt.Sha256 && each.Size == receipt.Size);
            Receipt = receipt;
            return Published is null ? $"{name}: {receipt} has bytes that no client sent whole" : null;
        }
    }
}

/// <summary>All that the clients of one run know together, and the counts that prove something was tested.</summary>
internal sealed class Ledger
{
    private int acknowledged, repeated, conflicts, cutOff, wrongDigest, unanswered, verified, settledAsPublished, settledAsAbsent;
    private long verifiedBytes;

    public ConcurrentDictionary<string, TrackedFile> Files { get; } = new(StringComparer.Ordinal);

    /// <summary>Every way in which the archive broke its promise.</summary>
    public ConcurrentQueue<string> Faults { get; } = new();

    /// <summary>Answers 201: published now.</summary>
    public int Acknowledged => acknowledged;

    /// <summary>Requests that a kill left without an answer.</summary>
    public int Unanswered => unanswered;

    public int Verified => verified;

    public void Count(Answer answer, string? fault)
    {
        switch (answer.Status)
        {
            case 201: Interlocked.Increment(ref acknowledged); break;
            case 200: Interlocked.Increment(ref repeated); break;
            case 409: Interlocked.Increment(ref conflicts); break;
            default: break;
        }

        if (fault is not null)
            Faults.Enqueue(fault);
    }

    public void CountCutOff() => Interlocked.Increment(ref cutOff);

    public void CountWrongDigest() => Interlocked.Increment(ref wrongDigest);

    public void CountUnanswered() => Interlocked.Increment(ref unanswered);

    /// <summary>A request without an answer turned out, after the restart, to have been published or not.</summary>
    public void CountSettled(bool published) => Interlocked.Increment(ref published ? ref settledAsPublished : ref settledAsAbsent);

    public void CountVerified(long bytes)
    {
        Interlocked.Increment(ref verified);
        Interlocked.Add(ref verifiedBytes, bytes);
    }

    public override string ToString() =>
        $"{acknowledged} acknowledged, {repeated} repeated with the same bytes, {conflicts} refused for other bytes, {cutOff} cut off, "
        + $"{wrongDigest} with a wrong digest, {unanswered} left without an answer ({settledAsPublished} of them published, {settledAsAbsent} absent); "
        + $"{verified} downloads verified, {verifiedBytes / 1e6:0} MB; {Faults.Count} faults";
}
