using System.Collections.Concurrent;

namespace OpenSdc.Server.Files;

/// <summary>
/// Objects that were read whole and found right a short while ago. What is fetched again and again is then
/// hashed once in that while and not every time; an object whose file was written since is hashed again at
/// once.
/// </summary>
internal sealed class RecentlyVerified(ServerOptions options, TimeProvider clock)
{
    // About 10 MiB. Where more objects than this are fetched in the while, all are forgotten and hashed once more.
    private const int Most = 100_000;

    private readonly ConcurrentDictionary<long, (DateTime Written, DateTimeOffset At)> objects = new();

    public bool Knows(long seq, DateTime written) =>
        objects.TryGetValue(seq, out var known)
        && known.Written == written
        && clock.GetUtcNow() - known.At < TimeSpan.FromSeconds(options.VerifyInterval);

    public void Add(long seq, DateTime written)
    {
        if (objects.Count >= Most)
            objects.Clear();
        objects[seq] = (written, clock.GetUtcNow());
    }
}
