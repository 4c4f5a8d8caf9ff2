namespace OpenSdc.Client;

/// <summary>Cancels a transfer in which nothing has moved for a while.</summary>
internal sealed class StallClock : IDisposable
{
    private readonly CancellationTokenSource stalled;
    private readonly CancellationTokenSource either;
    private readonly SdcClientOptions options;

    public StallClock(SdcClientOptions options, CancellationToken cancel)
    {
        this.options = options;
        Caller = cancel;
        stalled = new CancellationTokenSource(options.StallTimeout, options.Clock);
        either = CancellationTokenSource.CreateLinkedTokenSource(cancel, stalled.Token);
    }

    /// <summary>Cancelled by the caller alone.</summary>
    public CancellationToken Caller { get; }

    /// <summary>Cancelled by the caller or by a standstill.</summary>
    public CancellationToken Token => either.Token;

    /// <summary>Whether it has cancelled.</summary>
    public bool HasStalled => stalled.IsCancellationRequested;

    public string Sentence => $"Nothing moved for {options.StallTimeout.TotalSeconds:0} s.";

    /// <summary>Something moved.</summary>
    public void Beat() => stalled.CancelAfter(options.StallTimeout);

    /// <summary>All has been sent: now the other side works, and may take longer before it answers.</summary>
    public void BeatForAnswer() => stalled.CancelAfter(options.StallTimeout * 10);

    public void Dispose()
    {
        either.Dispose();
        stalled.Dispose();
    }
}
