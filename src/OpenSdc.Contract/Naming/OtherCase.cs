using System.Text;

namespace OpenSdc.Contract.Naming;

/// <summary>A name whose letters alone keep it from being one: it gets one sentence, with the name as it is written.</summary>
internal static class OtherCase
{
    public static NameFault? Of(string name, Mission mission, ref int work)
    {
        foreach (var convention in mission.Conventions)
        {
            foreach (var variant in convention.Variants)
            {
                if (
                    Corrected(variant, name, ref work) is not { } corrected
                    || corrected == name
                    || mission.Read(corrected, ref work) is null
                )
                    continue;
                return new NameFault("name", name, Sentence(name, corrected, convention, mission, ref work));
            }
        }

        return null;
    }

    private static string Sentence(string name, string corrected, Convention convention, Mission mission, ref int work)
    {
#pragma warning disable CA1308 // The name in lower case, not a comparison.
        var lower = name.ToLowerInvariant();
#pragma warning restore CA1308
        // All in capitals: then so is the text that may have any case.
        return
            mission.FindFamily(convention.Family)!.IsLowerCase
            && (corrected == lower || !name.Any(char.IsAsciiLetterLower))
            && mission.Read(lower, ref work) is { } record
            ? $"The name '{name}' has upper case letters, and {record.Family} names are lower case: '{lower}'."
            : $"The name '{name}' has letters in another case than {convention.Family} names; allowed: '{corrected}'.";
    }

    /// <summary>The name with the case of the template's texts and words, where it fits but for the case of these.</summary>
    private static string? Corrected(Variant variant, string name, ref int work)
    {
        var steps = StepCompiler.Compile(variant.Pieces);
        CaptureSet captured = default;
        Span<int> captures = captured;
        captures.Fill(-1);
        Span<ulong> failed = new ulong[StepCompiler.MemoryOf(steps)];
        var matcher = new Matcher(steps, name, ignoreCase: true, captures, failed);
        var matched = matcher.Run();
        work += matcher.Steps;
        if (!matched) return null;
        var text = new StringBuilder();
        Write(variant.Pieces, name, captures, text);
        return text.ToString();
    }

    private static void Write(Node[] nodes, string name, ReadOnlySpan<int> captures, StringBuilder text)
    {
        foreach (var node in nodes)
        {
            switch (node)
            {
                case Literal literal:
                    text.Append(literal.Text);
                    break;
                case Group group:
                    Write(group.Parts, name, captures, text);
                    break;
                case Slot { Field: var field }:
                    var slice = name.AsSpan(captures[field.Place * 2]..captures[(field.Place * 2) + 1]);
                    if (field.Kind == FieldKind.OneOf) text.Append(field.Find(slice, ignoreCase: true));
                    else text.Append(slice);
                    break;
            }
        }
    }
}
