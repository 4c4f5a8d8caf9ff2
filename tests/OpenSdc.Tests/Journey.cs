using System.Security.Cryptography;
using System.Text;
using OpenSdc.Contract;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>The journey of one file, for each family, and of the mission's real files; once for each store × catalogue.</summary>
public sealed class Journey
{
    public static MatrixTheoryData<string, string> Files => new(ArchiveSetup.Names,
    [
        "science imap/codice/l1a/2026/01/imap_codice_l1a_lo_20260101_20260102_v01-01.cdf",
        "science imap/glows/l1a/2026/12/imap_glows_l1a_counts_20261206-repoint00002_v001.cdf",
        "science imap/swe/l1/2026/09/imap_swe_l1_sci_20260901_v001.0002.cdf",
        "ancillary imap/ancillary/mag/imap_mag_l1-calibration_20260101_v001.json",
        "spice imap/spice/ck/imap_2026_001_2026_002_01.ah.bc",
        "quicklook imap/quicklook/swe/l1/2026/09/imap_swe_l1_sci_20260901_v001.png",
        "dependency imap/dependency/swe/l1/2026/09/imap_swe_l1_sci_20260901_v001.json",
        "release imap/release/hit/imap_hit_data-release-001_20260101_20260131_v001.txt",
    ]);

    public static TheoryData<string> Setups => [.. ArchiveSetup.Names];

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_file_of_each_family_goes_in_is_found_and_comes_out(string setup, string familyAndKey)
    {
        var family = familyAndKey.Split(' ')[0];
        var key = familyAndKey.Split(' ')[1];
        var name = Path.GetFileName(key);
        var bytes = Encoding.UTF8.GetBytes("the bytes of " + name);
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));

        var receipt = await archive.UploadAsync(name, bytes);
        receipt.FilePath.ShouldBe(key);

        var record = (await archive.QueryAsync($"table={family}")).ShouldHaveSingleItem();
        record.FilePath.ShouldBe(key);
        record.Sha256.ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        record.Size.ShouldBe(bytes.Length);
        (await archive.QueryAsync($"file_path={key}")).ShouldHaveSingleItem().ShouldBe(record);

        foreach (var path in (string[])[name, key, key["imap/".Length..]])
            (await archive.DownloadAsync(path)).ShouldBe(bytes);

        await archive.RestartAsync();
        (await archive.QueryAsync($"filename={name}")).ShouldHaveSingleItem().ShouldBe(record);
        (await archive.DownloadAsync(name)).ShouldBe(bytes);
    }

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task The_missions_real_files_come_out_with_their_digests(string setup)
    {
        var files = SharedData.Files();
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        await Parallel.ForEachAsync(
            files,
            new ParallelOptions { MaxDegreeOfParallelism = 4 },
            async (file, _) =>
            {
                var receipt = await archive.UploadAsync(
                    Path.GetFileName(file.Path),
                    await File.ReadAllBytesAsync(file.Path, CancellationToken.None)
                );
                receipt.Sha256.ShouldBe(file.Sha256);
            }
        );

        // Two of them have the same bytes under two names: each is a file of its own.
        files.Select(file => file.Sha256).Distinct().Count().ShouldBe(files.Count - 1);
        var records = new List<FileRecord>();
        foreach (var family in (string[])["science", "ancillary", "spice", "quicklook", "dependency", "release"])
            records.AddRange(await archive.QueryAsync($"table={family}"));
        records.Select(record => (Path.GetFileName(record.FilePath), record.Sha256)).Order()
            .ShouldBe(files.Select(file => (Path.GetFileName(file.Path), file.Sha256)).Order());
        records.Select(record => record.Seq).Order().ShouldBe(Enumerable.Range(1, files.Count).Select(i => (long)i));

        foreach (var (path, sha256) in files)
            Convert.ToHexStringLower(SHA256.HashData(await archive.DownloadAsync(Path.GetFileName(path)))).ShouldBe(sha256);
    }
}
