namespace OpenSdc.Cli.Demo;

/// <summary>
/// SplitMix64: the same seed gives the same numbers on every machine and every runtime, which <see cref="Random"/> does not promise.
/// So a demo archive has the same digests wherever it is filled.
/// </summary>
internal struct DemoNoise(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number from 0 to <paramref name="bound"/> - 1, even enough for synthetic counts.</summary>
    public int Below(int bound) => (int)((Next() >> 32) * (ulong)bound >> 32);
}
