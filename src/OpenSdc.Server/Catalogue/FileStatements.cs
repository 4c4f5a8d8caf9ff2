using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// From a query to the one statement that answers it. The access path is chosen here, by what the query says;
/// what is not the access path is written so that no index serves it.
/// </summary>
/// <remarks>
/// In this order: <b>single files</b> (paths, digests), <b>a repointing or rotation</b>, <b>a field of the
/// mission's own</b>, <b>marked files</b>, <b>few numbers</b> (what came when) and <b>few files by their
/// dates</b>: the rows, sorted. Else <b>a page</b>, or a list of some products: one arm for each product, in
/// order by an index, merged. Else <b>a list</b> in the order of paths or numbers: the index over all files.
/// What is left is sorted.
/// </remarks>
internal sealed class FileStatements(SqlDialect dialect, ReadyQuery ready)
{
    private readonly FileQuery query = ready.Query;
    private readonly Filters filters = new(dialect);
    private Path path;

    /// <summary>The statement of the rows, in order.</summary>
    /// <param name="columns">What to select; the columns of the order follow, so that a page can say where it ended.</param>
    public SqlStatement List(string columns)
    {
        var order = SortOrder.Of(query.Sort);
        var selected = ready.Scope.Select(filters, columns) + string.Concat(order.Keys.Select((key, i) => $", {key.Column} AS k{i}"));
        var leads = AddLeading();
        if (!leads && IsMerged(order))
            return Merged(order, selected);
        if (!leads)
            AddWalk(order);

        order.AddAfter(filters, query.After);
        AddRest();
        return new($"SELECT {selected} FROM files{filters.Where}{order.Sql(Column)}{Limit()}", filters.Values);

        // Where a condition leads, an index in the order of the list must not.
        string Column(string column, int _) => leads ? Filters.Unindexed(column, column is "seq" or "size") : column;
    }

    /// <summary>The statement of the rows in no order, whatever page is asked for, to be summed up by another.</summary>
    public SqlStatement All(string columns)
    {
        if (!AddLeading())
            Lead(Path.Products, AddSeq(AddStart(AddProducts(filters, leads: true), leads: true), "files", leads: true));
        AddRest();
        return new($"SELECT {columns} FROM files{filters.Where}", filters.Values);
    }

    /// <summary>Adds the condition that leads to few rows, where the query has one.</summary>
    private bool AddLeading()
    {
        if (query.FilePaths.Count > 0)
            // A list is one value, so that the text does not depend on how many paths there are.
            Lead(
                Path.Files,
                query.FilePaths.Count == 1
                    ? filters.And(IsAt([filters.Add(query.FilePaths[0])]))
                    : filters.AnyOf("file_path", query.FilePaths)
            );
        else if (query.Sha256s.Count > 0)
            Lead(
                Path.Digests,
                filters.AnyOf("substr(sha256, 1, 16)", [.. query.Sha256s.Select(each => each[..16]).Distinct(StringComparer.Ordinal)])
            );
        else if (query.Repointings.Count > 0)
            Lead(Path.Repointings, filters.AnyOf("repointing", query.Repointings));
        else if (query.Crs.Count > 0)
            Lead(Path.Rotations, filters.AnyOf("cr", query.Crs));
        else if (RowOwn.FirstOrDefault() is { } own)
            Lead(Path.Own, AddOwn(filters, "files.seq", own));
        else if (IsMarked)
            Lead(Path.Marks, AddIntegrity(filters, "files.seq"));
        else if (ready.Scope.Since is { } since && ready.Head - since <= Few)
            Lead(Path.Late, AddLate(since));
        else if (ready.Numbers <= Few)
            Lead(Path.Numbers, AddSeq(filters, "files", leads: true));
        else if (ready.Dated <= Few)
            Lead(Path.Dates, AddStart(AddProducts(filters, leads: true), leads: true));
        return path != Path.None;
    }

    /// <summary>
    /// The condition that a row of <c>files</c> is at one of a few paths, the values of these parameters. The
    /// row at each path, or else the next one, is read and then compared: a file that the caller may not see
    /// takes as long as none.
    /// </summary>
    public static string IsAt(IReadOnlyList<string> parameters)
    {
        var rows = parameters.Select(path =>
            $"(SELECT next.seq FROM files AS next WHERE next.file_path >= {path} ORDER BY next.file_path LIMIT 1)"
        );
        var seq = parameters.Count == 1 ? $"= {rows.First()}" : $"IN ({string.Join(", ", rows)})";
        return $"{Filters.Unindexed("files.file_path")} IN ({string.Join(", ", parameters)}) AND files.seq {seq}";
    }

    private void Lead(Path by, Filters _) => path = by;

    /// <summary>The rows that the audience may see since a later change: each change brings it one at most.</summary>
    private Filters AddLate(long since)
    {
        var (number, from) = (filters.Add(since), ready.Scope.Columns.From);
        var earlier = ready.Scope.IsPast
            ? string.Create(
                CultureInfo.InvariantCulture,
                $" UNION ALL SELECT file FROM earlier_intervals WHERE audience = {(int)ready.Scope.Audience} AND from_seq > {number}"
            )
            : "";
        return filters.And(
            $"files.seq IN (SELECT seq FROM files WHERE seq > {number} UNION ALL SELECT seq FROM files WHERE {from} <> seq AND {from} > {number}{earlier})"
        );
    }

    /// <summary>
    /// So many rows are read and sorted rather than looked for in order: of a whole list a share of all there
    /// are, since all of them would be read otherwise.
    /// </summary>
    private long Few => query.Limit is null ? Math.Max(dialect.SortedRows, ready.Head / 4) : dialect.SortedRows;

    private bool IsMarked => query.Integrity.Count > 0 && !query.Integrity.Contains(FileIntegrity.Intact);

    private bool HasWords =>
        query.Instruments.Count + query.DataLevels.Count + query.Descriptors.Count + query.Extensions.Count > 0
        || query.Own.Any(each => each.Field.InProduct);

    /// <summary>The filters on fields of the mission's own that are not words of the product.</summary>
    private IEnumerable<OwnFilter> RowOwn => query.Own.Where(each => !each.Field.InProduct);

    /// <summary>
    /// Whether the rows come from one arm a product: the index over all files serves a whole list, and the
    /// newest of all, without.
    /// </summary>
    private bool IsMerged(SortOrder order) => ready.Products.Count <= (query.Limit is null ? dialect.MostArms : dialect.MostProducts)
        && (order.First != "seq" || HasWords) && (query.Limit is not null || HasWords || ready.IsDated || order.First != "file_path");

    private SqlStatement Merged(SortOrder order, string selected)
    {
        var products = ready.Products;
        var bounds = order.First == "file_path" ? Bounds(products) : null;
        order.AddAfter(filters, query.After);
        if (order.First == "start_date")
            Lead(Path.Dates, AddStart(filters, leads: true));
        else if (order.First == "seq")
            Lead(Path.Numbers, AddSeq(filters, "files", leads: true));
        AddRest();
        var sorted = order.Sql((column, _) => column);
        var merged = order.Sql((_, i) => $"k{i.ToString(CultureInfo.InvariantCulture)}");
        if (products.Count <= dialect.MostArms)
        {
            var limit = Limit();
            var arms = products
                .Select(
                    (product, i) =>
                        "SELECT * FROM ("
                        + Arm(filters.Add(product.Id), bounds is null ? null : (filters.Add(bounds[i].From), filters.Add(bounds[i].Below)))
                        + ") AS arm"
                )
                .ToList();
            return new(string.Join(" UNION ALL ", arms) + merged + limit, filters.Values);
        }

        // More arms than a plan should have: the same arms as one text, of each of which the page reads no more than itself.
        var lists = new List<string> { filters.AddList(ready.ProductIds) };
        if (bounds is not null)
            lists.AddRange([filters.AddList(bounds.Select(each => each.From)), filters.AddList(bounds.Select(each => each.Below))]);
        var each = Arm("arm.product", bounds is null ? null : ("arm.lowest", "arm.below"));
        var most = Limit();
        return new($"SELECT page.* FROM {dialect.Arms(lists)} CROSS JOIN LATERAL ({each}{most}) AS page{merged}{most}", filters.Values);

        string Arm(string product, (string From, string Below)? paths) =>
            $"SELECT {selected} FROM files WHERE product = {product}{(paths is { } range ? $" AND file_path >= {range.From} AND file_path < {range.Below}" : "")}{filters.AndAll}{sorted}";
    }

    /// <summary>
    /// Where the files of each product lie that the dates leave, as far as keys say it; null where there are
    /// no dates, or keys say nothing.
    /// </summary>
    private List<KeyRange>? Bounds(IReadOnlyList<Product> products)
    {
        if (ready.Family is not { } family || !ready.IsDated)
            return null;
        DateOnly from = query.StartDate is { } first ? Day.Of(first) : DateOnly.MinValue,
            to = query.EndDate is { } last ? Day.Of(last) : DateOnly.MaxValue;
        return [.. products.Select(product => family.KeyOrder.Range(Word(product.Instrument), Word(product.DataLevel), from, to))];

        static string? Word(string word) => word.Length > 0 ? word : null;
    }

    /// <summary>Rows in the order of an index over all files, or, in any other order, those of the products, to be sorted.</summary>
    private void AddWalk(SortOrder order)
    {
        if (order.First is not ("seq" or "file_path"))
        {
            Lead(Path.Dates, AddStart(AddProducts(filters, leads: true), leads: true));
            return;
        }

        if (order.First == "seq")
            Lead(Path.Numbers, AddSeq(filters, "files", leads: true));
        else if (ready.Family is { } family)
            AddRange(family.KeyOrder.Range(null, null, null, null));
        AddProducts(filters, leads: false);

        void AddRange(KeyRange range) => filters.Compare("file_path >=", range.From).Compare("file_path <", range.Below);
    }

    /// <summary>All conditions but those that lead, and those of products where they are stated already.</summary>
    private void AddRest()
    {
        if (
            path is Path.Files or Path.Digests or Path.Repointings or Path.Rotations or Path.Own or Path.Marks or Path.Late
            || (path == Path.Numbers && ready.Numbers <= Few)
        )
            AddProducts(filters, leads: false);
        if (path is not (Path.Dates or Path.Products))
            AddStart(filters, leads: false);
        if (path != Path.Repointings)
            filters.AnyOf(Filters.Unindexed("files.repointing", isNumber: true), query.Repointings);
        if (path != Path.Rotations)
            filters.AnyOf(Filters.Unindexed("files.cr", isNumber: true), query.Crs);
        AddOfVersion(filters, "files", path);
        if (query.Latest)
            AddNewest(filters, ready.Scope.Columns.SupersededBy, "(newer.version_order, newer.seq) > (files.version_order, files.seq)");
        if (query.DefaultVersions)
            AddNewest(filters, ready.Scope.Columns.OutdatedBy, "newer.counted_major > files.counted_major");
    }

    /// <summary>
    /// The newest of each series: by the note, or, where other filters take the files of a series apart,
    /// among those that they leave.
    /// </summary>
    private void AddNewest(Filters to, string note, string isNewer)
    {
        if (!query.SplitsSeries && !ready.Scope.IsPast)
        {
            ready.Scope.AddNote(to, $"files.{note}", isSet: false);
            return;
        }

        var newer = AddOfVersion(to.Beside(), "newer", Path.None);
        to.And($"NOT EXISTS (SELECT 1 FROM files AS newer WHERE newer.series = files.series AND {isNewer}{newer.AndAll})");
    }

    /// <summary>The conditions on what the files of one series differ in, but the one that leads.</summary>
    private Filters AddOfVersion(Filters to, string files, Path leading)
    {
        AddVersions(to, files);
        to.AnyOf($"{files}.major_version", query.MajorVersions)
            .AnyOf($"{files}.minor_version", query.MinorVersions)
            .AnyOf($"{files}.sha256", query.Sha256s);
        if (leading != Path.Files)
            to.AnyOf(Filters.Unindexed($"{files}.file_path"), query.FilePaths);
        foreach (var own in RowOwn.Skip(leading == Path.Own ? 1 : 0))
            AddOwn(to, Filters.Unindexed($"{files}.seq", isNumber: true), own);
        if (query.Overlaps is { } days)
            to.Compare($"COALESCE({files}.end_date, {files}.start_date) >=", days.From);
        if (leading != Path.Marks)
            AddIntegrity(to, Filters.Unindexed($"{files}.seq", isNumber: true));
        if (leading is not (Path.Numbers or Path.Products))
            AddSeq(to, files, leads: false);
        if (query.Released is { } released)
            ready.Scope.AddReleased(to, released, files);
        if (query.Current is { } current)
            AddCurrent(to, files, current);
        return to;
    }

    /// <summary>By the note, or, where it does not say what was seen then, by the versions of the series that were.</summary>
    private void AddCurrent(Filters to, string files, bool current)
    {
        if (!ready.Scope.IsPast)
        {
            ready.Scope.AddNote(to, $"{files}.{ready.Scope.Columns.SupersededBy}", isSet: !current);
            return;
        }

        var seen = (ready.Scope with { Since = null }).AddTo(to.Beside(), "later");
        to.And(
            $"{(current ? "NOT " : "")}EXISTS (SELECT 1 FROM files AS later WHERE later.series = {files}.series AND (later.version_order, later.seq) > ({files}.version_order, {files}.seq){seen.AndAll})"
        );
    }

    private void AddVersions(Filters to, string files)
    {
        if (query.Versions.Count + query.MinorOfVersions.Count == 0)
            return;
        var parts = new List<string>();
        if (query.Versions.Where(each => !IsPattern(each)).ToList() is { Count: > 0 } plain)
            parts.Add(to.IsAnyOf($"{files}.version", plain));
        parts.AddRange(query.Versions.Where(IsPattern).Select(pattern => to.Like($"{files}.version", pattern)));
        if (query.MinorOfVersions.Count > 0)
            parts.Add($"({files}.counted_major IS NOT NULL AND {to.IsAnyOf($"{files}.minor_version", query.MinorOfVersions)})");
        to.And(parts.Count == 1 ? parts[0] : $"({string.Join(" OR ", parts)})");

        static bool IsPattern(string version) => version.Contains('*', StringComparison.Ordinal);
    }

    private Filters AddProducts(Filters to, bool leads) => ready.IsAll && !(leads && ready.IsDated)
        ? to
        : to.AnyOf(leads ? "files.product" : Filters.Unindexed("files.product", isNumber: true), ready.ProductIds);

    private Filters AddStart(Filters to, bool leads) =>
        to.Between(leads ? "files.start_date" : Filters.Unindexed("files.start_date"), query.StartDate, query.EndDate);

    private Filters AddSeq(Filters to, string files, bool leads)
    {
        var column = leads ? $"{files}.seq" : Filters.Unindexed($"{files}.seq", isNumber: true);
        to.Compare(column + " >=", ready.FirstSeq > 0 ? ready.FirstSeq : null)
            .Compare(column + " <=", ready.LastSeq < long.MaxValue ? ready.LastSeq : null);
        return ready.Scope.AddTo(to, files, leads);
    }

    private static Filters AddOwn(Filters to, string seq, OwnFilter own) =>
        to.And(
            $"{seq} IN (SELECT own_values.seq FROM own_values WHERE own_values.field = {to.Add(own.Field.Name)} AND {to.IsAnyOf("own_values.value", own.Values)})"
        );

    /// <summary>By the marks of files that are lost or damaged: a handful at most.</summary>
    private Filters AddIntegrity(Filters to, string seq)
    {
        if (query.Integrity.Count == 0)
            return to;
        var isIn = !query.Integrity.Contains(FileIntegrity.Intact);
        List<string> kinds = isIn ? [.. query.Integrity] : [.. FileIntegrity.All.Except(query.Integrity)];
        return to.And(
            $"{seq} {(isIn ? "IN" : "NOT IN")} (SELECT corrupt_or_missing.seq FROM corrupt_or_missing WHERE {(kinds.Count > 0 ? to.IsAnyOf("corrupt_or_missing.kind", kinds) : "1 = 0")})"
        );
    }

    private string Limit() => query.Limit is { } most ? $" LIMIT {filters.Add((long)most)}" : "";

    /// <summary>What leads to the rows.</summary>
    private enum Path
    {
        None, Files, Digests, Repointings, Rotations, Own, Marks, Late, Numbers, Dates, Products,
    }
}
