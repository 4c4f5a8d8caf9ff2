namespace OpenSdc.Contract.Naming;

/// <summary>
/// Orders the versions of one series: by number, major before minor. A version without a major sorts below every one
/// with a major, whatever its minor; a name without any version sorts below all.
/// </summary>
public sealed class VersionOrder : IComparer<FileName>
{
    /// <summary>The one instance.</summary>
    public static VersionOrder Instance { get; } = new();

    private VersionOrder() { }

    /// <inheritdoc />
    public int Compare(FileName? x, FileName? y) =>
        x is null || y is null
            ? (x is not null).CompareTo(y is not null)
            : Compare(x.MajorVersion, x.MinorVersion, y.MajorVersion, y.MinorVersion);

    /// <summary>The same order over bare numbers, for rows of the catalogue.</summary>
    public static int Compare(int? majorX, int? minorX, int? majorY, int? minorY)
    {
        var byMajor = Nullable.Compare(majorX, majorY);
        return byMajor != 0 ? byMajor : Nullable.Compare(minorX, minorY);
    }
}
