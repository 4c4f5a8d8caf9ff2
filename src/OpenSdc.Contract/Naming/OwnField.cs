using System.Collections;

namespace OpenSdc.Contract.Naming;

/// <summary>What values a field of a mission's own has.</summary>
public enum OwnFieldKind
{
    /// <summary>Words of a list.</summary>
    Word,

    /// <summary>Any text.</summary>
    Text,

    /// <summary>A whole number.</summary>
    Number,

    /// <summary>A day, recorded as <c>YYYYMMDD</c>.</summary>
    Day,

    /// <summary>A time of day, recorded as <c>HH:MM:SS</c>, with tenths where the name has them.</summary>
    Time,
}

/// <summary>A field that a mission file names beside those that every mission has: recorded, and asked for by its name.</summary>
/// <param name="Name">Its name in templates, records and queries.</param>
/// <param name="Kind">What values it has.</param>
/// <param name="Words">Its words in all conventions of the mission, as they are recorded; empty for other kinds.</param>
/// <param name="InSeries">Whether files that differ in it are of different series.</param>
/// <param name="InRecord">Whether it is a member of records; one that is not can still be asked for.</param>
public sealed record OwnField(string Name, OwnFieldKind Kind, IReadOnlyList<string> Words, bool InSeries, bool InRecord)
{
    /// <summary>Whether files that differ in it are of different products.</summary>
    public bool InProduct => Kind == OwnFieldKind.Word && InSeries;
}

/// <summary>What a name says in a field of the mission's own.</summary>
/// <param name="Field">The field.</param>
/// <param name="Text">The value as it is recorded; a number without zeros before it.</param>
public readonly record struct OwnValue(OwnField Field, string Text);

/// <summary>
/// The values of the mission's own fields, in the ordinal order of their names. Equal to another where its
/// names and values are.
/// </summary>
public sealed class OwnValues : IReadOnlyList<OwnValue>, IEquatable<OwnValues>
{
    private readonly OwnValue[] values;

    internal OwnValues(OwnValue[] values) => this.values = values;

    /// <summary>Of a name that has none.</summary>
    public static OwnValues None { get; } = new([]);

    /// <inheritdoc />
    public int Count => values.Length;

    /// <inheritdoc />
    public OwnValue this[int index] => values[index];

    /// <summary>The value of a field; null where the name has none.</summary>
    public string? this[string field]
    {
        get
        {
            foreach (var value in values)
                if (value.Field.Name == field) return value.Text;
            return null;
        }
    }

    /// <inheritdoc />
    public IEnumerator<OwnValue> GetEnumerator() => ((IEnumerable<OwnValue>)values).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => values.GetEnumerator();

    /// <inheritdoc />
    public bool Equals(OwnValues? other) =>
        other is not null && values.AsSpan().SequenceEqual(other.values, Comparer);

    /// <inheritdoc />
    public override bool Equals(object? obj) => Equals(obj as OwnValues);

    /// <inheritdoc />
    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var value in values)
        {
            hash.Add(value.Field.Name, StringComparer.Ordinal);
            hash.Add(value.Text, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }

    private static readonly IEqualityComparer<OwnValue> Comparer = EqualityComparer<OwnValue>.Create(
        (x, y) => x.Field.Name == y.Field.Name && x.Text == y.Text, value => value.Text.GetHashCode(StringComparison.Ordinal));
}
