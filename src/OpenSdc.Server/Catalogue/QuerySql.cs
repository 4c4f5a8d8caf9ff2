using System.Text;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>From the filters of a query to its SQL text and parameter values. Values never become part of the text.</summary>
internal sealed class QuerySql
{
    // A name is matched in this order: newest version first, numbers before none, the later publication where both are equal.
    private const string NewestFirst = "COALESCE(major_version, -1) DESC, COALESCE(minor_version, -1) DESC, seq DESC";
    private const string Series = "family, instrument, data_level, descriptor, start_date, repointing, cr, extension";

    // SQLite refuses an expression more than 1000 deep, and a chain of ORs is as deep as it is long.
    private const int LargestGroup = 50;

    private readonly StringBuilder where = new();
    private readonly List<object?> values = [];

    private QuerySql(FileQuery query)
    {
        if (query.Family is { } family)
            AnyOf("family", [family]);
        AnyOf("instrument", query.Instruments);
        AnyOf("data_level", query.DataLevels);
        AnyOf("descriptor", query.Descriptors);
        AnyOf("extension", query.Extensions);
        AnyOf("version", query.Versions);
        AnyOf("repointing", query.Repointings);
        AnyOf("cr", query.Crs);
        AnyOf("major_version", query.MajorVersions);
        AnyOf("minor_version", query.MinorVersions);
        AnyOf("file_path", query.FilePaths);
        Compare("start_date >=", query.StartDate);
        Compare("start_date <=", query.EndDate);
        Compare("ingestion_date >=", query.IngestionStartDate);
        // Every time of day sorts below the colon, so that this bound takes the whole day in.
        Compare("ingestion_date <=", query.IngestionEndDate is { } day ? day + " ~" : null);
        Compare("seq <=", query.AsOf);
    }

    public static (string Text, object?[] Values) Of(FileQuery query, string columns)
    {
        var sql = new QuerySql(query);
        var from = query.Latest
            ? $"(SELECT files.*, ROW_NUMBER() OVER (PARTITION BY {Series} ORDER BY {NewestFirst}) AS place FROM files{sql.where}) AS ranked WHERE place = 1"
            : $"files{sql.where}";
        var text = new StringBuilder($"SELECT {columns} FROM {from}");
        if (query.After is not null)
            text.Append(query.Latest || sql.where.Length > 0 ? " AND " : " WHERE ").Append("file_path > ").Append(sql.Add(query.After));
        text.Append(" ORDER BY file_path");
        if (query.Limit is { } limit)
            text.Append(" LIMIT ").Append(sql.Add(limit));
        return (text.ToString(), [.. sql.values]);
    }

    private void AnyOf<T>(string column, IReadOnlyList<T> any)
    {
        if (any.Count == 0)
            return;
        And().Append(any.Count > 1 ? "(" : "");
        var plain = any.Where(value => value is not string text || !text.Contains('*', StringComparison.Ordinal)).ToList();
        if (plain.Count == 1)
            where.Append(column).Append(" = ").Append(Add(plain[0]));
        else if (plain.Count > 1)
            where.Append(column).Append(" IN (").AppendJoin(", ", plain.Select(value => Add(value))).Append(')');
        var or = plain.Count == 0 ? "" : " OR ";
        foreach (var group in any.OfType<string>().Where(text => text.Contains('*', StringComparison.Ordinal)).Chunk(LargestGroup))
        {
            where.Append(or).Append('(')
                .AppendJoin(" OR ", group.Select(pattern => $"{column} LIKE {Add(LikePattern(pattern))} ESCAPE '\\'"))
                .Append(')');
            or = " OR ";
        }

        where.Append(any.Count > 1 ? ")" : "");
    }

    private void Compare(string comparison, object? value)
    {
        if (value is not null)
            And().Append(comparison).Append(' ').Append(Add(value));
    }

    private StringBuilder And() => where.Append(where.Length == 0 ? " WHERE " : " AND ");

    private string Add(object? value)
    {
        values.Add(value);
        return $"@p{values.Count - 1}";
    }

    private static string LikePattern(string pattern) => pattern
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("%", "\\%", StringComparison.Ordinal)
        .Replace("_", "\\_", StringComparison.Ordinal)
        .Replace('*', '%');
}
