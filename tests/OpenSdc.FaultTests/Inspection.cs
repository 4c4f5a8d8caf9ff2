using System.Diagnostics;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using OpenSdc.Contract;

namespace OpenSdc.FaultTests;

/// <summary>
/// Holds an archive against what its clients know, from outside: by its routes, by its folders, and by its
/// own <c>sdc fsck</c>.
/// </summary>
internal static class Inspection
{
    private static readonly string[] Families = ["science", "ancillary", "spice", "quicklook", "dependency", "release"];

    /// <summary>All records, by name. No number and no name comes twice, and none is greater than that of the newest change.</summary>
    public static async Task<Dictionary<string, FileRecord>> ListAsync(Archive archive, Ledger ledger)
    {
        var records = new Dictionary<string, FileRecord>(StringComparer.Ordinal);
        foreach (var family in Families)
        {
            await using var stream = await archive.OpenAsync($"/query?table={family}&version=*");
            await foreach (var record in JsonSerializer.DeserializeAsyncEnumerable(stream, ContractJson.Default.FileRecord))
            {
                if (!records.TryAdd(Path.GetFileName(record!.FilePath), record))
                    ledger.Faults.Enqueue($"{record.FilePath} is listed twice");
            }
        }

        if (records.Values.GroupBy(record => record.Seq).FirstOrDefault(same => same.Count() > 1) is { } twice)
            ledger.Faults.Enqueue($"The number {twice.Key} is that of {string.Join(" and ", twice.Select(record => record.FilePath))}");
        return records;
    }

    /// <summary>
    /// After a restart: everything acknowledged is there as acknowledged, and whatever else is there was sent
    /// whole by someone.
    /// </summary>
    public static async Task AfterRestartAsync(Archive archive, string dataFolder, Ledger ledger, bool downloadAll)
    {
        var staged = Directory.EnumerateFiles(Path.Combine(dataFolder, "staging"), "*", SearchOption.AllDirectories).ToList();
        if (staged.Count > 0)
            ledger.Faults.Enqueue($"Staging holds {staged.Count} files after recovery, such as {staged[0]}");
        await CountChangesAsync(dataFolder, ledger);
        await ListsAllAsync(archive, ledger);
        await DownloadAllAsync(archive, ledger, file => downloadAll || !file.Verified);
    }

    /// <summary>The ledger's changes run from 1 to its number without a gap, and every record has the one that published it.</summary>
    private static async Task CountChangesAsync(string dataFolder, Ledger ledger)
    {
        const string Sql = """
            SELECT (SELECT seq FROM ledger), (SELECT COUNT(*) FROM changes), (SELECT COALESCE(MAX(seq), 0) FROM changes),
              (SELECT COUNT(*) FROM files WHERE NOT EXISTS (SELECT 1 FROM changes WHERE changes.seq = files.seq AND changes.file = files.seq))
            """;
        var file = Path.Combine(dataFolder, "catalogue.sqlite");
        // Replicas keep their records in a database of their own.
        if (!File.Exists(file))
            return;
        await using var database = new SqliteConnection($"Data Source={file};Mode=ReadOnly;Pooling=False");
        await database.OpenAsync();
        await using var command = database.CreateCommand();
        command.CommandText = Sql;
        await using var reader = await command.ExecuteReaderAsync();
        await reader.ReadAsync();
        var (seq, count, newest, without) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
        if (seq != count || seq != newest || without > 0)
            ledger.Faults.Enqueue(
                $"The ledger stands at {seq}, with {count} changes up to {newest}; {without} records have none that published them"
            );
    }

    /// <summary>Everything acknowledged is listed as acknowledged, and whatever else is listed was sent whole by someone.</summary>
    public static async Task ListsAllAsync(Archive archive, Ledger ledger)
    {
        var records = await ListAsync(archive, ledger);
        foreach (var file in ledger.Files.Values.Where(file => file.Receipt is not null && !records.ContainsKey(file.Name)))
            ledger.Faults.Enqueue($"{file.Name} was acknowledged as {file.Receipt} and is lost");
        foreach (var (name, record) in records)
        {
            var receipt = new UploadReceipt(record.FilePath, record.Size, record.Sha256, record.Seq, record.IngestionDate);
            var fault = ledger.Files.TryGetValue(name, out var file) ? file.Accept(receipt) : $"{name} is there but nobody sent it";
            if (fault is not null)
                ledger.Faults.Enqueue(fault);
        }
    }

    /// <summary>Reads every byte of the acknowledged files, or of some of them.</summary>
    public static Task DownloadAllAsync(Archive archive, Ledger ledger, Func<TrackedFile, bool>? which = null) => Parallel.ForEachAsync(
        ledger.Files.Values.Where(file => file.Receipt is not null && which?.Invoke(file) != false),
        new ParallelOptions { MaxDegreeOfParallelism = 8 },
        async (file, _) =>
        {
            if (await DownloadAsync(archive, file.Name, file.Receipt!) is { } fault)
                ledger.Faults.Enqueue(fault);
            file.Verified = true;
            ledger.CountVerified(file.Receipt!.Size);
        });

    /// <summary>Follows the redirect and reads every byte; null where they are those of the receipt.</summary>
    public static async Task<string?> DownloadAsync(Archive archive, string name, UploadReceipt receipt)
    {
        var redirect = await archive.GetAsync($"/download/{name}");
        if (redirect is not { Status: 302, Location: { } location })
            return $"The download of {name} was answered {redirect}";
        // The bytes may lie elsewhere than the archive.
        string sha256;
        try
        {
            await using var stream = await archive.OpenAsync(location.AbsoluteUri);
            sha256 = Convert.ToHexStringLower(await SHA256.HashDataAsync(stream));
        }
        catch (HttpRequestException refused) when (refused.StatusCode is not null)
        {
            return $"{name} is answered {await archive.GetAsync(location.AbsoluteUri)}, once {(int)refused.StatusCode}\n{archive.Log}";
        }

        return sha256 == receipt.Sha256 ? null : $"{name} was downloaded with SHA-256 {sha256} instead of {receipt.Sha256}";
    }

    /// <summary>
    /// Walks the objects without any help of the archive: each has a record, each record has one, and all
    /// bytes are right.
    /// </summary>
    public static async Task WalkAsync(Archive archive, string dataFolder, Ledger ledger)
    {
        var records = (await ListAsync(archive, ledger)).Values.ToDictionary(record => record.FilePath, StringComparer.Ordinal);
        var objects = Path.Combine(dataFolder, "objects");
        foreach (var path in Directory.EnumerateFiles(objects, "*", SearchOption.AllDirectories))
        {
            var key = Path.GetRelativePath(objects, path);
            if (!records.Remove(key, out var record))
            {
                ledger.Faults.Enqueue($"The object {key} has no record");
                continue;
            }

            await using var stream = File.OpenRead(path);
            if (stream.Length != record.Size || Convert.ToHexStringLower(await SHA256.HashDataAsync(stream)) != record.Sha256)
                ledger.Faults.Enqueue($"The object {key} has other bytes than its record says");
        }

        foreach (var key in records.Keys)
            ledger.Faults.Enqueue($"The record {key} has no object");
    }

    /// <summary>The archive's own judgement, while it serves.</summary>
    public static Task FsckAsync(string dataFolder, Ledger ledger) => FsckAsync(ledger, "--data", dataFolder);

    /// <summary>The same, of an archive that settings name.</summary>
    public static async Task FsckAsync(Ledger ledger, params string[] settings)
    {
        var (code, said) = await SdcAsync(["fsck", "--digest", .. settings]);
        if (code != 0)
            ledger.Faults.Enqueue($"sdc fsck --digest ended with status {code}: {said}");
    }

    /// <summary>Runs a command of the program that must succeed.</summary>
    public static async Task RunAsync(params string[] arguments)
    {
        var (code, said) = await SdcAsync(arguments);
        if (code != 0)
            throw new InvalidOperationException($"sdc {string.Join(' ', arguments)} ended with status {code}: {said}");
    }

    private static async Task<(int Code, string Said)> SdcAsync(string[] arguments)
    {
        using var sdc = Process.Start(Run.Sdc(arguments))!;
        var said = await Task.WhenAll(sdc.StandardOutput.ReadToEndAsync(), sdc.StandardError.ReadToEndAsync());
        await sdc.WaitForExitAsync();
        return (sdc.ExitCode, string.Concat(said));
    }
}
