using System.Net;

namespace OpenSdc.Client;

/// <summary>
/// The repetitions of one transfer: so many in a row without progress, each after a longer wait.
/// </summary>
internal sealed class Backoff(SdcClientOptions options)
{
    private int failures;

    /// <summary>Begins to count anew, since the last try made progress.</summary>
    public void Progressed() => failures = 0;

    /// <summary>Waits before the next try.</summary>
    /// <param name="cause">Why the last try failed; thrown where there is no further try.</param>
    /// <param name="atLeast">What the server says; null leaves the wait to the back-off.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task WaitAsync(SdcException cause, TimeSpan? atLeast, CancellationToken cancel)
    {
        if (failures >= options.MaxRetries)
            throw cause;
        var ceiling = Math.Min(options.RetryDelay.TotalMilliseconds * Math.Pow(2, failures), options.MaxRetryDelay.TotalMilliseconds);
        failures++;
        // Jitter: clients that were cut off together do not come back together.
        var wait = atLeast ?? TimeSpan.FromMilliseconds(ceiling * (0.5 + (Random.Shared.NextDouble() / 2)));
        await Task.Delay(wait, options.Clock, cancel);
    }

    /// <summary>Whether a status may be another one in a while.</summary>
    public static bool IsTransient(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests or >= HttpStatusCode.InternalServerError;

    /// <summary>
    /// The wait that an answer asks for, up to the longest that the settings allow; null where it asks for none.
    /// </summary>
    public static TimeSpan? RetryAfter(HttpResponseMessage answer, SdcClientOptions options)
    {
        var wait = answer.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - options.Clock.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        return wait is not { } some ? null : some < TimeSpan.Zero ? TimeSpan.Zero : some > options.MaxRetryDelay ? options.MaxRetryDelay
            : some;
    }
}
