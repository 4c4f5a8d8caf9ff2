using System.Globalization;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Upkeep;

/// <summary>One object as a manifest lists it.</summary>
internal readonly record struct ManifestEntry(long Seq, long Size, string Sha256, string Key);

/// <summary>
/// The digests of the objects of a run of publications, as text that <c>sha256sum -c</c> takes as it is, in
/// the backup as well as in the data folder:
/// <code>
/// # 17 2048 9f86d0…  objects/imap/swe/l0/2026/01/imap_swe_l0_raw_20260101_v001.pkts
/// </code>
/// The comment above each line gives the publication's number and the size in bytes.
/// </summary>
internal static class Manifest
{
    private const string Between = "  objects/";
    private const int DigestLength = 64;

    public static async Task WriteAsync(TextWriter writer, CopiedFile file, CancellationToken cancel) => await writer.WriteAsync(
        string.Create(CultureInfo.InvariantCulture, $"# {file.Seq} {file.Size}\n{file.Sha256}{Between}{file.Key}\n").AsMemory(), cancel);

    /// <exception cref="SettingException">The file is no manifest.</exception>
    public static IEnumerable<ManifestEntry> Read(string path)
    {
        long seq = 0, size = 0;
        foreach (var line in File.ReadLines(path))
        {
            if (line.StartsWith("# ", StringComparison.Ordinal))
            {
                var space = line.IndexOf(' ', 2);
                if (space < 0 || !Whole(line.AsSpan(2, space - 2), out seq) || !Whole(line.AsSpan(space + 1), out size))
                    throw Malformed(path, line);
            }
            else if (line.Length > DigestLength + Between.Length && line.AsSpan(DigestLength).StartsWith(Between))
            {
                yield return new(seq, size, line[..DigestLength], line[(DigestLength + Between.Length)..]);
            }
            else
            {
                throw Malformed(path, line);
            }
        }
    }

    private static bool Whole(ReadOnlySpan<char> text, out long number) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private static SettingException Malformed(string path, string line) =>
        new($"The manifest {path} has the line '{(line.Length > 80 ? line[..80] + "…" : line)}', which no backup writes.");
}
