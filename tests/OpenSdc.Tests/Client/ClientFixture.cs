using System.Security.Cryptography;
using OpenSdc.Client;
using OpenSdc.Contract;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Client;

/// <summary>An archive with one file of some size, and a folder for what is fetched.</summary>
public sealed class ClientFixture : ArchiveFixture, IAsyncLifetime
{
    public const int Size = 1_500_000;

    public static readonly byte[] Bytes = Of(1, Size);

    public FileRecord Record { get; private set; } = null!;

    /// <summary>Bytes that look like no text, the same for the same seed.</summary>
    public static byte[] Of(int seed, int size)
    {
        var bytes = new byte[size];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    public static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>A client that waits next to nothing between its tries.</summary>
    public static SdcClient ClientOf(Uri address, Func<SdcClientOptions, SdcClientOptions>? configure = null)
    {
        var options = new SdcClientOptions
        {
            Address = address,
            RetryDelay = TimeSpan.FromMilliseconds(2),
            MaxRetryDelay = TimeSpan.FromMilliseconds(20),
        };
        return new SdcClient(configure?.Invoke(options) ?? options);
    }

    async ValueTask IAsyncLifetime.InitializeAsync()
    {
        await InitializeAsync();
        var name = NewName("cdf");
        await Archive.UploadAsync(name, Bytes);
        Record = (await Archive.QueryAsync($"filename={name}")).ShouldHaveSingleItem();
    }
}

/// <summary>A temporary folder of one test.</summary>
public sealed class Folder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("opensdc-client-").FullName;

    /// <summary>What lies in it and below, relative.</summary>
    public IReadOnlyList<string> Files =>
        [
            .. Directory
                .EnumerateFiles(Path, "*", SearchOption.AllDirectories)
                .Select(path => System.IO.Path.GetRelativePath(Path, path))
                .Order(StringComparer.Ordinal),
        ];

    public string Write(string name, byte[] bytes)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>Progress that is told at once, in the thread that reports it.</summary>
internal sealed class Told(Action<TransferProgress> act) : IProgress<TransferProgress>
{
    public void Report(TransferProgress value) => act(value);
}
