using System.Globalization;

namespace OpenSdc.Server;

/// <summary>
/// How a start waits for a database or a store that cannot be reached: it may be starting beside this
/// process. The person who started it is told once what it waits for; logs come later than that.
/// </summary>
internal sealed class StartWait(TimeProvider clock, string target, TimeSpan pause)
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly long began = clock.GetTimestamp();
    private bool isTold;

    /// <summary>Waits a little before the next try.</summary>
    /// <returns>False where it has waited as long as it may.</returns>
    public async ValueTask<bool> GoesOnAsync(string reason, CancellationToken cancel)
    {
        if (clock.GetElapsedTime(began) > Limit)
            return false;
        if (!isTold)
            await Console.Error.WriteLineAsync(
                string.Create(CultureInfo.InvariantCulture, $"Waiting up to {Limit.TotalSeconds} s for {target}: {reason}")
            );
        isTold = true;
        await Task.Delay(pause, clock, cancel);
        return true;
    }
}
