using System.Text;

namespace OpenSdc.Server.Catalogue;

/// <summary>One statement and its parameter values.</summary>
internal readonly record struct SqlStatement(string Text, object?[] Values);

/// <summary>
/// The conditions of a statement and the values of its parameters. Values never become part of the text, and
/// a list is one value, so that a statement's text depends only on which filters there are.
/// </summary>
internal sealed class Filters
{
    private readonly SqlDialect dialect;
    private readonly StringBuilder text = new();
    private readonly List<object?> values;

    public Filters(SqlDialect dialect) => (this.dialect, values) = (dialect, []);

    private Filters(Filters beside) => (dialect, values) = (beside.dialect, beside.values);

    /// <summary>The conditions with their WHERE, or nothing.</summary>
    public string Where => text.Length == 0 ? "" : $" WHERE {text}";

    /// <summary>The conditions, at least one.</summary>
    public string All => text.ToString();

    /// <summary>The conditions after others, or nothing.</summary>
    public string AndAll => text.Length == 0 ? "" : $" AND {text}";

    public object?[] Values => [.. values];

    /// <summary>
    /// A column whose conditions use no index: the expression is its value, but not the indexed one. What is
    /// not the access path is written so.
    /// </summary>
    public static string Unindexed(string column, bool isNumber = false) => column + (isNumber ? " + 0" : " || ''");

    /// <summary>Other conditions of the same statement, for a part of it that stands apart.</summary>
    public Filters Beside() => new(this);

    public string Add(object? value)
    {
        values.Add(value);
        return SqlBatch.Name(values.Count - 1);
    }

    /// <summary>A list as one value, see <see cref="SqlDialect.ListText"/>.</summary>
    public string AddList<T>(IEnumerable<T> list)
        where T : notnull => Add(dialect.ListText(list));

    /// <summary>The condition that a column has one of these texts or numbers, at least one.</summary>
    public string IsAnyOf<T>(string column, IReadOnlyList<T> any)
        where T : notnull =>
        any.Count == 1 ? $"{column} = {Add(any[0])}" : dialect.IsAnyOf(column, Add(dialect.ListText(any)), isNumber: any[0] is not string);

    /// <summary>The same; an empty list is no condition.</summary>
    public Filters AnyOf<T>(string column, IReadOnlyList<T> any)
        where T : notnull => any.Count == 0 ? this : And(IsAnyOf(column, any));

    public Filters Compare(string comparison, object? value) => value is null ? this : And($"{comparison} {Add(value)}");

    /// <summary>
    /// The condition that a start date lies between these, each of which may be null. A file without a date
    /// is left out by any.
    /// </summary>
    public Filters Between(string column, string? first, string? last)
    {
        Compare(column + " >=", first).Compare(column + " <=", last);
        return first is null && last is not null ? And($"{column} > ''") : this;
    }

    public Filters And(string condition)
    {
        text.Append(text.Length == 0 ? "" : " AND ").Append(condition);
        return this;
    }

    /// <summary>The condition that a text is like a pattern, in which a star stands for any run of characters.</summary>
    public string Like(string column, string pattern) => $"{column} LIKE {Add(pattern
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("%", "\\%", StringComparison.Ordinal)
        .Replace("_", "\\_", StringComparison.Ordinal)
        .Replace('*', '%'))} ESCAPE '\\'";
}
