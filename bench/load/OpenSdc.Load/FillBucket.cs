using System.Buffers.Binary;
using System.Diagnostics;
using System.Security.Cryptography;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Load;

/// <summary>
/// Makes an archive that is not running, of the files of <see cref="NameGenerator"/>: its objects in a
/// bucket, its records in a data folder.
/// </summary>
internal static class FillBucket
{
    private const int InTransaction = 5_000;
    private const int AtOnce = 32;

    public static async Task<int> Run(Arguments options)
    {
        var rows = options.Number("rows");
        var size = (int)options.Number("size", 1024);
        var generator = new NameGenerator(rows);
        using var bucket = await S3Opening.OpenAsync(LocationOf(options), TimeProvider.System, CancellationToken.None);
        using var folder = DataFolder.Open(options.Text("data"));
        using var sqlite = new Sqlite(folder.CatalogueFile);
        using var telemetry = new Telemetry();
        using var catalogue = new Catalogue(sqlite, TimeProvider.System, telemetry) { ReleasesAll = true };
        await catalogue.OpenAsync(CancellationToken.None);

        var started = Stopwatch.GetTimestamp();
        for (long from = 0; from < rows; from += InTransaction)
        {
            var batch = new Publication[(int)Math.Min(InTransaction, rows - from)];
            var first = from;
            await Parallel.ForAsync(
                0,
                batch.Length,
                new ParallelOptions { MaxDegreeOfParallelism = AtOnce },
                async (i, cancel) =>
                {
                    var bytes = new byte[size];
                    BinaryPrimitives.WriteInt64BigEndian(bytes, first + i);
                    var name =
                        FileName.Parse(generator[first + i].Name, Mission.Imap).Name
                        ?? throw new LoadFailedException($"{generator[first + i].Name} is no name of the mission");
                    await bucket.AskAsync(
                        S3Bucket.ForBytes,
                        (client, token) =>
                            client.PutObjectAsync(
                                new()
                                {
                                    BucketName = bucket.Name,
                                    Key = bucket.ObjectKey(name.Key),
                                    InputStream = new MemoryStream(bytes),
                                    UseChunkEncoding = false,
                                },
                                token
                            ),
                        cancel
                    );
                    batch[i] = new Publication(name, size, Convert.ToHexStringLower(SHA256.HashData(bytes)));
                }
            );
            await catalogue.PublishAsync(batch, CancellationToken.None);
        }

        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine($"filled rows={rows} seconds={seconds:0.0} rate={rows / seconds:0}");
        return 0;
    }

    public static S3Location LocationOf(Arguments options) =>
        (S3Location.Parse(options.Text("objects")) ?? throw new UsageException("--objects is s3://BUCKET/PREFIX")) with
        {
            Endpoint = new Uri(options.Text("endpoint")),
            PathStyle = true,
        };
}
