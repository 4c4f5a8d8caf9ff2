namespace OpenSdc.Contract.Naming;

/// <summary>Keys from the first one on, up to but not including the second; in ordinal order.</summary>
public readonly record struct KeyRange(string From, string Below);

/// <summary>
/// What the paths of a family say about the order of its files: a query that knows it reads them in the order in which they are answered,
/// instead of sorting them.
/// </summary>
public sealed class KeyOrder
{
    private readonly KeyTemplate? template;
    private readonly string root;

    internal KeyOrder(Convention[] conventions)
    {
        // Where conventions have folders of their own, only what all of their keys begin with is known.
        var first = conventions[0].Key;
        template = Array.TrueForAll(conventions, each => each.Key.IsSameAs(first)) ? first : null;
        root = conventions.Select(each => each.Key.Root).Aggregate(CommonStart);
        FollowsStart = template is not null && Array.TrueForAll(conventions, each => StartComesFirst(each.Nodes));
    }

    /// <summary>Whether the files of one instrument, level and descriptor are in the order of their start dates when they are in the order of their paths.</summary>
    public bool FollowsStart { get; }

    /// <summary>
    /// Where the keys lie that have this instrument, level and start date; null for what is not known. Every such key is in the range, and others
    /// may be where the path does not say what was asked; <paramref name="isExact"/> is true where instrument and level need no second look.
    /// </summary>
    public KeyRange Range(string? instrument, string? level, DateOnly? start, DateOnly? end, out bool isExact)
    {
        isExact = template is not null && instrument is not null;
        if (template is null)
            return new KeyRange(root, After(root));
        var from = template.Start(instrument, level, start);
        var to = template.Start(instrument, level, end);
        isExact = isExact && template.Fixes(instrument, level);
        return new KeyRange(from, After(to));
    }

    /// <summary>The least text that is greater than everything that begins with this one.</summary>
    private static string After(string start) => start.Length == 0 ? "\uffff" : string.Concat(start.AsSpan(0, start.Length - 1), [(char)(start[^1] + 1)]);

    private static string CommonStart(string a, string b) => a[..a.AsSpan().CommonPrefixLength(b)];

    /// <summary>Whether nothing but fixed text, instrument, level and descriptor stands before the start date.</summary>
    private static bool StartComesFirst(Node[] nodes)
    {
        foreach (var node in nodes)
        {
            switch (node)
            {
                case Literal:
                case Slot { Field.Role: Role.Instrument or Role.Level or Role.Descriptor }:
                    continue;
                default:
                    return node is Slot { Field: { Role: Role.Start, Kind: FieldKind.Date } };
            }
        }

        return false;
    }
}
