using System.Collections.Concurrent;

namespace OpenSdc.Server.Files;

/// <summary>
/// The hashing of whole objects that ranges of them wait for. Those that ask at the same time, as programs do
/// that fetch a file in many parts at once, share one; and no more objects are hashed at once than there are
/// processors to do it.
/// </summary>
internal sealed class SharedHashing : IDisposable
{
    private readonly ConcurrentDictionary<(long Seq, DateTime Written), Lazy<Task<bool>>> running = new();
    private readonly SemaphoreSlim places = new(Environment.ProcessorCount);

    /// <summary>Whether an object is intact, by the hashing that is running or else by this one.</summary>
    /// <remarks>
    /// The caller whose hashing it is waits to its end even where its client has gone: it reads through that
    /// caller's file, others may be waiting for it, and a client that gave up after its own time finds the
    /// object verified when it comes again.
    /// </remarks>
    public async Task<bool> IsIntactAsync(long seq, DateTime written, Func<Task<bool>> hash, CancellationToken cancel)
    {
        var mine = new Lazy<Task<bool>>(() => HashAsync(hash));
        var shared = running.GetOrAdd((seq, written), mine);
        if (shared != mine)
            return await shared.Value.WaitAsync(cancel);
        try
        {
            return await mine.Value;
        }
        finally
        {
            running.TryRemove((seq, written), out _);
        }
    }

    public void Dispose() => places.Dispose();

    private async Task<bool> HashAsync(Func<Task<bool>> hash)
    {
        await places.WaitAsync();
        try
        {
            return await hash();
        }
        finally
        {
            places.Release();
        }
    }
}
