using OpenSdc.Contract.Naming;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Naming;

public sealed class ArchivePathTests
{
    private const string Name = "imap_swe_l1_sci_20260901_v001.0002.cdf";
    private const string Key = "imap/swe/l1/2026/09/" + Name;

    [Theory]
    [InlineData(Name)]
    [InlineData("science/" + Name)]
    [InlineData("imap/swe/l1/2026/09/" + Name)]
    [InlineData("/data/my folder/ü/" + Name)]
    public void Folders_of_an_upload_do_not_count(string path) =>
        ArchivePath.ParseUpload(path, Mission.Imap).Name.ShouldNotBeNull().Key.ShouldBe(Key);

    [Theory]
    [InlineData("", "The name is empty")]
    [InlineData("science/", "The name is empty")]
    [InlineData("../" + Name, "segment '..'")]
    [InlineData("a/../../" + Name, "segment '..'")]
    [InlineData("a/./" + Name, "segment '.'")]
    [InlineData("a/..", "segment '..'")]
    [InlineData("a\0b/" + Name, "U+0000")]
    [InlineData("a\\" + Name, "backslash")]
    [InlineData("a%2F" + Name, "encoded slash (%2F)")]
    [InlineData("..%2f" + Name, "encoded slash (%2F)")]
    [InlineData("a%5c" + Name, "encoded slash (%5C)")]
    public void A_path_that_climbs_or_hides_is_refused(string path, string sentence) =>
        ArchivePath.ParseUpload(path, Mission.Imap).Faults.ShouldContain(f => f.Message.Contains(sentence, StringComparison.Ordinal));

    [Theory]
    [InlineData(Key)]
    [InlineData("/" + Key)]
    [InlineData("swe/l1/2026/09/" + Name)]
    [InlineData(Name)]
    [InlineData("s3://bucket/" + Key)]
    [InlineData("s3://bucket/swe/l1/2026/09/" + Name)]
    [InlineData("S3://bucket/" + Key)]
    public void A_download_path_is_a_key_in_any_of_its_forms(string path)
    {
        var target = ArchivePath.ParseDownload(path, Mission.Imap);
        target.Kind.ShouldBe(DownloadTargetKind.File);
        target.Key.ShouldBe(Key);
    }

    [Theory]
    [InlineData("spice/ck/imap_2026_001_2026_002_01.ah.bc")]
    [InlineData("imap/spice/ck/imap_2026_001_2026_002_01.ah.bc")]
    [InlineData("s3://b/spice/ck/imap_2026_001_2026_002_01.ah.bc")]
    public void The_older_root_of_kernels_is_the_same_place(string path) =>
        ArchivePath.ParseDownload(path, Mission.Imap).Key.ShouldBe("imap/spice/ck/imap_2026_001_2026_002_01.ah.bc");

    [Theory]
    [InlineData("imap/swe/l1/2026/10/" + Name)]
    [InlineData("imap/imap/swe/l1/2026/09/" + Name)]
    [InlineData("imap//swe/l1/2026/09/" + Name)]
    [InlineData("science/" + Name)]
    [InlineData("spice/spk/imap_2026_001_2026_002_01.ah.bc")]
    [InlineData("IMAP/swe/l1/2026/09/" + Name)]
    public void Folders_of_a_download_that_are_not_the_names_are_not_found(string path)
    {
        var target = ArchivePath.ParseDownload(path, Mission.Imap);
        target.Kind.ShouldBe(DownloadTargetKind.OtherFolder);
        target.Name.ShouldNotBeNull();
        target.Key.ShouldBeNull();
    }

    [Theory]
    [InlineData("", DownloadTargetKind.NoName)]
    [InlineData("imap/swe/", DownloadTargetKind.NoName)]
    [InlineData("imap/swe/hello.txt", DownloadTargetKind.NotAName)]
    [InlineData("imap/../" + Name, DownloadTargetKind.NotAName)]
    [InlineData("s3://bucket", DownloadTargetKind.NotAName)]
    [InlineData("s3:///" + Name, DownloadTargetKind.NotAName)]
    [InlineData("imap%2F" + Name, DownloadTargetKind.NotAName)]
    public void What_is_not_a_name_says_why(string path, DownloadTargetKind kind)
    {
        var target = ArchivePath.ParseDownload(path, Mission.Imap);
        target.Kind.ShouldBe(kind);
        target.Faults.ShouldNotBeEmpty();
    }
}
