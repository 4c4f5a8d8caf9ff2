using System.Data.Common;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OpenSdc.Server.Files.Formats;

/// <summary>
/// Documented: the Python text of a list of tuples, as a JSON string in the document's object. A file whose name has no end repeats its start there;
/// what a family does not have is <c>None</c>.
/// </summary>
internal sealed class TupleFormat : IListingFormat
{
    private const int Fields = 7;

    private readonly StringBuilder text = new();

    public string ContentType => "application/json";

    public string? FileName => null;

    public string Columns => "instrument, data_level, descriptor, start_date, COALESCE(end_date, start_date), version, extension, file_path";

    public int PathColumn => Fields;

    public void Begin(PooledBuffer output)
    {
        output.Write(Representation.AroundQuery.Before);
        output.Write("["u8);
    }

    public void Row(PooledBuffer output, DbDataReader row, bool first)
    {
        text.Clear().Append(first ? "(" : ", (");
        for (var i = 0; i < Fields; i++)
        {
            if (i > 0)
                text.Append(", ");
            PythonText.AppendRepr(text, row.IsDBNull(i) ? null : row.GetString(i));
        }

        text.Append(')');
        foreach (var chunk in text.GetChunks())
            WriteEscaped(output, chunk.Span);
    }

    public void End(PooledBuffer output)
    {
        output.Write("]"u8);
        output.Write(Representation.AroundQuery.After);
    }

    private static void WriteEscaped(PooledBuffer output, ReadOnlySpan<char> span)
    {
        if (span.IndexOfAny('"', '\\') < 0 && System.Text.Ascii.IsValid(span))
            output.Write(span);
        else
            output.Write(JsonEncodedText.Encode(span, JavaScriptEncoder.UnsafeRelaxedJsonEscaping).EncodedUtf8Bytes);
    }
}
