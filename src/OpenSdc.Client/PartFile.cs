using System.Buffers;
using System.Security.Cryptography;

namespace OpenSdc.Client;

/// <summary>
/// The file under which a download grows, <c>NAME.part</c>, with the digest of what it holds. It is locked while
/// it is open, so that two downloads of one file do not write over each other, and stays where a download is
/// interrupted.
/// </summary>
internal sealed class PartFile : IAsyncDisposable
{
    public const int BufferSize = 256 << 10;

    private readonly FileStream file;
    private readonly IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    private PartFile(FileStream file) => this.file = file;

    /// <summary>Bytes that it holds, all of them in the digest.</summary>
    public long Length { get; private set; }

    /// <summary>Opens the file, or makes it.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="keep">Whether what an earlier download left in it is kept, up to the longest length.</param>
    /// <param name="longest">Bytes that it may hold; beyond them it cannot be the beginning of the file, and is
    /// emptied.</param>
    /// <param name="cancel">Ends the reading.</param>
    /// <exception cref="SdcException">Another download has it open.</exception>
    public static async Task<PartFile> OpenAsync(string path, bool keep, long longest, CancellationToken cancel)
    {
        FileStream opened;
        try
        {
            // On Unix this locks the file for this handle alone; on Windows it must be renamed while it is open.
            opened = new FileStream(
                path, FileMode.OpenOrCreate, FileAccess.ReadWrite, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None,
                    bufferSize: 0, FileOptions.Asynchronous);
        }
        catch (IOException failure) when (File.Exists(path) && failure is not (DirectoryNotFoundException or FileNotFoundException))
        {
            throw new SdcException(SdcError.Busy, $"Another download has {path} open.", failure);
        }

        var part = new PartFile(opened);
        try
        {
            // Between opening and locking, the download that had it may have given it its name.
            if (!File.Exists(path))
                throw new SdcException(SdcError.Busy, $"Another download has just ended {path}.");
            if (opened.Length > 0)
            {
                if (keep && opened.Length <= longest)
                    await part.ReadAsync(cancel);
                else
                    part.Clear();
            }

            return part;
        }
        catch
        {
            await part.DisposeAsync();
            throw;
        }
    }

    /// <summary>Empties it.</summary>
    public void Clear()
    {
        file.SetLength(0);
        file.Position = 0;
        hash.GetHashAndReset();
        Length = 0;
    }

    /// <summary>Appends bytes. Not asynchronous: .NET would do the same on another thread, which costs more than the write.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        file.Write(bytes);
        hash.AppendData(bytes);
        Length += bytes.Length;
    }

    /// <summary>SHA-256 of what it holds, 64 lower-case hexadecimal digits.</summary>
    public string Sha256() => Convert.ToHexStringLower(hash.GetCurrentHash());

    public void Flush() => Durable.Flush(file);

    public async ValueTask DisposeAsync()
    {
        hash.Dispose();
        await file.DisposeAsync();
    }

    /// <summary>SHA-256 of a file, 64 lower-case hexadecimal digits.</summary>
    public static async Task<string> DigestAsync(string path, CancellationToken cancel)
    {
        await using var source = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0,
            FileOptions.SequentialScan | FileOptions.Asynchronous);
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (int count; (count = await source.ReadAsync(buffer, cancel)) > 0;)
                digest.AppendData(buffer, 0, count);
            return Convert.ToHexStringLower(digest.GetHashAndReset());
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private async Task ReadAsync(CancellationToken cancel)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            for (int count; (count = await file.ReadAsync(buffer, cancel)) > 0;)
            {
                hash.AppendData(buffer, 0, count);
                Length += count;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
