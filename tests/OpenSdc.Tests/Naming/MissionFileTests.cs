using System.Text;
using OpenSdc.Contract.Naming;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Naming;

public sealed class MissionFileTests
{
    [Fact]
    public void An_instrument_is_added_by_an_edit()
    {
        const string Name = "imap_newone_l1_sci_20260901_v001.cdf";
        FileName.Parse(Name, Mission.Imap).Faults[0].Part.ShouldBe("instrument");
        var mission = Load(Imap().Replace("\"l1const\"]", "\"l1const\", \"newone\"]", StringComparison.Ordinal));
        FileName.Parse(Name, mission).Name.ShouldNotBeNull().Key.ShouldBe("imap/newone/l1/2026/09/" + Name);
    }

    [Fact]
    public void A_convention_is_added_by_an_edit()
    {
        var mission = Load(
            Minimal(One, """{ "name": "two", "template": "x_{cr:digits(3)}_{start:date}.{extension}", "example": "x_123_20260101.dat" }""")
        );
        FileName.Parse("x_123_20260101.dat", mission).Name.ShouldNotBeNull().Cr.ShouldBe(123);
        FileName.Parse("x_20260101.dat", mission).Name.ShouldNotBeNull().Convention.ShouldBe("one");
    }

    [Theory]
    [InlineData("""{ "name": "two", "key": "m/{name}", "template": "x_{minor:digits}.{extension}" }""", "x_11111111.dat")]
    [InlineData("""{ "name": "two", "key": "m/{name}", "template": "{descriptor:words}.{extension}" }""", "x_11111111.dat")]
    [InlineData(
        """{ "name": "two", "key": "m/{name}", "ignore_case": true, "template": "X_[y_{cr:digits}|{start:date}].{extension}" }""",
        "x_11111111.dat"
    )]
    public void Two_conventions_for_one_name_are_refused_with_the_name(string second, string witness)
    {
        var sentence = Refusal(Minimal(One, second));
        sentence.ShouldBe($"The conventions f/one and f/two both match the name '{witness}'.");
        FileName.Parse(witness, Load(Minimal(One))).IsValid.ShouldBeTrue();
    }

    [Fact]
    public void Families_overlap_only_where_the_later_one_yields()
    {
        Refusal(Imap().Replace("\"yields_to\": [\"science\"],", "", StringComparison.Ordinal))
            .ShouldStartWith("The conventions science/B and ancillary/ancillary both match the name 'imap_");
        Refusal(Imap().Replace("\"yields_to\": [\"ancillary\"],", "", StringComparison.Ordinal))
            .ShouldStartWith("The conventions ancillary/ancillary and dependency/B both match the name 'imap_");
    }

    [Theory]
    [InlineData("", "The mission file is not JSON at line 1")]
    [InlineData("null", "The mission file must be an object, and is null")]
    [InlineData("[]", "must be an object, and is a list")]
    [InlineData("{", "is not JSON")]
    [InlineData("""{ "mission": "m" }""", "lacks the member 'root'")]
    [InlineData("""{ "mission": "m", "root": "m/", "families": [], "colour": 1 }""", "colour")]
    [InlineData("""{ "mission": "m", "root": "m/", "families": [] }""", "has no families")]
    [InlineData("""{ "mission": "m", "root": "/m", "families": [] }""", "'root' must be a folder")]
    [InlineData("""{ "mission": "m", "root": "m/", "families": [null] }""", "must be an object, and is null")]
    [InlineData("""{ "mission": 1, "root": "m/", "families": [] }""", "under 'mission', must hold text, and holds a number")]
    [InlineData(
        """{ "mission": "m", "root": "m/", "families": [{ "name": "f", "ignore_case": 1 }] }""",
        "The family 'f', under 'ignore_case',"
    )]
    [InlineData(
        """{ "mission": "m", "root": "m/", "families": [{ "name": "f", "conventions": [{ "name": "c" }] }] }""",
        "f/c lacks the member 'template'"
    )]
    [InlineData("""{ "mission": "m", "root": "m/", "families": [{ "name": "f" }] }""", "'f' has no conventions")]
    [InlineData("""{ "mission": "m", "root": "m/", "families": [{ "name": "f", "like": "g" }] }""", "'f' is like 'g'")]
    [InlineData("""{ "mission": "m", "root": "m/", "families": [{ "name": "f", "yields_to": ["g"] }] }""", "yields to 'g'")]
    public void A_malformed_file_gives_a_sentence(string json, string fragment) => Refusal(json).ShouldContain(fragment);

    [Theory]
    [InlineData("""{ "name": "c", "template": "x_{start:date}" }""", "must end in '.{extension}'")]
    [InlineData("""{ "name": "c", "template": "x_{start:date.{extension}" }""", "kind 'date.{extension'")]
    [InlineData("""{ "name": "c", "template": "x_[{start:date}.{extension}" }""", "lacks a ']'")]
    [InlineData("""{ "name": "c", "template": "x_{}.{extension}" }""", "a field without a name")]
    [InlineData("""{ "name": "c", "template": "x_]{start:date}.{extension}" }""", "unexpected ']'")]
    [InlineData("""{ "name": "c", "template": "x/{start:date}.{extension}" }""", "a character that a name cannot have")]
    [InlineData("""{ "name": "c", "template": "x_{colour}_{start:date}.{extension}" }""", "the field 'colour', for which neither")]
    [InlineData("""{ "name": "c", "template": "{start:date}_{start:date}.{extension}" }""", "the field 'start' twice")]
    [InlineData("""{ "name": "c", "template": "{start:digits(8)}.{extension}" }""", "a kind that it cannot have")]
    [InlineData("""{ "name": "c", "template": "{cr:digits(0)}.{extension}" }""", "the kind 'digits(0)'")]
    [InlineData("""{ "name": "c", "template": "x[_{start:date}].{extension}" }""", "which not every name of it has")]
    [InlineData("""{ "name": "c", "template": "{start:date}.{extension}", "key": "other/{name}" }""", "must start with the root 'm/'")]
    [InlineData("""{ "name": "c", "template": "{start:date}.{extension}", "key": "m/{colour}/{name}" }""", "uses '{colour}'")]
    [InlineData(
        """{ "name": "c", "template": "{start:date}.{extension}", "fields": { "extension": ["@none"] } }""",
        "names the list '@none'"
    )]
    [InlineData("""{ "name": "c", "template": "{start:date}.{extension}", "fields": { "extension": [] } }""", "has no words")]
    [InlineData("""{ "name": "c", "template": "{start:date}.{extension}", "fields": { "extension": ["a/b"] } }""", "the word 'a/b'")]
    [InlineData("""{ "name": "c", "template": "{start:date}.{extension}", "example": "x_20260101.dat" }""", "does not fit its convention")]
    [InlineData(
        """{ "name": "c", "template": "{start:date}.{extension}", "rules": [{ "if": { "start": ["1"] } }] }""",
        "a rule about 'start'"
    )]
    [InlineData("""{ "name": "c", "template": "{start:date}.{extension}", "values": { "level": "l1" } }""", "only 'descriptor'")]
    [InlineData("""{ "name": "c", "template": "[[[[[[{start:date}]]]]]].{extension}" }""", "nested more than four deep")]
    public void A_malformed_convention_is_named(string convention, string fragment)
    {
        var sentence = Refusal(Minimal(convention));
        sentence.ShouldContain(fragment);
        sentence.ShouldContain("f/c");
    }

    [Fact]
    public void Comments_and_trailing_commas_are_allowed() =>
        Load("// a mission\n" + Minimal(One + " /* the only one */ ")).Name.ShouldBe("m");

    private const string One = """{ "name": "one", "template": "x_{start:date}.{extension}" }""";

    private static string Minimal(params string[] conventions) => $$"""
        {
          "mission": "m", "root": "m/", "fields": { "extension": ["dat"] },
          "families": [{ "name": "f", "key": "m/{start:yyyy}/{name}", "conventions": [{{string.Join(",", conventions)}},] }],
        }
        """;

    private static string Imap()
    {
        using var reader = new StreamReader(typeof(Mission).Assembly.GetManifestResourceStream("imap.mission.json")!);
        return reader.ReadToEnd();
    }

    private static string Refusal(string json)
    {
        var sentence = Should.Throw<MissionFileException>(() => Load(json)).Message;
        sentence.ShouldEndWith(".");
        return sentence;
    }

    private static Mission Load(string json) => Mission.Load(new MemoryStream(Encoding.UTF8.GetBytes(json)));
}
