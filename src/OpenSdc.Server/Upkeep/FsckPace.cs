using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>Lets all readers together read no more than so many bytes in a second, and counts what they read.</summary>
internal sealed class FsckPace(long bytesPerSecond, FsckProgress progress, TimeProvider clock)
{
    // Shorter waits are added up: a timer cannot keep them.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(10);

    private readonly Lock turn = new();
    private long next;

    /// <summary>SHA-256 of an object, read at this pace: from the store and not from a cache, and without pushing out of it what readers ask for.</summary>
    public async Task<string> DigestAsync(StoredObject stored, CancellationToken cancel)
    {
        stored.DropCache();
        var digest = await ObjectDigest.OfAsync(new Paced(stored, this), cancel);
        stored.DropCache();
        return digest;
    }

    private async ValueTask TookAsync(int bytes, CancellationToken cancel)
    {
        progress.Read(bytes);
        if (bytesPerSecond == 0)
            return;
        TimeSpan wait;
        lock (turn)
        {
            var now = clock.GetTimestamp();
            next = Math.Max(next, now) + (long)((double)bytes / bytesPerSecond * clock.TimestampFrequency);
            wait = clock.GetElapsedTime(now, next);
        }

        if (wait >= ShortestWait)
            await Task.Delay(wait, clock, cancel);
    }

    private sealed class Paced(StoredObject stored, FsckPace pace) : StoredObject
    {
        public override long Length => stored.Length;

        public override DateTime Written => stored.Written;

        public override async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancel)
        {
            cancel.ThrowIfCancellationRequested();
            var read = await stored.ReadAsync(offset, buffer, cancel);
            await pace.TookAsync(read, cancel);
            return read;
        }

        public override void Dispose() => stored.Dispose();
    }
}
