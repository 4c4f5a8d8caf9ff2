using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Load;

/// <summary>
/// Makes an archive that is not running, of the files of <see cref="NameGenerator"/>: objects of one size and
/// their records. The objects are written side by side and not flushed, since nothing of it is to outlive the
/// measurement.
/// </summary>
internal static class FillObjects
{
    private const int InTransaction = 10_000;
    private const int PieceSize = 1 << 20;

    public static async Task<int> Run(Arguments options)
    {
        var rows = options.Number("rows");
        var size = options.Number("size", 64);
        var generator = new NameGenerator(rows);
        using var folder = DataFolder.Open(options.Text("data"));
        using var sqlite = new Sqlite(folder.CatalogueFile);
        using var telemetry = new Telemetry();
        using var catalogue = new Catalogue(sqlite, TimeProvider.System, telemetry) { ReleasesAll = true };
        await catalogue.OpenAsync(CancellationToken.None);
        var objects = Directory.CreateDirectory(Path.Combine(folder.Path, "objects")).FullName;
        Directory.CreateDirectory(Path.Combine(folder.Path, "staging"));
        var piece = new byte[Math.Min(size, PieceSize)];
        RandomNumberGenerator.Fill(piece);

        var started = Stopwatch.GetTimestamp();
        for (long from = 0; from < rows; from += InTransaction)
        {
            var batch = new Publication[(int)Math.Min(InTransaction, rows - from)];
            Parallel.For(0, batch.Length, i => batch[i] = Make(objects, generator[from + i].Name, from + i, size, piece));
            await catalogue.PublishAsync(batch, CancellationToken.None);
        }

        Console.WriteLine($"filled rows={rows} bytes={rows * size} seconds={Stopwatch.GetElapsedTime(started).TotalSeconds:0.0}");
        return 0;
    }

    /// <summary>One file: its number, then the same random bytes as all others, as often as they fit.</summary>
    private static Publication Make(string objects, string text, long number, long size, byte[] piece)
    {
        var name = FileName.Parse(text, Mission.Imap).Name ?? throw new LoadFailedException($"{text} is no name of the mission");
        var path = Path.Combine(objects, name.Key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        Span<byte> head = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(head, number);
        head = head[..(int)Math.Min(head.Length, size)];
        RandomAccess.Write(file, head, 0);
        hash.AppendData(head);
        for (long at = head.Length; at < size;)
        {
            var part = piece.AsSpan(0, (int)Math.Min(piece.Length, size - at));
            RandomAccess.Write(file, part, at);
            hash.AppendData(part);
            at += part.Length;
        }

        return new Publication(name, size, Convert.ToHexStringLower(hash.GetHashAndReset()));
    }
}
