namespace OpenSdc.Contract.Naming;

/// <summary>How one convention writes its versions: the piece of its template, matched by itself.</summary>
internal sealed class VersionForm
{
    private readonly Step[] _steps;
    private readonly bool _ignoreCase;

    private VersionForm(Node node, bool ignoreCase)
    {
        _steps = StepCompiler.Compile([node]);
        _ignoreCase = ignoreCase;
        Example = Sample(node);
    }

    /// <summary>A version of this form, the first one of it: <c>v01-01</c>, <c>v001</c>.</summary>
    public string Example { get; }

    /// <summary>The form of a convention; null where its names have no version.</summary>
    public static VersionForm? Of(Convention convention) => Find(convention.Nodes) is { } node ? new(node, convention.IgnoreCase) : null;

    public bool Matches(string text)
    {
        Span<int> captures = stackalloc int[Roles.Count * 2];
        Span<ulong> failed = new ulong[((_steps.Length << 8) + 63) >> 6];
        return text.Length is > 0 and < 256 && new Matcher(_steps, text, _ignoreCase, captures, failed).Run();
    }

    private static Node? Find(Node[] nodes)
    {
        foreach (var node in nodes)
        {
            var found = node switch
            {
                Slot { Field.Role: Role.Version } or Group { Field.Role: Role.Version } => node,
                Group group => Find(group.Parts),
                Choice choice => choice.Branches.Select(Find).FirstOrDefault(each => each is not null),
                _ => null,
            };
            if (found is not null) return found;
        }

        return null;
    }

    private static string Sample(Node node) => node switch
    {
        Literal literal => literal.Text,
        Slot { Field: { Kind: FieldKind.Digits } field } => "1".PadLeft(Math.Max(1, field.Width), '0'),
        Slot { Field: { Values: [var first, ..] } } => first,
        Slot slot => $"<{slot.Field.Title}>",
        Group group => string.Concat(group.Parts.Select(Sample)),
        Choice choice => string.Concat(choice.Branches[0].Select(Sample)),
        _ => "",
    };
}
