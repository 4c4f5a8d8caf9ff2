using System.Text;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>An archive that the tests of one class share.</summary>
public class ArchiveFixture : IAsyncLifetime
{
    private static int names;

    public RunningArchive Archive { get; private set; } = null!;

    /// <summary>What it holds at the beginning; the bytes of each file are its name.</summary>
    protected virtual IReadOnlyList<string> Files => [];

    /// <summary>A name that no other test uses.</summary>
    public static string NewName(string extension = "pkts") =>
        $"imap_swe_l1a_n{Interlocked.Increment(ref names)}_20260101_v001.{extension}";

    /// <summary>Its settings.</summary>
    protected virtual Server.ServerOptions Configure(Server.ServerOptions options) => options;

    public async ValueTask InitializeAsync()
    {
        Archive = await RunningArchive.StartAsync(Configure);
        foreach (var name in Files)
            await Archive.UploadAsync(name, Encoding.ASCII.GetBytes(name));
    }

    public async ValueTask DisposeAsync() => await Archive.DisposeAsync();
}

/// <summary>The same with its objects in an S3 store, whose bytes pass through the server.</summary>
public sealed class S3ArchiveFixture : ArchiveFixture
{
    protected override Server.ServerOptions Configure(Server.ServerOptions options) => CephServer.Use(options);
}

/// <summary>An archive that holds the files of the founding document's answers.</summary>
public sealed class FoundingArchive : ArchiveFixture
{
    public const string Codice = "imap_codice_l1a_lo_20260101_20260102_v01-01.cdf";
    public const string CodiceKey = "imap/codice/l1a/2026/01/" + Codice;

    protected override IReadOnlyList<string> Files =>
        [Codice, "imap_mag_l0_burst_20230112_20230113_v01-01.pkts", "imap_mag_l0_burst_20230112_20230113_v01-02.pkts", "naif0012.tls"];
}
