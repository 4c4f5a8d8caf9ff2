using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>A query with all that is needed to write its statements.</summary>
/// <param name="Query">The filters, the order and the page.</param>
/// <param name="Scope">Who reads, and as of which change.</param>
/// <param name="Products">The products that it means.</param>
/// <param name="IsAll">Whether these are all products of the archive.</param>
internal sealed record ReadyQuery(FileQuery Query, ReadScope Scope, IReadOnlyList<Product> Products, bool IsAll)
{
    /// <summary>The family whose keys say where its files lie; null where several are meant.</summary>
    public Family? Family { get; init; }

    /// <summary>The least number of a record, of those that the numbers and ingestion dates of the query leave; 0 for no bound.</summary>
    public long FirstSeq { get; init; }

    /// <summary>The greatest.</summary>
    public long LastSeq { get; init; } = long.MaxValue;

    /// <summary>The newest change.</summary>
    public long Head { get; init; }

    /// <summary>At most how many files its dates leave, as coverage counts them; null where nothing goes by that.</summary>
    public long? Dated { get; init; }

    public bool IsDated => (Query.StartDate ?? Query.EndDate) is not null;

    /// <summary>How many numbers there are between its bounds; null where it has none.</summary>
    public long? Numbers =>
        FirstSeq > 0 || LastSeq < long.MaxValue || Scope.AsOf is not null ? Math.Min(LastSeq, Scope.AsOf ?? Head) - FirstSeq + 1 : null;

    public IReadOnlyList<long> ProductIds => [.. Products.Select(product => product.Id)];
}
