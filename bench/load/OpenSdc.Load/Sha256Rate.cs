using System.Diagnostics;
using System.Security.Cryptography;

namespace OpenSdc.Load;

/// <summary>
/// How fast one core computes SHA-256: 1 GiB in pieces of 1 MiB, the best of three. No archive that verifies can store faster than this
/// in one stream.
/// </summary>
internal static class Sha256Rate
{
    public static int Run()
    {
        var piece = new byte[1 << 20];
        RandomNumberGenerator.Fill(piece);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var best = 0.0;
        for (var run = 0; run < 3; run++)
        {
            var started = Stopwatch.GetTimestamp();
            for (var i = 0; i < 1024; i++)
                hash.AppendData(piece);
            hash.GetHashAndReset();
            best = Math.Max(best, 1024.0 * piece.Length / 1e6 / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        Console.WriteLine($"mb_s={best:F1}");
        return 0;
    }
}
