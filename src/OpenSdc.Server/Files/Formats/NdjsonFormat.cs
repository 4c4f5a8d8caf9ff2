using System.Data.Common;

namespace OpenSdc.Server.Files.Formats;

/// <summary>One record a line, each a JSON object and ended by a line feed: what a pipeline reads without waiting for the end.</summary>
internal sealed class NdjsonFormat(IReadOnlyList<string> fields, IReadOnlyList<string> members) : IListingFormat
{
    private readonly RecordWriter records = new(fields, members);

    public string ContentType => "application/x-ndjson";

    public string? FileName => "opensdc-query.ndjson";

    public string Columns => RecordWriter.Columns;

    public int PathColumn => RecordWriter.PathColumn;

    public void Begin(PooledBuffer output)
    {
    }

    public void Row(PooledBuffer output, DbDataReader row, bool first)
    {
        records.Write(output, row);
        output.Write("\n"u8);
    }

    public void End(PooledBuffer output)
    {
    }
}
