namespace OpenSdc.Server;

/// <summary>
/// How a stop ends: requests in flight may finish until the host's deadline (the setting
/// <c>drain-timeout</c>), then their connections are cut. Counts those that had not ended at the deadline.
/// </summary>
internal sealed class Drain : IHostedLifecycleService
{
    private CancellationToken deadline;
    private int inFlight;
    private int late;

    /// <summary>Requests that had not ended at the deadline. Right once the host has stopped.</summary>
    public int CutOff => Volatile.Read(ref late) + Volatile.Read(ref inFlight);

    public void Begin() => Interlocked.Increment(ref inFlight);

    public void End()
    {
        // Counted before it is no longer in flight, so that it is never missing.
        if (deadline.IsCancellationRequested)
            Interlocked.Increment(ref late);
        Interlocked.Decrement(ref inFlight);
    }

    /// <summary>The same token is the deadline of all that stops.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        deadline = cancellationToken;
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
