using System.Text;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Files;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Naming;

/// <summary>Fields of a mission's own, kinds of days and times, and what the start refuses of them.</summary>
public sealed class OwnFieldTests
{
    [Fact]
    public void What_a_template_names_is_recorded()
    {
        var mission = One(
            "x_{instrument}_{mode}_{orbit:digits(5)}_{note:text}_{made:yymmdd}_{start:date}_{version=v{major:digits(1)}{letter:text}}.{extension}",
            key: "m/{mode}/{orbit}/{start:yyyy}/{start:dd}/{name}"
        );
        var name = FileName.Parse("x_a_brst_00042_hello_260203_20260102_v1b.dat", mission).Name.ShouldNotBeNull();
        name.Own.Select(value => $"{value.Field.Name}={value.Text}")
            .ShouldBe(["letter=b", "made=20260203", "mode=brst", "note=hello", "orbit=42"]);
        name.Key.ShouldBe("m/brst/00042/2026/02/" + name.Name);
        name.SeriesParts.ShouldBe(" made=20260203 note=hello orbit=42");
        mission.OwnFields.Where(field => field.InProduct).Select(field => field.Name).ShouldBe(["mode"]);
    }

    [Theory]
    [InlineData("date", "20240229", "2024-02-29")]
    [InlineData("yyyyddd", "2024366", "2024-12-31")]
    [InlineData("yyyyddd", "2023366", null)]
    [InlineData("yyyyddd", "2023000", null)]
    [InlineData("isodate", "2024-02-29", "2024-02-29")]
    [InlineData("isodate", "2023-02-29", null)]
    [InlineData("isodate", "2023/02/28", null)]
    [InlineData("isodate", "20230228", null)]
    public void A_day_is_a_real_one(string kind, string text, string? day) =>
        FileName.Parse($"x_{text}.dat", One($"x_{{start:{kind}}}.{{extension}}")).Name?.StartDate?.ToString("yyyy-MM-dd").ShouldBe(day);

    [Theory]
    [InlineData("hhmmss", "20250601", "235959", "2025-06-01T23:59:59Z")]
    [InlineData("hhmmss", "20250601", "240000", null)]
    [InlineData("hhmmss", "20250601", "006000", null)]
    [InlineData("hhmmss", "20250601", "235960", null)]
    [InlineData("hhmmss", "20161231", "235960", "2016-12-31T23:59:60Z")]
    [InlineData("hhmmss", "20161231", "225960", null)]
    [InlineData("hhmmss", "20161230", "235960", null)]
    [InlineData("hhmmsst", "20150630", "2359609", "2015-06-30T23:59:60.9Z")]
    [InlineData("hhmmsst", "20250601", "1234567", "2025-06-01T12:34:56.7Z")]
    [InlineData("hhmm", "20250601", "0930", "2025-06-01T09:30:00Z")]
    [InlineData("hhmm", "20250601", "2400", null)]
    public void A_time_is_a_real_one(string kind, string day, string text, string? time)
    {
        var parsed = FileName.Parse($"x_{day}T{text}.dat", One($"x_{{start:date}}T{{start_time:{kind}}}.{{extension}}"));
        parsed.Name?.StartTime.ShouldBe(time);
        parsed.IsValid.ShouldBe(time is not null);
        if (time is null) parsed.Faults.ShouldHaveSingleItem().Part.ShouldBe("start time");
    }

    [Fact]
    public void An_end_on_the_day_of_the_start_is_not_before_it()
    {
        var mission = One("x_{start:date}T{start_time:hhmm}_{end:date}T{end_time:hhmm}.{extension}", more: "\"ordered\": true,");
        FileName.Parse("x_20250601T1200_20250601T1200.dat", mission).IsValid.ShouldBeTrue();
        FileName.Parse("x_20250601T1200_20250602T0000.dat", mission).Name!.EndTime.ShouldBe("2025-06-02T00:00:00Z");
        FileName.Parse("x_20250601T1200_20250601T1159.dat", mission).Faults.ShouldHaveSingleItem().Message
            .ShouldBe("The end time '1159' is before the start time '1200' of the same day; allowed: the same time or a later one.");
    }

    [Theory]
    [InlineData("v2.dat", "v10.dat")]
    [InlineData("v0-a.dat", "v0-b.dat")]
    [InlineData("v0-c.dat", "v1-a.dat")]
    [InlineData("v0.dat", "v0-a.dat")]
    [InlineData("v0-a9.dat", "v0-a10.dat")]
    [InlineData("v0-a999999999.dat", "v0-a1000000000000000000000.dat")]
    public void Every_number_and_letter_of_a_version_takes_part_in_its_order(string lower, string higher)
    {
        var mission = Load(
            File(
                """
                { "name": "c", "template": "x_{version=v{minor:digits}}.{extension}" }, { "name": "d", "template": "x_{version=v{minor:digits(1)}-{letter:text}}.{extension}" }
                """,
                ""
            )
        );
        FileName Read(string version) => FileName.Parse("x_" + version, mission).Name.ShouldNotBeNull(version);
        VersionOrder.Instance.Compare(Read(lower), Read(higher)).ShouldBeLessThan(0);
    }

    [Fact]
    public void A_version_has_a_length_that_an_index_can_hold()
    {
        var mission = One("x_{version=v{letter:text}}.{extension}");
        FileName.Parse($"x_v{new string('1', 47)}.dat", mission).Name!.VersionOrder.Length.ShouldBeLessThanOrEqualTo(100);
        FileName
            .Parse($"x_v{string.Concat(Enumerable.Repeat("a1", 23))}.dat", mission)
            .Name!.VersionOrder.Length.ShouldBeLessThanOrEqualTo(100);
        FileName
            .Parse($"x_v{new string('1', 48)}.dat", mission)
            .Faults.ShouldHaveSingleItem()
            .Message.ShouldEndWith("has 49 characters; allowed: at most 48.");
    }

    [Theory]
    [InlineData("x_{seq:digits(2)}.{extension}", "'seq', and records or queries already call something else so")]
    [InlineData("x_{limit:text}.{extension}", "'limit', and records")]
    [InlineData("x_{Mode:text}.{extension}", "lower-case letters")]
    [InlineData("x_{a:digits(16)}.{extension}", "digits(1) to digits(15)")]
    [InlineData("x_(red|blue).{extension}", "a choice between texts without a field")]
    [InlineData("x[_final].{extension}", "a choice between texts without a field")]
    [InlineData("x_{start_time:hhmm}.{extension}", "a time without its day")]
    [InlineData("x_{end:date}_{start_time:hhmm}.{extension}", "a time without its day")]
    [InlineData("x_{start:date}_{start_time:digits(4)}.{extension}", "a kind that it cannot have")]
    public void A_field_that_could_be_taken_for_another_stops_the_start(string template, string fragment) =>
        Should.Throw<MissionFileException>(() => One(template)).Message.ShouldContain(fragment);

    [Fact]
    public void A_field_is_the_same_in_every_convention() =>
        Should
            .Throw<MissionFileException>(() =>
                Load(
                    File(
                        """
                        { "name": "c", "template": "x_{a:text}.{extension}" }, { "name": "d", "template": "y_{a:digits}.{extension}" }
                        """,
                        ""
                    )
                )
            )
            .Message.ShouldBe("The field 'a' is a number in f/d and a text in f/c; it must be the same in every convention that has it.");

    [Theory]
    [InlineData("\"outside_series\": [\"colour\"],", "under 'outside_series', names 'colour'")]
    [InlineData("\"outside_series\": [\"mode\"],", "names 'mode', whose words")]
    [InlineData("\"outside_records\": [\"version\"],", "under 'outside_records', names 'version'")]
    public void What_is_outside_must_be_there(string member, string fragment) =>
        Should
            .Throw<MissionFileException>(() => Load(File("""{ "name": "c", "template": "x_{mode}_{note:text}.{extension}" }""", member)))
            .Message.ShouldContain(fragment);

    [Fact]
    public void What_is_outside_the_series_makes_no_other_file()
    {
        var mission = Load(
            File(
                """{ "name": "c", "template": "x_{note:text}_{version=v{minor:digits}}.{extension}" }""",
                "\"outside_series\": [\"note\"],"
            )
        );
        FileName.Parse("x_a_v1.dat", mission).Name!.SeriesParts.ShouldBe(FileName.Parse("x_b_v2.dat", mission).Name!.SeriesParts);
    }

    [Fact]
    public void Every_parameter_and_member_is_taken() =>
        QueryParameters
            .Names.Concat(QueryRequest.AllFields)
            .Concat(CoverageRequest.Filters)
            .Append(CoverageRequest.Bin)
            .Except(OwnFieldTable.Taken)
            .ShouldBeEmpty();

    internal static Mission One(string template, string key = "m/{name}", string more = "") =>
        Load(File($$"""{ "name": "c", {{more}} "key": "{{key}}", "template": "{{template}}" }""", ""));

    private static string File(string conventions, string more) => $$"""
        { "mission": "m", "root": "m/", {{more}} "fields": { "instrument": ["a", "b"], "mode": ["srvy", "brst"], "extension": ["dat"] },
          "families": [{ "name": "f", "key": "m/{name}", "conventions": [{{conventions}}] }] }
        """;

    private static Mission Load(string json) => Mission.Load(new MemoryStream(Encoding.UTF8.GetBytes(json)));
}
