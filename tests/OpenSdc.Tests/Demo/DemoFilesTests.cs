using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using OpenSdc.Cli.Demo;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Demo;

public sealed partial class DemoFilesTests
{
    [Fact]
    public void The_same_count_gives_the_same_files_and_a_larger_one_begins_with_them()
    {
        var first = DemoFiles.Generate(500).Select(file => (file.Name, Digest(file))).ToList();
        var second = DemoFiles.Generate(700).Select(file => (file.Name, Digest(file))).ToList();

        second.Take(500).ShouldBe(first);
    }

    /// <summary>The promise is the same bytes on every machine, so the digest over the first hundred files is written down here.</summary>
    [Fact]
    public void The_bytes_are_the_same_on_every_machine()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in DemoFiles.Generate(100))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(file.Name));
            hash.AppendData(file.Content.Span);
        }

        Convert.ToHexStringLower(hash.GetHashAndReset()).ShouldBe("6a9c55c628b0dd7e0668474d2c2bd2130dda0f4b854d9c32b0ed723ea0c2709c");
    }

    [Fact]
    public void Names_and_contents_are_unique()
    {
        var files = DemoFiles.Generate(20_000).ToList();
        files.Select(file => file.Name).Distinct(StringComparer.OrdinalIgnoreCase).Count().ShouldBe(20_000);
        files.Select(file => file.Name).ShouldAllBe(name => Family().IsMatch(name));

        // A table of one line repeats by chance, and so would it in a real archive; everything else differs.
        var contents = files.Where(file => !file.Name.EndsWith(".repoint.csv", StringComparison.Ordinal)).Select(Digest).ToList();
        contents.Distinct().Count().ShouldBe(contents.Count);
    }

    [Fact]
    public void Names_are_unique_over_a_million()
    {
        var names = Enumerable.Range(0, 1_000_000).Select(index => DemoFiles.Describe(index).Name);
        names.ToHashSet(StringComparer.OrdinalIgnoreCase).Count.ShouldBe(1_000_000);
    }

    [Fact]
    public void The_last_names_that_are_allowed_are_still_of_the_family()
    {
        for (var index = DemoFiles.MaxCount - 200; index < DemoFiles.MaxCount; index++)
            DemoFiles.Describe(index).Name.ShouldMatch(Family().ToString());
    }

    [Theory]
    [InlineData(20, 10, 7, 3, 12)]
    [InlineData(50, 10, 10, 5, 25)]
    [InlineData(400, 10, 12, 3, 150)]
    public void Few_files_already_spread(int count, int instruments, int levels, int versions, int days)
    {
        var science = DemoFiles.Generate(count).Select(file => Science().Match(file.Name)).Where(match => match.Success).ToList();

        int Distinct(string group) => science.Select(match => match.Groups[group].Value).Distinct(StringComparer.Ordinal).Count();
        Distinct("instrument").ShouldBeGreaterThanOrEqualTo(instruments);
        Distinct("level").ShouldBeGreaterThanOrEqualTo(levels);
        Distinct("version").ShouldBeGreaterThanOrEqualTo(versions);
        Distinct("day").ShouldBeGreaterThanOrEqualTo(days);
    }

    [Fact]
    public void Twenty_files_show_all_conventions_and_families()
    {
        var names = DemoFiles.Generate(20).Select(file => file.Name).ToList();
        names.ShouldContain(name => ConventionA().IsMatch(name));
        names.ShouldContain(name => ConventionC().IsMatch(name));
        names.ShouldContain(name => name.Contains("-repoint", StringComparison.Ordinal));
        foreach (var extension in (string[])[".pkts", ".cdf", ".csv", ".tls", ".png"])
            names.ShouldContain(name => name.EndsWith(extension, StringComparison.Ordinal), extension);
    }

    [Fact]
    public void Versions_of_a_day_are_published_in_order()
    {
        var latest = new Dictionary<(DemoProduct, DateOnly), int>();
        for (var index = 0; index < 100_000; index++)
        {
            var file = DemoFiles.Describe(index);
            var before = latest.GetValueOrDefault((file.Product, file.Day));
            file.Version.ShouldBe(before + 1);
            latest[(file.Product, file.Day)] = file.Version;
        }
    }

    [Fact]
    public void An_archive_of_two_years_has_gaps_late_files_and_reprocessed_days()
    {
        var files = Enumerable
            .Range(0, 100_000)
            .Select(DemoFiles.Describe)
            .Where(file => file.Product is { Level: "l1b", Instrument: "mag" })
            .ToList();
        var days = files.Select(file => file.DayIndex).ToHashSet();
        days.Count.ShouldBeInRange(600, 720);
        Enumerable.Range(163, 6).ShouldAllBe(day => !days.Contains(day), "the spacecraft was silent");
        files.GroupBy(file => file.DayIndex).ShouldContain(day => day.Count() > 2);

        var latencies = files
            .Where(file => file.Version == 1)
            .Select(file => (file.Arrival.UtcDateTime.Date - file.Day.ToDateTime(TimeOnly.MinValue)).Days)
            .ToList();
        latencies.Min().ShouldBeGreaterThanOrEqualTo(0);
        latencies.Count(each => each > 7).ShouldBeInRange(5, latencies.Count / 10, "some are late");
        files.ShouldAllBe(file => file.Arrival.Year <= 2026);
    }

    [Fact]
    public void Files_are_small()
    {
        var sizes = DemoFiles.Generate(1000).Select(file => file.Content.Length).ToList();
        sizes.Min().ShouldBeGreaterThan(100);
        sizes.Max().ShouldBeLessThan(4096);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(DemoFiles.MaxCount + 1)]
    public void A_count_out_of_range_is_refused_at_once(int count) =>
        Should.Throw<ArgumentOutOfRangeException>(() => DemoFiles.Generate(count));

    private static string Digest(DemoFile file) => Convert.ToHexString(SHA256.HashData(file.Content.Span));

    private const string Levels = "l0|l1|l1a|l1b|l1c|l1d|l2|l2a|l2b|l3|l3a|l3b";
    private const string Instruments = "codice|glows|hi|hit|idex|lo|mag|swapi|swe|ultra";

    [GeneratedRegex(
        $@"^imap_(?<instrument>{Instruments})_(?<level>{Levels})_[^_]+_" +
        $@"(?<day>\d{{8}})(_\d{{8}}|-repoint\d{{5}}|-cr\d{{5}})?_v(?<version>[\d.-]+)\.(cdf|pkts|png)$")]
    private static partial Regex Science();

    [GeneratedRegex(@"_\d{8}_\d{8}_v\d\d-\d\d\.(cdf|pkts)$")]
    private static partial Regex ConventionA();

    [GeneratedRegex(@"_v\d{3}\.\d{4}\.cdf$")]
    private static partial Regex ConventionC();

    // Each family as the naming convention states it.
    [GeneratedRegex(
        $@"^imap_({Instruments})_({Levels})_[^_]+_\d{{8}}_\d{{8}}_v\d\d-\d\d\.(cdf|pkts)$" +
        $@"|^imap_({Instruments})_({Levels})_[^_]+_\d{{8}}(-repoint\d{{5}}|-cr\d{{5}})?_v\d{{3}}(\.\d{{4}})?\.(cdf|pkts|png)$" +
        $@"|^imap_({Instruments})_(?!({Levels})_)[^_]+_\d{{8}}(_\d{{8}})?_v\d{{3}}\.(csv|json)$" +
        @"|^naif\d+\.tls$|^imap_(science_)?\d+\.tf$" +
        @"|^imap_\d{4}_\d{3}_\d{4}_\d{3}_\d+\.spin\.csv$|^imap_\d{4}_\d{3}_\d+\.repoint\.csv$")]
    private static partial Regex Family();
}
