using System.Data.Common;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OpenSdc.Server.Files.Formats;

/// <summary>
/// Documented: the Python text of a list of tuples, as a JSON string in the document's object. A file whose
/// name has no end repeats its start there; what a family does not have is <c>None</c>.
/// </summary>
internal sealed class TupleFormat : IListingFormat
{
    private static readonly string[] Members = ["instrument", "data_level", "descriptor", "start_date", "end_date", "version", "extension"];
    private static readonly int StartDate = Array.IndexOf(Members, "start_date");
    private static readonly int EndDate = Array.IndexOf(Members, "end_date");

    private readonly ItemParts parts = new(Members, QueryRequest.AllFields);

    public string ContentType => "application/json";

    public string? FileName => null;

    public string Columns => RecordWriter.Columns;

    public int PathColumn => RecordWriter.PathColumn;

    public void Begin(PooledBuffer output)
    {
        output.Write(Representation.AroundQuery.Before);
        output.Write("["u8);
    }

    public void Row(PooledBuffer output, DbDataReader row, bool first)
    {
        parts.Cut(row.GetFieldValue<byte[]>(0));
        output.Write(first ? "("u8 : ", ("u8);
        for (var i = 0; i < parts.Count; i++)
        {
            if (i > 0)
                output.Write(", "u8);
            Write(output, i == EndDate && (parts[i].IsEmpty || parts[i][0] == (byte)'n') ? parts[StartDate] : parts[i]);
        }

        output.Write(")"u8);
    }

    public void End(PooledBuffer output)
    {
        output.Write("]"u8);
        output.Write(Representation.AroundQuery.After);
    }

    /// <summary>
    /// A text that JSON writes without a backslash is visible ASCII without quotes, and stands in Python's
    /// text as it is.
    /// </summary>
    private static void Write(PooledBuffer output, ReadOnlySpan<byte> json)
    {
        if (json[0] == '"' && !json.Contains((byte)'\\'))
        {
            output.Write("'"u8);
            output.Write(json[1..^1]);
            output.Write("'"u8);
            return;
        }

        var reader = new Utf8JsonReader(json);
        reader.Read();
        var text = new StringBuilder();
        PythonText.AppendRepr(text, reader.GetString());
        output.Write(JsonEncodedText.Encode(text.ToString(), JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
    }
}
