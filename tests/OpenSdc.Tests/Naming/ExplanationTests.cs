using CsCheck;
using OpenSdc.Contract.Naming;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Naming;

/// <summary>The explainer says nothing false, in any mission.</summary>
public sealed class ExplanationTests
{
    private static readonly Gen<(Mission Mission, string Name, int Part)> Slips = RandomMissions.Json.SelectMany(json =>
        RandomMissions.Load(json) is var mission
            ? Gen.Select(RandomMissions.Names(mission), Gen.Int[0, 20], (name, part) => (mission, name, part))
            : null!
    );

    /// <summary>
    /// One wrong word, where a name has one: the sentence is about that part alone, and a version with
    /// letters is none the worse for it.
    /// </summary>
    [Fact]
    public void A_wrong_instrument_is_the_only_fault() =>
        Slips.Sample(
            (mission, name, _) =>
            {
                var wrong = name.Replace("m_cam-2_", "m_nix_", StringComparison.Ordinal)
                    .Replace("m_cam_", "m_nix_", StringComparison.Ordinal)
                    .Replace("m_spec_", "m_nix_", StringComparison.Ordinal);
                var faults = FileName.Parse(wrong, mission).Faults;
                faults
                    .Select(fault => fault.Message)
                    .ShouldBe(["The instrument 'nix' is not known; allowed: cam, cam-2, spec."], false, wrong);
            },
            iter: 2000
        );

    [Fact]
    public void A_wrong_extension_is_the_only_fault() =>
        Slips.Sample(
            (mission, name, _) =>
            {
                var wrong = name[..name.LastIndexOf('.')] + ".txt";
                FileName
                    .Parse(wrong, mission)
                    .Faults.Select(fault => fault.Message)
                    .ShouldBe(["The extension 'txt' is not known; allowed: fits, cdf."], false, wrong);
            },
            iter: 2000
        );

    /// <summary>Whatever is changed: a part that is faulted is none that the convention takes there.</summary>
    [Fact]
    public void A_part_that_is_faulted_is_wrong() =>
        Slips
            .SelectMany(slip => Gen.String["aA1_-.xv"].Select(put => (slip, put)))
            .Sample(
                (slip, put) =>
                {
                    var (mission, name, at) = slip;
                    at = Math.Min(at, name.Length);
                    var parsed = FileName.Parse(name[..at] + put + name[Math.Min(name.Length, at + 1)..], mission);
                    foreach (var fault in parsed.Faults.Where(fault => fault.Text.Length > 0))
                    {
                        var field = Fields(mission.Conventions[0].Nodes).FirstOrDefault(field => field.Title == fault.Part);
                        if (
                            field is null
                            || fault.Message.Contains("before the start", StringComparison.Ordinal)
                            || fault.Message.Contains("leap second", StringComparison.Ordinal)
                            || fault.Message.Contains("characters; allowed: at most", StringComparison.Ordinal)
                        )
                            continue;
                        SliceFit.Of(new Slot(field), fault.Text, false).ShouldBeGreaterThan(0, fault.Message);
                        if (fault.Message.Contains("upper case", StringComparison.Ordinal))
                            fault.Text.Any(char.IsAsciiLetterUpper).ShouldBeTrue(fault.Message);
                        if (fault.Message.Contains("larger", StringComparison.Ordinal))
                            fault.Text.All(char.IsAsciiDigit).ShouldBeTrue(fault.Message);
                    }
                },
                iter: 5000
            );

    [Theory]
    [InlineData("PUNCH_L3_PTM_20250601_v0a.fits", null)]
    [InlineData(
        "punch_l3_PTM_20250601_v0a.fits",
        "The name 'punch_l3_PTM_20250601_v0a.fits' has letters in another case than data names; allowed: 'PUNCH_L3_PTM_20250601_v0a.fits'."
    )]
    [InlineData(
        "PUNCH_L3_PTM_20250601_v0A.fits",
        "The name 'PUNCH_L3_PTM_20250601_v0A.fits' has letters in another case than data names; allowed: 'PUNCH_L3_PTM_20250601_v0a.fits'."
    )]
    [InlineData("PUNCH_l9_PTM_20250601_v0a.fits", "The data level 'l9' is not known; allowed: L2, L3.")]
    [InlineData(
        "PUNCH_l3_PXM_20250601_v0a.fits",
        "The data level 'l3' has letters in another case than 'L3'; allowed: L2, L3.",
        "The instrument 'PXM' is not known; allowed: PTM, CTM."
    )]
    [InlineData("PUNCH_L3_PXM_20250601_v0a.fits", "The instrument 'PXM' is not known; allowed: PTM, CTM.")]
    [InlineData(
        "PUNCH_L3_PXM_20250601_v0A.fits",
        "The instrument 'PXM' is not known; allowed: PTM, CTM.",
        "The version 'v0A' has letters in another case than 'vN<letter>'; allowed: vN<letter>."
    )]
    [InlineData("PUNCH_L3_PTM_20250601_v0z.fits", "The version 'v0z' does not have the form of a version; allowed: vN<letter>.")]
    public void A_mission_of_capitals_is_told_of_its_own_case(string name, params string[]? sentences)
    {
        var mission = RandomMissions.Load("""
            { "mission": "punch", "root": "punch/", "fields": { "level": ["L2", "L3"], "instrument": ["PTM", "CTM"], "letter": ["a", "b"], "extension": ["fits"] },
              "families": [{ "name": "data", "key": "punch/{name}", "conventions": [{ "name": "one", "template": "PUNCH_{level}_{instrument}_{start:date}_{version=v{major:digits(1)}{letter}}.{extension}" }] }] }
            """);
        FileName.Parse(name, mission).Faults.Select(fault => fault.Message).ShouldBe(sentences ?? []);
    }

    private static IEnumerable<Field> Fields(Node[] nodes) => nodes.SelectMany(node => node switch
    {
        Slot slot => [slot.Field],
        Choice choice => choice.Branches.SelectMany(Fields),
        _ => Enumerable.Empty<Field>(),
    });
}
