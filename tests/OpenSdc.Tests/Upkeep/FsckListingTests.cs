using CsCheck;
using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

public sealed class FsckListingTests
{
    // Those around the slash, and what else sorts unexpectedly.
    private const string Letters = "abB.-0_~ \né水\uE000";

    private static readonly Gen<string> Segment = Gen.Int[0, Letters.Length - 1].Array[1, 4]
        .Select(picks => string.Concat(picks.Select(pick => Letters[pick])))
        .Where(segment => segment is not ("." or ".."));

    [Fact]
    public void A_listing_is_in_ordinal_order_and_complete() => Segment.Array[1, 4].Array[0, 40].Sample(paths =>
    {
        var root = Directory.CreateTempSubdirectory("opensdc-listing-").FullName;
        try
        {
            var made = new List<string>();
            foreach (var path in paths)
            {
                var key = string.Join('/', path);
                var file = Path.Combine(root, key);
                if (!TryMakeFolder(Path.GetDirectoryName(file)!) || File.Exists(file) || Directory.Exists(file))
                    continue;
                File.WriteAllText(file, key);
                made.Add(key);
            }

                        made.Sort(StringComparer.Ordinal);
                        DiskListing.Of(root).Select(listed => listed.Key).ShouldBe(made);
                        DiskListing
                            .Of(root)
                            .ShouldAllBe(listed =>
                                listed.What == ListedKind.Object && listed.Length == new FileInfo(Path.Combine(root, listed.Key)).Length
                            );
                    }
                    finally
                    {
                        Directory.Delete(root, recursive: true);
                    }
                },
                iter: 200,
                threads: 1
            );

    [Fact]
    public void Links_are_told_and_never_followed()
    {
        var root = Directory.CreateTempSubdirectory("opensdc-listing-").FullName;
        Directory.CreateDirectory(Path.Combine(root, "a"));
        File.WriteAllText(Path.Combine(root, "a", "file"), "x");
        Directory.CreateSymbolicLink(Path.Combine(root, "a", "loop"), root);
        Directory.CreateSymbolicLink(Path.Combine(root, "out"), "/etc");
        File.CreateSymbolicLink(Path.Combine(root, "a-link"), Path.Combine(root, "a", "file"));
        DiskListing.Of(root).Select(listed => (listed.Key, listed.What)).ShouldBe(
            [("a-link", ListedKind.Link), ("a/file", ListedKind.Object), ("a/loop", ListedKind.Link), ("out", ListedKind.Link)]);
        Directory.Delete(root, recursive: true);
    }

    [Fact]
    public void Renaming_a_file_shows_as_a_change_of_now()
    {
        var root = Directory.CreateTempSubdirectory("opensdc-listing-").FullName;
        var file = Path.Combine(root, "file");
        File.WriteAllText(file, "x");
        File.SetLastWriteTimeUtc(file, new DateTime(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        var listed = DiskListing.Of(root).ShouldHaveSingleItem();
        listed.LastWrite.ShouldBe(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        listed.LastChange.ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
        Directory.Delete(root, recursive: true);
    }

    private static bool TryMakeFolder(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            return true;
        }
        catch (IOException)
        {
            return false; // a file has that name
        }
    }
}
