using System.Data.Common;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>What files have in common that a query names by words; the empty text for what their names do not have.</summary>
/// <param name="Id">Its id; 0 where it is looked for by its words.</param>
/// <param name="Family">The family.</param>
/// <param name="Instrument">The instrument.</param>
/// <param name="DataLevel">The data level.</param>
/// <param name="Descriptor">The descriptor.</param>
/// <param name="Extension">The extension.</param>
/// <param name="Own">The words of the mission's own fields, as field=word pairs with a space between, in the order of the fields.</param>
internal sealed record Product(
    long Id,
    string Family,
    string Instrument,
    string DataLevel,
    string Descriptor,
    string Extension,
    string Own = ""
)
{
    /// <summary>The word of a field of the mission's own; empty where the names have none.</summary>
    public string OwnWord(string field)
    {
        foreach (var pair in Own.AsSpan().Split(' '))
        {
            var text = Own.AsSpan()[pair];
            if (text.Length > field.Length && text[field.Length] == '=' && text.StartsWith(field, StringComparison.Ordinal))
                return text[(field.Length + 1)..].ToString();
        }

        return "";
    }

    /// <summary>The words of a name that <see cref="Own"/> has.</summary>
    public static string OwnOf(OwnValues own) =>
        own.Count == 0
            ? ""
            : string.Join(' ', own.Where(value => value.Field.InProduct).Select(value => $"{value.Field.Name}={value.Text}"));
}

/// <summary>
/// The products of the archive, hundreds to thousands, in the process. Rows are only ever added, with the
/// next id, so that a copy with fewer of them than the ledger counts reads the others.
/// </summary>
internal sealed class ProductTable
{
    private const string AfterSql =
        "SELECT id, family, instrument, data_level, descriptor, extension, own FROM products WHERE id > @p0 ORDER BY id";

    private readonly Lock turn = new();
    private readonly Dictionary<Product, Product> byWords = [];
    private Product[] all = [];

    /// <summary>At least this many products, those with the ids from 1 on, in the order of their ids.</summary>
    /// <param name="session">Where those that are missing are read.</param>
    /// <param name="transaction">The state that counts them.</param>
    /// <param name="count">How many the ledger counts.</param>
    /// <param name="cancel">Gives up.</param>
    public async ValueTask<IReadOnlyList<Product>> ReadAsync(
        Session session,
        DbTransaction? transaction,
        long count,
        CancellationToken cancel
    )
    {
        var known = Volatile.Read(ref all);
        if (known.Length >= count)
            return known;
        var more = new List<Product>();
        await using (var reader = await session.Statement(AfterSql, [(long)known.Length], transaction).ExecuteReaderAsync(cancel))
        {
            while (await reader.ReadAsync(cancel))
                more.Add(
                    new(
                        reader.GetInt64(0),
                        reader.GetString(1),
                        reader.GetString(2),
                        reader.GetString(3),
                        reader.GetString(4),
                        reader.GetString(5),
                        reader.GetString(6)
                    )
                );
        }

        lock (turn)
        {
            // Another reader may have added some of them meanwhile.
            var added = more.Where(each => each.Id > all.Length).ToList();
            foreach (var product in added)
                byWords.Add(product with { Id = 0 }, product);
            Volatile.Write(ref all, [.. all, .. added]);
            return all;
        }
    }

    /// <summary>The id of a product that is known; 0 for any other.</summary>
    public long Find(Product words)
    {
        lock (turn)
            return byWords.TryGetValue(words, out var product) ? product.Id : 0;
    }

    /// <summary>The words of a name, without an id.</summary>
    public static Product WordsOf(FileName name) =>
        new(0, name.Family, name.Instrument ?? "", name.DataLevel ?? "", name.Descriptor ?? "", name.Extension, Product.OwnOf(name.Own));

    /// <summary>The products that a query means, in the order of their words; null where it means every product.</summary>
    public static List<Product>? Select(IReadOnlyList<Product> all, FileQuery query)
    {
        var isMeant = new List<Func<Product, bool>>();
        if (query.Family is { } family)
            isMeant.Add(product => product.Family == family);
        Add(query.Instruments, product => product.Instrument);
        Add(query.DataLevels, product => product.DataLevel);
        Add(query.Descriptors, product => product.Descriptor);
        Add(query.Extensions, product => product.Extension);
        foreach (var filter in query.Own.Where(each => each.Field.InProduct))
            Add(filter.Values, product => product.OwnWord(filter.Field.Name));
        var meant = all.Where(product => isMeant.TrueForAll(each => each(product))).ToList();
        return meant.Count == all.Count ? null : meant;

        void Add(IReadOnlyList<string> any, Func<Product, string> word)
        {
            if (any.Count == 0)
                return;
            var plain = any.Where(each => !each.Contains('*', StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);
            var patterns = any.Where(each => each.Contains('*', StringComparison.Ordinal)).ToList();
            // A pattern that matches anything does not match what is not there.
            isMeant.Add(product =>
                word(product) is { Length: > 0 } text
                && (plain.Contains(text) || patterns.Exists(pattern => Wildcard.Matches(pattern, text)))
            );
        }
    }

    /// <summary>In the order in which coverage lists them.</summary>
    public static List<Product> InOrder(IEnumerable<Product> products) =>
    [
        .. products.OrderBy(each => each.Family, StringComparer.Ordinal).ThenBy(each => each.Instrument, StringComparer.Ordinal)
            .ThenBy(each => each.DataLevel, StringComparer.Ordinal).ThenBy(each => each.Descriptor, StringComparer.Ordinal)
            .ThenBy(each => each.Extension, StringComparer.Ordinal).ThenBy(each => each.Own, StringComparer.Ordinal),
    ];
}
