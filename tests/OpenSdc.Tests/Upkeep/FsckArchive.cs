using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Tests.Upkeep;

/// <summary>A small archive in a folder of its own, and what may happen to one.</summary>
internal sealed class FsckArchive : IDisposable
{
    private static readonly EnumerationOptions NoLinks = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = FileAttributes.ReparsePoint,
    };

    private FsckArchive(string folder) => Folder = folder;

    public string Folder { get; }

    public ServerOptions Settings => new() { Data = Folder };

    /// <summary>The files' keys in ordinal order.</summary>
    public List<string> Keys { get; } = [];

    /// <summary>Makes an archive of files of 1 000 bytes and a few more.</summary>
    public static async Task<FsckArchive> MakeAsync(int files = 20)
    {
        var archive = new FsckArchive(Directory.CreateTempSubdirectory("opensdc-fsck-test-").FullName);
        Directory.CreateDirectory(archive.PathOf(""));
        using var open = await archive.OpenAsync();
        await open.Catalogue.OpenAsync(CancellationToken.None);
        for (var i = 0; i < files; i++)
        {
            var name = NameOf(i);
            var bytes = BytesOf(i);
            await using var staged = await open.Store.StageApartAsync(name.Key, CancellationToken.None);
            await staged.WriteAsync(bytes, CancellationToken.None);
            await staged.FlushAsync(CancellationToken.None);
            await open.Store.PlaceAsync(staged, CancellationToken.None);
            await open.Catalogue.PublishAsync(
                [new Publication(name, bytes.Length, Convert.ToHexStringLower(SHA256.HashData(bytes)))],
                CancellationToken.None
            );
            archive.Keys.Add(name.Key);
        }

        archive.Keys.Sort(StringComparer.Ordinal);
        return archive;
    }

    public static FileName NameOf(int number, string descriptor = "sci") =>
        FileName
            .Parse(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"imap_swe_l1_{descriptor}_{new DateOnly(2026, 1, 1).AddDays(number):yyyyMMdd}_v001.0001.cdf"
                ),
                Mission.Imap
            )
            .Name!;

    public static byte[] BytesOf(int number) => [.. Enumerable.Range(0, 1000 + number).Select(i => (byte)(i * 7 + number))];

    public string PathOf(string key) => Path.Combine(Folder, "objects", key);

    public Task<OpenArchive> OpenAsync() => OpenArchive.OpenAsync(Settings, TimeProvider.System, CancellationToken.None);

    /// <summary>Writes a file of any name among the objects.</summary>
    public string Put(string key, string text = "bytes of an orphan")
    {
        Directory.CreateDirectory(Path.GetDirectoryName(PathOf(key))!);
        File.WriteAllText(PathOf(key), text);
        return key;
    }

    public void FlipBit(string key)
    {
        using var file = new FileStream(PathOf(key), FileMode.Open, FileAccess.ReadWrite);
        var was = file.ReadByte();
        file.Position = 0;
        file.WriteByte((byte)(was ^ 1));
    }

    public void Truncate(string key, int length = 10)
    {
        using var file = new FileStream(PathOf(key), FileMode.Open, FileAccess.ReadWrite);
        file.SetLength(length);
    }

    /// <summary>Checks by a clock an hour ahead, for which nothing of the test is too young to be judged.</summary>
    public async Task<(FsckReport Report, List<FsckFinding> Findings)> CheckAsync(
        FsckOptions? options = null, TimeProvider? clock = null, UpkeepProgress? progress = null, CancellationToken cancel = default)
    {
        using var run = await Fsck.RunAsync(
            Settings,
            options ?? new FsckOptions(),
            progress ?? new UpkeepProgress(),
            clock ?? Ahead(1),
            cancel
        );
        var findings = new List<FsckFinding>();
        await foreach (var finding in run.Report.Findings)
            findings.Add(finding);
        return (run.Report, findings);
    }

    public Task<(FsckReport Report, List<FsckFinding> Findings)> RepairAsync(string maxChanges = "100%", bool digest = true) =>
        CheckAsync(new FsckOptions { Repair = true, Digest = digest, MaxChanges = ChangeCap.Parse(maxChanges)!.Value });

    public Task<FsckUndoReport> UndoAsync(string log) => Fsck.UndoAsync(Settings, log, TimeProvider.System, CancellationToken.None);

    public static TimeProvider Ahead(double hours) => new AheadClock(TimeSpan.FromHours(hours));

    /// <summary>Every file but the catalogue's with its bytes and time, and every row of the catalogue.</summary>
    public string Everything(params string[] exceptFolders)
    {
        var all = new StringBuilder();
        foreach (var file in new DirectoryInfo(Folder).EnumerateFiles("*", NoLinks).OrderBy(file => file.FullName, StringComparer.Ordinal))
        {
            var path = Path.GetRelativePath(Folder, file.FullName);
            if (
                !path.StartsWith("catalogue.sqlite", StringComparison.Ordinal)
                && !exceptFolders.Any(folder => path.StartsWith(folder, StringComparison.Ordinal))
            )
                all.AppendLine(
                    CultureInfo.InvariantCulture,
                    $"{path} {file.LastWriteTimeUtc:O} {Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file.FullName)))}"
                );
        }

        return all.Append(Rows("files")).Append(Rows("changes")).Append(Rows("corrupt_or_missing")).Append(Rows("ledger")).ToString();
    }

    /// <summary>Changes the catalogue behind the archive's back.</summary>
    public void Run(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(Folder, "catalogue.sqlite")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>The rows of a table as text.</summary>
    public string Rows(string table)
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(Folder, "catalogue.sqlite")};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT * FROM {table} ORDER BY 1";
        using var reader = command.ExecuteReader();
        var rows = new StringBuilder();
        while (reader.Read())
            rows.AppendJoin('|', Enumerable.Range(0, reader.FieldCount).Select(i => reader.GetValue(i))).AppendLine();
        return rows.ToString();
    }

    public static void Shell(string command)
    {
        using var shell = Process.Start("sh", ["-c", command]);
        shell.WaitForExit();
    }

    // By the shell, which can name what is not text.
    public void Dispose() => Shell($"rm -rf '{Folder}'");

    private sealed class AheadClock(TimeSpan ahead) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + ahead;
    }
}
