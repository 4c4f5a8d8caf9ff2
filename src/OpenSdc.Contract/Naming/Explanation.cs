namespace OpenSdc.Contract.Naming;

/// <summary>
/// Says what is wrong with a name that fits no convention: against the convention that it comes closest to, part by part.
/// This path may take a hundred times as long as reading a good name; it is bounded all the same, since names are short.
/// </summary>
internal static class Explanation
{
    // As much as two parts that are not there.
    private const int Foreign = 2 * SliceFit.Missing;

    public static ParsedName Of(string name, Mission mission, ref int work)
    {
        if (OtherCase.Of(name, mission, ref work) is { } fault) return new ParsedName { Faults = [fault] };

        ParsedName closest = default;
        var least = (Cost: int.MaxValue, Unfit: 0);
        var room = mission.Conventions.Max(c => c.Variants.Max(v => Alignment.Room(v, name.Length)));
        var cost = new ushort[room];
        var next = new byte[room];
        foreach (var family in mission.Families)
        {
            foreach (var variant in family.Conventions.SelectMany(c => c.Variants))
            {
                cost.AsSpan(0, Alignment.Room(variant, name.Length)).Clear();
                var alignment = new Alignment(variant, name, cost, next);
                var total = alignment.Cost();
                work += alignment.Work;
                if (total > least.Cost) continue;
                var found = new FaultFinder(variant, name, family.IsLowerCase).Find(alignment);
                if (found.Good * 3 < variant.Fields) continue;
                total += found.Extra + Elsewhere(found, variant.Convention, mission)
                    + (IsOfAnother(found.Extension, variant.Convention, family) ? Foreign : 0);

                // Of two that cost the same, the one that more of the name fits.
                if ((total, found.Unfit).CompareTo(least) >= 0) continue;
                least = (total, found.Unfit);
                closest = new ParsedName { Faults = found.Faults, Closest = variant.Convention.FullName };
            }
        }

        if (closest.Faults.Count > 0) return closest;
        var first = mission.Families[0];
        var shape = Variant.Shape(first.Conventions[^1].Nodes);
        return new ParsedName
        {
            Faults =
            [
                new(
                    "name",
                    name,
                    $"The name '{NameText.Show(name)}' follows no convention of the mission {mission.Name}; a {first.Name} name reads {shape}."
                ),
            ],
        };
    }

    /// <summary>
    /// Whether the extension that is wrong for one convention is right for another of its family: it says
    /// which convention is meant.
    /// </summary>
    private static bool IsOfAnother(string extension, Convention convention, Family family) =>
        !Takes(convention, extension) && family.Extensions.Contains(extension, StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// One more for a version or extension that is wrong here but right elsewhere: the convention that has it is meant sooner. A version
    /// counts where the other convention takes the extension too.
    /// </summary>
    private static int Elsewhere(in FoundFaults found, Convention convention, Mission mission)
    {
        var (extension, version) = (found.Extension, found.Version);
        var isKnown = Takes(convention, extension);
        if (isKnown && (version.Length == 0 || IsVersion(convention, version))) return 0;
        foreach (var other in mission.Conventions)
            if (Takes(other, extension) && (!isKnown || IsVersion(other, version))) return SliceFit.Unreal;
        return 0;
    }

    private static bool Takes(Convention convention, string extension) =>
        convention[Role.Extension]?.Find(extension, ignoreCase: true) is not null;

    private static bool IsVersion(Convention convention, string text) =>
        Array.Find(convention.Nodes, n => n is Group { Field.Role: Role.Version }) is { } group
        && SliceFit.Of(group, text, ignoreCase: true) == 0;
}
