using System.Globalization;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The order of a list. It always ends with the path or the number of the record, so that no two rows are
/// equal in it: equals go by their number, in the direction of the last field.
/// </summary>
internal sealed class SortOrder
{
    private readonly IReadOnlyList<(string Column, bool Descending)> keys;

    private SortOrder(IReadOnlyList<(string, bool)> keys) => this.keys = keys;

    /// <summary>The columns of the order, the most significant first.</summary>
    public IReadOnlyList<(string Column, bool Descending)> Keys => keys;

    /// <summary>The column that the order begins with.</summary>
    public string First => keys[0].Column;

    public static SortOrder Of(IReadOnlyList<SortField> fields)
    {
        if (fields.Count == 0)
            return new([("file_path", false)]);
        var columns = new List<(string Column, bool Descending)>();
        foreach (var (column, descending) in fields)
        {
            // Dates of ingestion never run backwards: where nothing follows them, their order is that of the numbers.
            var isLast = fields[^1].Column == column;
            columns.Add((column switch { "version" => "version_order", "ingestion_date" when isLast => "seq", _ => column }, descending));
            if (columns[^1].Column is "file_path" or "seq")
                return new(columns);
        }

        columns.Add(("seq", columns[^1].Descending));
        return new(columns);
    }

    /// <summary>The ORDER BY of a statement.</summary>
    public string Sql(Func<string, int, string> name) =>
        " ORDER BY " + string.Join(", ", keys.Select((key, i) => name(key.Column, i) + (key.Descending ? " DESC" : "")));

    /// <summary>The condition that a row comes after the last one of a page.</summary>
    public Filters AddAfter(Filters filters, PageEnd? end)
    {
        if (end is null)
            return filters;
        var values = keys.Zip(
                end.Keys,
                (key, value) => filters.Add(key.Column is "size" or "seq" ? long.Parse(value, CultureInfo.InvariantCulture) : value)
            )
            .ToArray();
        if (keys.Count == 1)
            return filters.And($"{keys[0].Column} {Beyond(0)} {values[0]}");
        if (keys.All(key => key.Descending == keys[0].Descending))
            return filters.And($"({string.Join(", ", keys.Select(key => key.Column))}) {Beyond(0)} ({string.Join(", ", values)})");
        // Of several directions: beyond in the first column, or equal there and beyond in the rest. The first
        // comparison alone lets an index begin there.
        var rest = $"{keys[^1].Column} {Beyond(keys.Count - 1)} {values[^1]}";
        for (var i = keys.Count - 2; i >= 0; i--)
            rest = $"({keys[i].Column} {Beyond(i)} {values[i]} OR ({keys[i].Column} = {values[i]} AND {rest}))";
        return filters.And($"{keys[0].Column} {Beyond(0)}= {values[0]} AND {rest}");
    }

    private string Beyond(int i) => keys[i].Descending ? "<" : ">";
}
