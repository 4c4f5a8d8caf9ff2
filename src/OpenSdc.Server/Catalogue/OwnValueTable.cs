using System.Data.Common;
using System.Globalization;
using System.Runtime.CompilerServices;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// What names say in fields of the mission's own that are not words of a product, kept in a table so that it can be
/// asked for. It follows from the names; here it is compared with them, and made again.
/// </summary>
internal sealed class OwnValueTable(Catalogue catalogue, Mission mission)
{
    private const int FilesAtOnce = 5000;

    private const string KeptSql = "SELECT seq, field, value FROM own_values WHERE seq <= @p0 ORDER BY seq, field, value";

    private static readonly BatchInsert Rows = new("INSERT INTO own_values (field, value, seq)", columns: 3);

    // Only their files can have such values.
    private readonly object?[] families =
        [.. mission.Families.Where(each => each.OwnFields.Any(field => !field.InProduct)).Select(each => each.Name)];

    /// <summary>Inserts what the names of some files say.</summary>
    public static async Task AddAsync(
        Session session, DbTransaction transaction, int rowsAtOnce, IEnumerable<(long Seq, FileName Name)> files, CancellationToken cancel)
    {
        List<(OwnValue Value, long Seq)> values = [];
        foreach (var (seq, name) in files)
        {
            foreach (var value in name.Own)
            {
                if (!value.Field.InProduct)
                    values.Add((value, seq));
            }
        }

        if (values.Count == 0)
            return;
        await Rows.RunAsync(session, transaction, rowsAtOnce, values, (each, row) =>
        {
            ReadOnlySpan<object?> all = [each.Value.Field.Name, each.Value.Text, each.Seq];
            all.CopyTo(row);
        }, cancel);
    }

    /// <summary>How many files have other values than their names say.</summary>
    public async Task<long> CountDifferingAsync(CancellationToken cancel)
    {
        // What is published meanwhile has later numbers.
        var head = await catalogue.HeadAsync(cancel);
        return await catalogue.ReadAsync(async session =>
        {
            await using var kept = KeptAsync(session, head, cancel).GetAsyncEnumerator(cancel);
            await using var meant = MeantAsync(head, cancel).GetAsyncEnumerator(cancel);
            var (hasKept, hasMeant, differ) = (await kept.MoveNextAsync(), await meant.MoveNextAsync(), 0L);
            while (hasKept || hasMeant)
            {
                var order = !hasKept ? 1 : !hasMeant ? -1 : kept.Current.Seq.CompareTo(meant.Current.Seq);
                differ += order == 0 && kept.Current.Text == meant.Current.Text ? 0 : 1;
                if (order <= 0)
                    hasKept = await kept.MoveNextAsync();
                if (order >= 0)
                    hasMeant = await meant.MoveNextAsync();
            }

            return differ;
        }, cancel);
    }

    /// <summary>Makes the table again from the names of all files.</summary>
    public async Task MakeAsync(Session session, DbTransaction transaction, CancellationToken cancel)
    {
        await session.Statement("DELETE FROM own_values", [], transaction).ExecuteNonQueryAsync(cancel);
        for (var after = 0L; await FilesAsync(session, transaction, after, cancel) is { Count: > 0 } files; after = files[^1].Seq)
        {
            var named = files.SelectMany(file => NameOf(file.Path) is { } name ? [(file.Seq, name)] : Array.Empty<(long, FileName)>());
            await AddAsync(session, transaction, session.Dialect.RowsAtOnce, named, cancel);
        }
    }

    private static async IAsyncEnumerable<(long Seq, string Text)> KeptAsync(
        Session session, long head, [EnumeratorCancellation] CancellationToken cancel)
    {
        var command = session.Statement(KeptSql, [head]);
        command.CommandTimeout = DerivedData.LongestStatement;
        await using var reader = await command.ExecuteReaderAsync(cancel);
        var (file, text) = (0L, "");
        while (await reader.ReadAsync(cancel))
        {
            if (reader.GetInt64(0) is var seq && seq != file)
            {
                if (text.Length > 0)
                    yield return (file, text);
                (file, text) = (seq, "");
            }

            text += Pair(reader.GetString(1), reader.GetString(2));
        }

        if (text.Length > 0)
            yield return (file, text);
    }

    private async IAsyncEnumerable<(long Seq, string Text)> MeantAsync(long head, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var after = 0L; ;)
        {
            var files = await catalogue.ReadAsync(async session => await FilesAsync(session, null, after, cancel), cancel);
            foreach (var (seq, path) in files)
            {
                if (seq > head)
                    yield break;
                var own = NameOf(path)?.Own.Where(value => !value.Field.InProduct) ?? [];
                if (string.Concat(own.Select(value => Pair(value.Field.Name, value.Text))) is { Length: > 0 } text)
                    yield return (seq, text);
            }

            if (files.Count == 0)
                yield break;
            after = files[^1].Seq;
        }
    }

    /// <summary>The next files that may have such values, in the order of their numbers.</summary>
    private async Task<List<(long Seq, string Path)>> FilesAsync(
        Session session, DbTransaction? transaction, long after, CancellationToken cancel)
    {
        var files = new List<(long, string)>();
        if (families.Length == 0)
            return files;
        var sql = string.Create(CultureInfo.InvariantCulture, $"""
            SELECT seq, file_path FROM files
            WHERE seq > @p0 AND product IN (SELECT id FROM products WHERE family IN ({SqlBatch.List(families.Length, before: 1)}))
            ORDER BY seq LIMIT {FilesAtOnce}
            """);
        await using var reader = await session.Statement(sql, [after, .. families], transaction).ExecuteReaderAsync(cancel);
        while (await reader.ReadAsync(cancel))
            files.Add((reader.GetInt64(0), reader.GetString(1)));
        return files;
    }

    private FileName? NameOf(string path) => FileName.Parse(path[(path.LastIndexOf('/') + 1)..], mission).Name;

    // No value has a line break.
    private static string Pair(string field, string value) => $"{field}={value}\n";
}
