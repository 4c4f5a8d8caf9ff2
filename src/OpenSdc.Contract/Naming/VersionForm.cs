using System.Text;

namespace OpenSdc.Contract.Naming;

/// <summary>How one convention writes its versions: the piece of its template, matched by itself.</summary>
internal sealed class VersionForm
{
    private readonly Node _node;
    private readonly Step[] _steps;
    private readonly bool _ignoreCase;

    // What names write before the version without its being recorded: the v of a kernel's _v01.
    private readonly string _prefix;

    private VersionForm(Node node, string prefix, bool ignoreCase)
    {
        _node = node;
        _steps = StepCompiler.Compile([node]);
        _prefix = prefix;
        _ignoreCase = ignoreCase;
        Example = prefix + Sample(node);
    }

    /// <summary>A version of this form as names write it, the first one of it: <c>v01-01</c>, <c>v001</c>.</summary>
    public string Example { get; }

    /// <summary>The form of a convention; null where its names have no version.</summary>
    public static VersionForm? Of(Convention convention)
    {
        var prefix = "";
        return Find(convention.Nodes, ref prefix) is { } node ? new(node, prefix, convention.IgnoreCase) : null;
    }

    /// <summary>
    /// What a text or pattern that begins as names write the version is recorded as, without what is not
    /// recorded; null where it begins otherwise. <c>V01</c> means <c>v01</c>, whatever the case of the names.
    /// </summary>
    public string? WithoutPrefix(string text) =>
        _prefix.Length > 0 && text.StartsWith(_prefix, StringComparison.OrdinalIgnoreCase) ? text[_prefix.Length..] : null;

    /// <summary>Whether a text is a version as it is recorded.</summary>
    public bool Matches(string text)
    {
        CaptureSet captures = default;
        Span<ulong> failed = new ulong[StepCompiler.MemoryOf(_steps)];
        return text.Length is > 0 and < 256 && new Matcher(_steps, text, _ignoreCase, captures, failed).Run();
    }

    /// <summary>
    /// Whether a pattern has no character that versions of this form cannot have, where these are more than
    /// numbers with a letter before them.
    /// </summary>
    public bool MayBe(string pattern)
    {
        var parts = _node is Group group ? group.Parts : [_node];
        var isPlain = Array.TrueForAll(
            parts,
            part => part is Slot { Field.Kind: FieldKind.Digits } or Literal { Text: [>= 'A' and <= 'z'] or ['.'] or ['-'] }
        );
        return !isPlain
            && (_prefix + pattern).All(c =>
                c == '*'
                || char.IsAsciiDigit(c)
                || _prefix.Contains(c, StringComparison.Ordinal)
                || Array.Exists(
                    parts,
                    part =>
                        part switch
                        {
                            Literal literal => literal.Text.Contains(c, StringComparison.Ordinal),
                            Slot { Field: { Kind: FieldKind.OneOf } field } => Array.Exists(
                                field.Values,
                                word => word.Contains(c, StringComparison.Ordinal)
                            ),
                            Slot { Field: { Kind: FieldKind.Text or FieldKind.Words } field } => field.Takes(c),
                            _ => false,
                        }
                )
            );
    }

    /// <param name="nodes">Where to look.</param>
    /// <param name="prefix">The letters before the version, where they begin a part of the name.</param>
    private static Node? Find(Node[] nodes, ref string prefix)
    {
        foreach (var node in nodes)
        {
            switch (node)
            {
                case Slot { Field.Role: Role.Version } or Group { Field.Role: Role.Version }:
                    return node;
                case Literal literal:
                    // naif0012: there the word is the name's own.
                    prefix = literal.Text.LastIndexOf('_') is var mark and >= 0 ? literal.Text[(mark + 1)..] : "";
                    continue;
                case Group group when Find(group.Parts, ref prefix) is { } inGroup:
                    return inGroup;
                case Choice choice:
                    foreach (var branch in choice.Branches)
                    {
                        if (Find(branch, ref prefix) is { } inBranch) return inBranch;
                    }

                    break;
            }

            prefix = "";
        }

        return null;
    }

    /// <summary>
    /// The version of this form whose numbers these are, written with or without the zeros before them:
    /// <c>1.2</c> is <c>v001.0002</c>. Null where they are not as many, or stand between other marks.
    /// </summary>
    public string? Written(string numbers)
    {
        var text = new StringBuilder();
        var rest = numbers.AsSpan();
        foreach (var part in _node is Group group ? group.Parts : [_node])
        {
            switch (part)
            {
                // The letter before the first number may be left out.
                case Literal literal when text.Length == 0 && literal.Text.All(char.IsAsciiLetter):
                    text.Append(literal.Text);
                    break;
                case Literal literal when rest.StartsWith(literal.Text, StringComparison.Ordinal):
                    text.Append(literal.Text);
                    rest = rest[literal.Text.Length..];
                    break;
                case Slot { Field: { Kind: FieldKind.Digits, Width: > 0 } field }:
                    var length = rest.IndexOfAnyExceptInRange('0', '9') is var end and >= 0 ? end : rest.Length;
                    if (length == 0 || length > field.Width)
                        return null;
                    text.Append('0', field.Width - length).Append(rest[..length]);
                    rest = rest[length..];
                    break;
                default:
                    return null;
            }
        }

        return rest.IsEmpty && Matches(text.ToString()) ? text.ToString() : null;
    }

    private static string Sample(Node node) => node switch
    {
        Literal literal => literal.Text,
        Slot { Field: { Kind: FieldKind.Digits } field } => "1".PadLeft(Math.Max(1, field.Width), '0'),
        Slot { Field: { Values: [var first, ..] } } => first,
        Slot { Field: { IsDate: true } field } => DayText.Write(field.Kind, new DateOnly(2026, 1, 1)),
        Slot { Field: { IsTime: true } field } => TimeText.Write(field.Kind, "12:00:00"),
        Slot { Field.Kind: FieldKind.Text or FieldKind.Words } => "a",
        Slot slot => $"<{slot.Field.Title}>",
        Group group => string.Concat(group.Parts.Select(Sample)),
        Choice choice => string.Concat(choice.Branches[0].Select(Sample)),
        _ => "",
    };
}
