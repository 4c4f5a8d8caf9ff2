using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using Microsoft.Data.Sqlite;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Load;

/// <summary>
/// Fills the catalogue of an archive that is not running with the rows of <see cref="NameGenerator"/>, in its
/// order, through the publisher's own transaction, tens of thousands of rows in each, so that the pages of an
/// index are written once for many rows. The rows have no objects behind them: a row is enough for the query
/// and for the redirect, and the objects that are fetched are really uploaded.
/// </summary>
internal static class Fill
{
    private const int RowsInTransaction = 50_000;

    public static async Task<int> Run(Arguments options)
    {
        var rows = options.Number("rows");
        var generator = new NameGenerator(rows);
        var mission = Mission.Imap;
        if (options.Text("catalogue", "") is { Length: > 0 } database)
        {
            using var postgres = new Postgres(database, TimeProvider.System);
            var outcome = await RunAsync(options, rows, generator, mission, postgres, file: null);
            MakeNewest(options.Text("data"), PublicationOf(generator[rows - 1].Name, rows - 1, mission));
            return outcome;
        }

        using var folder = DataFolder.Open(options.Text("data"));
        using var sqlite = new Sqlite(folder.CatalogueFile) { WriterCache = 256 * 1024 };
        return await RunAsync(options, rows, generator, mission, sqlite, folder.CatalogueFile);
    }

    private static async Task<int> RunAsync(
        Arguments options,
        long rows,
        NameGenerator generator,
        Mission mission,
        SqlDialect dialect,
        string? file
    )
    {
        using var telemetry = new Telemetry();
        using var catalogue = new Catalogue(dialect, TimeProvider.System, telemetry) { ReleasesAll = true };
        await catalogue.OpenAsync(CancellationToken.None);

        // What an earlier run left is not filled again.
        var head = await catalogue.HeadAsync(CancellationToken.None);
        var until = options.Number("seconds", long.MaxValue);
        var started = Stopwatch.GetTimestamp();
        using var stop = new CancellationTokenSource();
        var checkpoints = file is null ? Task.CompletedTask : Task.Run(() => Checkpoint(file, stop.Token));
        var next = Task.Run(() => Batch(head));
        var from = head;
        while (from < rows && Stopwatch.GetElapsedTime(started).TotalSeconds < until)
        {
            var batch = await next;
            from += batch.Length;
            // As in the service, names are read while others are being recorded.
            var after = from;
            next = Task.Run(() => Batch(after));
            await catalogue.PublishAsync(batch, CancellationToken.None);
        }

        await stop.CancelAsync();
        await checkpoints;
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var size = file is null ? "" : $" bytes_per_row={(double)new FileInfo(file).Length / from:0}";
        Console.WriteLine($"filled rows={from} from={head} seconds={seconds:0.0} rate={(from - head) / seconds:0}{size}");
        return 0;

        Publication[] Batch(long from)
        {
            var batch = new Publication[(int)Math.Clamp(rows - from, 0, RowsInTransaction)];
            for (var i = 0; i < batch.Length; i++)
                batch[i] = PublicationOf(generator[from + i].Name, from + i, mission);
            return batch;
        }
    }

    /// <summary>
    /// Records that lie apart from the objects are not served where none of these is there: the newest has
    /// one, of zeros.
    /// </summary>
    public static void MakeNewest(string data, Publication newest)
    {
        var path = Path.Combine(data, "objects", newest.Name.Key);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        using var file = File.Create(path);
        file.SetLength(newest.Size);
    }

    /// <summary>
    /// Moves pages from the log into the database while others are being written to the log. Of two that want
    /// to do it at once one lets it be, so that the writer mostly need not.
    /// </summary>
    private static void Checkpoint(string file, CancellationToken stop)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA wal_checkpoint(PASSIVE)";
        while (!stop.WaitHandle.WaitOne(TimeSpan.FromMilliseconds(100)))
            command.ExecuteNonQuery();
        command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
        command.ExecuteNonQuery();
    }

    private static Publication PublicationOf(string name, long index, Mission mission)
    {
        Span<byte> seed = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(seed, index);
        return new Publication(
            FileName.Parse(name, mission).Name ?? throw new LoadFailedException($"{name} is no name of the mission"),
            1024 + (index % 1_000_000),
            Convert.ToHexStringLower(SHA256.HashData(seed)));
    }
}
