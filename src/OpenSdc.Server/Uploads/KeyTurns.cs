namespace OpenSdc.Server.Uploads;

/// <summary>Work on one key, one after the other; on different keys side by side.</summary>
internal sealed class KeyTurns
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, Task> last = new(StringComparer.Ordinal);

    public async Task<T> RunAsync<T>(string key, Func<Task<T>> work)
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Task? before;
        lock (gate)
        {
            last.TryGetValue(key, out before);
            last[key] = mine.Task;
        }

        try
        {
            if (before is not null)
                await before;
            return await work();
        }
        finally
        {
            lock (gate)
            {
                if (last[key] == mine.Task)
                    last.Remove(key);
            }

            mine.SetResult();
        }
    }
}
