using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Load;

/// <summary>
/// Fills the catalogue of an archive that is not running with the rows of <see cref="NameGenerator"/>, in its order, through the publisher's own
/// transaction, thousands of rows in each. The rows have no objects behind them: a row is enough for the query and for the
/// redirect, and the objects that are fetched are really uploaded.
/// </summary>
internal static class Fill
{
    private const int RowsInTransaction = 10_000;

    public static async Task<int> Run(Arguments options)
    {
        var rows = options.Number("rows");
        var generator = new NameGenerator(rows);
        var mission = Mission.Imap;
        using var folder = DataFolder.Open(options.Text("data"));
        using var sqlite = new Sqlite(folder.CatalogueFile);
        using var telemetry = new Telemetry();
        using var catalogue = new Catalogue(sqlite, TimeProvider.System, telemetry);
        await catalogue.OpenAsync(CancellationToken.None);

        var started = Stopwatch.GetTimestamp();
        for (long from = 0; from < rows; from += RowsInTransaction)
        {
            var batch = new Publication[(int)Math.Min(RowsInTransaction, rows - from)];
            for (var i = 0; i < batch.Length; i++)
                batch[i] = PublicationOf(generator[from + i].Name, from + i, mission);
            await catalogue.PublishAsync(batch, CancellationToken.None);
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var bytes = new FileInfo(folder.CatalogueFile).Length;
        Console.WriteLine($"filled rows={rows} seconds={seconds:0.0} rate={rows / seconds:0} bytes_per_row={(double)bytes / rows:0}");
        return 0;
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
