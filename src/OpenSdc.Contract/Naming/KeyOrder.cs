namespace OpenSdc.Contract.Naming;

/// <summary>Keys from the first one on, up to but not including the second; in ordinal order.</summary>
public readonly record struct KeyRange(string From, string Below);

/// <summary>
/// What the paths of a family say about where its files lie: a query by dates that knows it begins where their files do.
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
    }

    /// <summary>
    /// Where the keys lie that have this instrument, level and start date; null for what is not known. Every
    /// such key is in the range, and others may be where the path does not say what was asked.
    /// </summary>
    public KeyRange Range(string? instrument, string? level, DateOnly? start, DateOnly? end) => template is null
        ? new KeyRange(root, After(root))
        : new KeyRange(template.Start(instrument, level, start), After(template.Start(instrument, level, end)));

    /// <summary>The least text that is greater than everything that begins with this one.</summary>
    private static string After(string start) =>
        start.Length == 0 ? "\uffff" : string.Concat(start.AsSpan(0, start.Length - 1), [(char)(start[^1] + 1)]);

    private static string CommonStart(string a, string b) => a[..a.AsSpan().CommonPrefixLength(b)];
}
