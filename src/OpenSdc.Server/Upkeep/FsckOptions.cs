using System.Globalization;

namespace OpenSdc.Server.Upkeep;

/// <summary>What a check of the archive is asked to do.</summary>
internal sealed record FsckOptions
{
    /// <summary>Whether the bytes of every object are read and compared with their digest.</summary>
    public bool Digest { get; init; }

    /// <summary>Most bytes read in a second; 0 for as fast as it goes.</summary>
    public long Rate { get; init; }

    /// <summary>How many objects are read side by side.</summary>
    public int Readers { get; init; } = Math.Min(4, Environment.ProcessorCount);

    /// <summary>Whether what was found is repaired.</summary>
    public bool Repair { get; init; }

    /// <summary>Most changes that a repair may make.</summary>
    public ChangeCap MaxChanges { get; init; } = ChangeCap.Default;

    /// <summary>The file that keeps how far the reading has come; null for none.</summary>
    public string? Resume { get; init; }
}

/// <summary>
/// How much a repair may change before a person should look: many faults at once mean a folder that is not
/// mounted or a wrong backup, and no single files.
/// </summary>
internal readonly record struct ChangeCap(decimal Amount, bool IsPercentage)
{
    public static ChangeCap Default { get; } = new(1, IsPercentage: true);

    /// <summary>A number of changes (<c>25</c>) or a share of the files (<c>1%</c>); null where the text is neither.</summary>
    public static ChangeCap? Parse(string text)
    {
        var isPercentage = text.EndsWith('%');
        var style = isPercentage ? NumberStyles.AllowDecimalPoint : NumberStyles.None;
        return
            decimal.TryParse(text.AsSpan().TrimEnd('%'), style, CultureInfo.InvariantCulture, out var amount)
            && text.Count(c => c == '%') <= 1
            && amount <= (isPercentage ? 100 : long.MaxValue)
            ? new ChangeCap(amount, isPercentage)
            : null;
    }

    /// <summary>
    /// The changes allowed in an archive of so many files. A share is rounded up, so that a small archive's
    /// one fault can be repaired.
    /// </summary>
    public long Of(long files) => (long)(IsPercentage ? Math.Ceiling(files * Amount / 100) : Amount);
}
