using System.Data.Common;

namespace OpenSdc.Server.Files.Formats;

/// <summary>Plain: a JSON array of the records.</summary>
internal sealed class JsonFormat(IReadOnlyList<string> fields, IReadOnlyList<string> members) : IListingFormat
{
    private readonly RecordWriter records = new(fields, members);

    public string ContentType => "application/json";

    public string? FileName => null;

    public string Columns => RecordWriter.Columns;

    public int PathColumn => RecordWriter.PathColumn;

    public void Begin(PooledBuffer output) => output.Write("["u8);

    public void Row(PooledBuffer output, DbDataReader row, bool first)
    {
        if (!first)
            output.Write(","u8);
        records.Write(output, row);
    }

    public void End(PooledBuffer output) => output.Write("]"u8);
}
