using System.Collections.Concurrent;
using OpenSdc.Tests;

[assembly: Xunit.AssemblyFixture(typeof(OwnServers))]

namespace OpenSdc.Tests;

/// <summary>
/// Ends the servers that the tests have started, after the last test: the runner gives a process ten seconds to
/// end by itself, in which a Ceph's folder is not always removed. A run that ends early does it at its exit.
/// </summary>
public sealed class OwnServers : IDisposable
{
    private static readonly ConcurrentStack<Action> Ends = new();

    static OwnServers() => AppDomain.CurrentDomain.ProcessExit += (_, _) => EndAll();

    /// <summary>Has this done at the end of the run, once.</summary>
    internal static void AtEnd(Action end) => Ends.Push(end);

    public void Dispose() => EndAll();

    private static void EndAll()
    {
        while (Ends.TryPop(out var end))
            end();
    }
}
