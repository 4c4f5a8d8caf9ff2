using System.Buffers;
using System.Data.Common;
using System.Text.Json;

namespace OpenSdc.Server.Files.Formats;

/// <summary>
/// RFC 4180: a header line, a line a record, CRLF after each. Null is empty. Quotes stand only around a value
/// that holds a comma, a quote or the end of a line; every other value is as the file's name has it, also
/// where a spreadsheet would take it for a formula.
/// </summary>
internal sealed class CsvFormat : IListingFormat
{
    // A quote needs no search of its own: JSON writes one inside a text with a backslash.
    private static readonly SearchValues<byte> Special = SearchValues.Create(",\\"u8);

    private readonly IReadOnlyList<string> fields;
    private readonly ItemParts parts;

    public CsvFormat(IReadOnlyList<string> fields, IReadOnlyList<string> members)
    {
        this.fields = fields.Count > 0 ? fields : members;
        parts = new ItemParts(this.fields, members);
    }

    public string ContentType => "text/csv; charset=utf-8; header=present";

    public string? FileName => "opensdc-query.csv";

    public string Columns => RecordWriter.Columns;

    public int PathColumn => RecordWriter.PathColumn;

    public void Begin(PooledBuffer output) => output.Write(string.Join(',', fields) + "\r\n");

    public void Row(PooledBuffer output, DbDataReader row, bool first)
    {
        parts.Cut(row.GetFieldValue<byte[]>(0));
        for (var i = 0; i < parts.Count; i++)
        {
            if (i > 0)
                output.Write(","u8);
            Write(output, parts[i]);
        }

        output.Write("\r\n"u8);
    }

    public void End(PooledBuffer output)
    {
    }

    private static void Write(PooledBuffer output, ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || json[0] == 'n')
            return;
        if (json[0] != '"')
            output.Write(json);
        else if (json[1..^1].IndexOfAny(Special) < 0)
            output.Write(json[1..^1]);
        else
            WriteUnusual(output, json);
    }

    private static void WriteUnusual(PooledBuffer output, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        var text = reader.GetString()!;
        output.Write(
            text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : string.Concat("\"", text.Replace("\"", "\"\"", StringComparison.Ordinal), "\"")
        );
    }
}
