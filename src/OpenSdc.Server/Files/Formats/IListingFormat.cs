using System.Data.Common;

namespace OpenSdc.Server.Files.Formats;

/// <summary>How the rows of a query become an answer. One is made for each answer and may keep what it needs from row to row.</summary>
internal interface IListingFormat
{
    string ContentType { get; }

    /// <summary>The name under which the answer is saved; null where it is rather read at once.</summary>
    string? FileName { get; }

    /// <summary>Whether one state of the catalogue has one answer, now and later; only then may the answer carry a tag.</summary>
    bool IsLasting => true;

    /// <summary>Whether it lists what is to be fetched, so that files that cannot be are left out and counted in a header.</summary>
    bool IsOfFetchable => false;

    /// <summary>The columns that it reads, as SQL.</summary>
    string Columns { get; }

    /// <summary>Which of them is the path.</summary>
    int PathColumn { get; }

    void Begin(PooledBuffer output);

    void Row(PooledBuffer output, DbDataReader row, bool first);

    void End(PooledBuffer output);
}
