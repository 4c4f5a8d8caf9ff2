using System.Text.RegularExpressions;
using OpenSdc.Tests.Cli;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary><c>sdc fsck --json</c> is an interface: on one and the same damaged archive it stays as it is, byte for byte.</summary>
public sealed partial class FsckJsonTests
{
    private static readonly DateTime Written = new(2026, 2, 3, 4, 5, 6, DateTimeKind.Utc);

    [Theory]
    [InlineData("sizes", "")]
    [InlineData("digest", " --digest")]
    [InlineData("repair", " --digest --repair --max-changes 100%")]
    public async Task The_report_on_a_damaged_archive_stays_byte_for_byte(string report, string options)
    {
        using var archive = await FsckArchive.MakeAsync(12);
        Harm(archive);
        await using var sdc = SdcProcess.Start(archive.Folder, $"fsck --json --readers 1 --data {archive.Folder}{options}");
        (await sdc.ExitCodeAsync()).ShouldBe(20, sdc.Errors);

        var actual = Moments().Replace(sdc.Output, "$1#").Replace(archive.Folder, "/archive", StringComparison.Ordinal).TrimEnd();
        var expected = Path.Combine(SharedData.RepositoryRoot, "tests", "OpenSdc.Tests", "Upkeep", $"fsck-{report}.json");
        if (Environment.GetEnvironmentVariable("OPENSDC_ACCEPT") is not null)
            await File.WriteAllTextAsync(expected, actual + "\n");
        actual.ShouldBe((await File.ReadAllTextAsync(expected)).TrimEnd());
    }

    /// <summary>One harm of each kind, on files with a mark and without.</summary>
    private static void Harm(FsckArchive archive)
    {
        var keys = archive.Keys;
        File.Delete(archive.PathOf(keys[0]));
        archive.Truncate(keys[1]);
        archive.FlipBit(keys[2]);
        File.Delete(archive.PathOf(keys[3]));
        File.CreateSymbolicLink(archive.PathOf(keys[3]), "nowhere");
        Mark(4, "damaged");
        Mark(5, "lost");
        File.Delete(archive.PathOf(keys[5]));
        Mark(6, "damaged");
        archive.FlipBit(keys[6]);
        Mark(7, "lost");
        archive.Truncate(keys[7]);
        Mark(8, "damaged");
        File.Delete(archive.PathOf(keys[8]));
        File.Delete(archive.PathOf(keys[9]));
        FsckArchive.Shell($"mkfifo '{archive.PathOf(keys[9])}'");
        FsckArchive.Shell($"mkfifo '{archive.PathOf("imap/pipe")}'");
        File.SetLastWriteTimeUtc(archive.PathOf("imap/pipe"), Written);
        foreach (var key in (string[])[FsckArchive.NameOf(5, "orphan").Key, "imap/swe/" + FsckArchive.NameOf(5, "misplaced").Name])
            File.SetLastWriteTimeUtc(archive.PathOf(archive.Put(key)), Written);
        var slot = Directory.CreateDirectory(Path.Combine(archive.Folder, "staging", "0042")).FullName;
        File.WriteAllText(Path.Combine(slot, FsckArchive.NameOf(6, "left").Name), "half");
        // A file system's clock may be behind by a tick, within which the check calls a file too young.
        Thread.Sleep(100);

        void Mark(int file, string kind) =>
            archive.Run(
                $"INSERT INTO corrupt_or_missing (seq, kind, at) SELECT seq, '{kind}', '20260101 00:00:00' FROM files WHERE file_path = '{keys[file]}'"
            );
    }

    [GeneratedRegex("""("started":"|"seconds":|/fsck/)[^",]+""")]
    private static partial Regex Moments();
}
