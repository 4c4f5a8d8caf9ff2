using CsCheck;
using OpenSdc.Contract.Naming;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Naming;

/// <summary>What holds for every mission, drawn at random.</summary>
public sealed class RandomMissionTests
{
    private static readonly Gen<(Mission Mission, string[] Names)> Archives = RandomMissions.Json.SelectMany(json =>
        RandomMissions.Load(json) is var mission ? RandomMissions.Names(mission).Array[2, 12].Select(names => (mission, names)) : null!
    );

    [Fact]
    public void Reading_what_was_written_gives_the_same_record() => Archives.Sample((mission, names) =>
    {
        foreach (var name in names)
        {
            var parsed = FileName.Parse(name, mission);
            var record = parsed.Name.ShouldNotBeNull($"{name}: {string.Join(' ', parsed.Faults.Select(fault => fault.Message))}");
            var written = record.Format(mission);
            written.Name.ShouldBe(name);
            written.Key.ShouldBe(record.Key);
            FileName.Parse(written.Name, mission).Name.ShouldBe(record);
            ArchivePath.ParseDownload(record.Key, mission).Key.ShouldBe(record.Key);
        }
    }, iter: 2000);

    [Fact]
    public void Two_names_of_one_series_and_version_differ_only_in_what_is_outside() => Archives.Sample((mission, names) =>
    {
        var records = names.Select(name => FileName.Parse(name, mission).Name!).ToList();
        foreach (var (x, y) in records.SelectMany(x => records.Select(y => (x, y))))
        {
            var isSame = Said(x) == Said(y);
            (Series(x) == Series(y) && x.VersionOrder == y.VersionOrder).ShouldBe(isSame, $"{x.Name} and {y.Name}");
        }
    }, iter: 2000);

    [Fact]
    public void Versions_are_in_a_total_order_that_no_arrival_changes() => Archives.Sample((mission, names) =>
    {
        var records = names.Select(name => FileName.Parse(name, mission).Name!).ToList();
        var order = VersionOrder.Instance;
        foreach (var (x, y, z) in records.SelectMany(x => records.SelectMany(y => records.Select(z => (x, y, z)))))
        {
            Math.Sign(order.Compare(x, y)).ShouldBe(-Math.Sign(order.Compare(y, x)));
            if (order.Compare(x, y) <= 0 && order.Compare(y, z) <= 0) order.Compare(x, z).ShouldBeLessThanOrEqualTo(0);
        }

        string[] Newest(IEnumerable<FileName> arrived) =>
            [.. arrived.GroupBy(Series).Select(series => $"{series.Key} {series.Max(order)!.VersionOrder}").Order(StringComparer.Ordinal)];
        Newest(records).ShouldBe(Newest(Enumerable.Reverse(records)));
    }, iter: 1000);

    /// <summary>
    /// Of two names of one length the work differs, but for no template and no length is it more than some
    /// steps a character.
    /// </summary>
    [Fact]
    public void No_template_and_no_name_takes_more_than_linear_time()
    {
        string[] pieces =
        [
            "{a:text}",
            "{b:words}",
            "{c:digits}",
            "{d:text}",
            "{e:words}",
            "x",
            "-",
            "_",
            "[{f:text}]",
            "({g:digits}|{h:text})",
            "[y{i:words}]",
            "{w}",
        ];
        var names = Gen.Select(
            RandomMissions.OneOf("a", "x", "1", "-", "_", "ax", "1-", "x_", "y1", "ww", "xy-"),
            Gen.Int[0, 3],
            (piece, tail) => (piece, tail)
        );
        Gen.Select(Gen.Shuffle(pieces, 2, pieces.Length), names)
            .Sample(
                (chosen, text) =>
                {
                    var mission = RandomMissions.Load(
                        $$"""
                        { "mission": "m", "root": "m/", "fields": { "w": ["w", "ww", "www"], "extension": ["dat"] },
                          "families": [{ "name": "f", "key": "m/{name}", "conventions": [{ "name": "c", "template": "{{string.Concat(chosen)}}.{extension}" }] }] }
                        """
                    );
                    var steps = mission.Conventions[0].Steps.Length;
                    foreach (var length in (int[])[30, 120, 250])
                    {
                        var name =
                            string.Concat(Enumerable.Repeat(text.piece, length))[..length]
                            + (
                                text.tail == 0 ? ".dat"
                                : text.tail == 1 ? "!.dat"
                                : ".da"
                            );
                        var work = 0;
                        _ = mission.Read(name + (text.tail > 1 ? ".dat" : ""), ref work);
                        work.ShouldBeLessThan(12 * steps * (length + 10), $"{string.Concat(chosen)} and {name}");
                    }
                },
                iter: 2000
            );
    }

    private static string Series(FileName name) =>
        $"{name.Instrument} {name.Extension} {string.Join(' ', name.Own.Where(value => value.Field.InProduct))} {name.StartDate}{name.SeriesParts}";

    /// <summary>All that a name says but its end and what is outside the series, field by field.</summary>
    private static string Said(FileName name) =>
        string.Join(
            ' ',
            [
                name.Instrument,
                name.Extension,
                $"{name.StartDate}",
                name.StartTime,
                $"{name.MajorVersion}",
                $"{name.MinorVersion}",
                .. name
                    .Own.Where(value => value.Field.InSeries || IsOfVersion(value.Field.Name))
                    .Select(value => $"{value.Field.Name}={value.Text}"),
            ]
        );

    private static bool IsOfVersion(string field) => field is "letter" or "made" or "made_at" or "patch";
}
