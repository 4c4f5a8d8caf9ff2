using System.Collections.Concurrent;

namespace OpenSdc.Server.Objects;

/// <summary>
/// Threads that do nothing but wait for the disk. Flushes that run side by side share the file system's journal commits,
/// and the thread pool keeps its few threads for requests.
/// </summary>
internal sealed class FlushThreads : IDisposable
{
    private readonly BlockingCollection<(Action Flush, TaskCompletionSource Done)> work = [];

    public FlushThreads(int count)
    {
        for (var i = 0; i < count; i++)
            new Thread(Run, maxStackSize: 128 * 1024) { IsBackground = true, Name = "flush" }.Start();
    }

    /// <summary>Runs the flushes side by side; fails with the first failure, after all of them have ended.</summary>
    public Task RunAsync(IReadOnlyList<Action> flushes)
    {
        var tasks = new Task[flushes.Count];
        for (var i = 0; i < tasks.Length; i++)
        {
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            work.Add((flushes[i], done));
            tasks[i] = done.Task;
        }

        return tasks.Length == 1 ? tasks[0] : Task.WhenAll(tasks);
    }

    public void Dispose() => work.CompleteAdding();

    private void Run()
    {
        foreach (var (flush, done) in work.GetConsumingEnumerable())
        {
            try
            {
                flush();
                done.SetResult();
            }
            catch (Exception failure)
            {
                done.SetException(failure);
            }
        }
    }
}
