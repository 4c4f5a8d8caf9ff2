using System.Text;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The conditions of a query as SQL. Values never become part of the text. A condition can be written so that no index serves it: which index a
/// statement uses is decided by <see cref="QueryPlan"/>, which knows more than the database's planner does.
/// </summary>
internal sealed class Filters
{
    // SQLite refuses an expression more than 1000 deep, and a chain of ORs is as deep as it is long.
    private const int LargestGroup = 50;

    private readonly StringBuilder text = new();
    private readonly List<object?> values;

    public Filters() => values = [];

    private Filters(List<object?> values) => this.values = values;

    public bool IsEmpty => text.Length == 0;

    /// <summary>The conditions with their WHERE, or nothing.</summary>
    public string Where => IsEmpty ? "" : $" WHERE {text}";

    /// <summary>The conditions alone.</summary>
    public string Conditions => text.ToString();

    public object?[] Values => [.. values];

    /// <summary>A column whose conditions use no index: the expression is its value, but not the indexed one.</summary>
    public static string Unindexed(string column) => column + " || ''";

    public static string UnindexedNumber(string column) => column + " + 0";

    /// <summary>Other conditions of the same statement, for a part of it that stands apart.</summary>
    public Filters Beside() => new(values);

    public string Add(object? value)
    {
        values.Add(value);
        return Several.Name(values.Count - 1);
    }

    public Filters AnyOf<T>(string column, IReadOnlyList<T> any)
    {
        if (any.Count == 0)
            return this;
        if (any.Count == 1 && !IsPattern(any[0]))
            return Compare(column + " =", any[0]);
        var plain = any.Where(value => !IsPattern(value)).Select(value => Add(value)).ToList();
        var parts = any.Where(IsPattern).OfType<string>().Chunk(LargestGroup)
            .Select(group => "(" + string.Join(" OR ", group.Select(pattern => $"{column} LIKE {Add(LikePattern(pattern))} ESCAPE '\\'")) + ")").ToList();
        if (plain.Count > 0)
            parts.Insert(0, plain.Count == 1 ? $"{column} = {plain[0]}" : $"{column} IN ({string.Join(", ", plain)})");
        return And(parts.Count == 1 ? parts[0] : $"({string.Join(" OR ", parts)})");
    }

    public Filters Compare(string comparison, object? value) => value is null ? this : And($"{comparison} {Add(value)}");

    public Filters And(string condition)
    {
        text.Append(text.Length == 0 ? "" : " AND ").Append(condition);
        return this;
    }

    /// <summary>All that no index serves in any statement, and what is kept from those that would be chosen wrongly.</summary>
    public Filters AddResidual(FileQuery query)
    {
        AnyOf("extension", query.Extensions).AnyOf("version", query.Versions);
        AnyOf(UnindexedNumber("repointing"), query.Repointings).AnyOf(UnindexedNumber("cr"), query.Crs);
        AnyOf("major_version", query.MajorVersions).AnyOf("minor_version", query.MinorVersions);
        AnyOf("sha256", query.Sha256s).AddIntegrity(query);
        Compare(UnindexedNumber("seq") + " <=", query.AsOf).AddCurrent(query);
        if (query.Overlaps is { } days)
            Compare("COALESCE(end_date, start_date) >=", days.From).Compare(Unindexed("start_date") + " <=", days.To);
        return this;
    }

    /// <summary>By the marks of files that are lost or damaged: a handful at most, looked up once for the statement.</summary>
    public Filters AddIntegrity(FileQuery query)
    {
        if (query.Integrity.Count == 0)
            return this;
        var isIn = !query.Integrity.Contains(FileIntegrity.Intact);
        var kinds = isIn ? query.Integrity : [.. FileIntegrity.All.Except(query.Integrity)];
        return And($"seq {(isIn ? "IN" : "NOT IN")} (SELECT unsound.seq FROM unsound WHERE unsound.kind IN ({string.Join(", ", kinds.Select(kind => Add(kind)).DefaultIfEmpty("''"))}))");
    }

    /// <summary>By the note that publications leave: whether the series has a newer version, in the state that is asked about.</summary>
    public Filters AddCurrent(FileQuery query) => query.Current switch
    {
        true => And(query.AsOf is { } asOf ? $"(superseded_by IS NULL OR superseded_by > {Add(asOf)})" : "superseded_by IS NULL"),
        false => And(query.AsOf is { } asOf ? $"superseded_by <= {Add(asOf)}" : "superseded_by IS NOT NULL"),
        null => this,
    };

    /// <summary>Every time of day sorts below the tilde, so that the last day is in whole.</summary>
    public static string? EndOfDay(string? day) => day is null ? null : day + " ~";

    private static bool IsPattern<T>(T value) => value is string text && text.Contains('*', StringComparison.Ordinal);

    private static string LikePattern(string pattern) => pattern
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("%", "\\%", StringComparison.Ordinal)
        .Replace("_", "\\_", StringComparison.Ordinal)
        .Replace('*', '%');
}
