using System.Text.Json;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Client;

/// <summary>
/// Reads the records of a query's answer, whatever its form: NDJSON, a JSON array of objects, or the founding
/// document's object whose body is the text of a Python list. What a server does not say is empty: a size of -1,
/// a digest and an ingestion date without characters, the number 0.
/// </summary>
/// <param name="mission">Whose names they are, where a record says less than its name.</param>
internal sealed class RecordReader(Mission mission)
{
    public IEnumerable<FileRecord> Read(ReadOnlyMemory<byte> body)
    {
        var text = body.Span.TrimStart(" \t\r\n"u8);
        var start = body.Length - text.Length;
        return text.Length == 0 ? [] : text[0] switch
        {
            (byte)'{' when IsDocumented(body[start..]) => ReadDocument(body[start..]),
            (byte)'{' => ReadLines(body[start..]),
            (byte)'[' when text.Length > 1 && text[1] != '(' => ReadArray(body[start..]),
            (byte)'"' => ReadTuples(Parse(body[start..]).GetString()!),
            (byte)'[' => ReadTuples(System.Text.Encoding.UTF8.GetString(text)),
            _ => throw Unreadable(null),
        };
    }

    private static bool IsDocumented(ReadOnlyMemory<byte> body)
    {
        var reader = new Utf8JsonReader(body.Span);
        return reader.Read() && reader.Read() && reader.TokenType == JsonTokenType.PropertyName
            && (reader.ValueTextEquals("statusCode"u8) || reader.ValueTextEquals("body"u8) || reader.ValueTextEquals("headers"u8));
    }

    private IEnumerable<FileRecord> ReadDocument(ReadOnlyMemory<byte> body)
    {
        var root = Parse(body);
        if (!root.TryGetProperty("body", out var inner))
            throw Unreadable(null);
        return inner.ValueKind switch
        {
            JsonValueKind.Array => ReadElements(inner),
            JsonValueKind.String => Read(System.Text.Encoding.UTF8.GetBytes(inner.GetString()!)),
            _ => throw Unreadable(null),
        };
    }

    private IEnumerable<FileRecord> ReadLines(ReadOnlyMemory<byte> body)
    {
        while (body.Length > 0)
        {
            var end = body.Span.IndexOf((byte)'\n');
            var line = end < 0 ? body : body[..end];
            body = end < 0 ? default : body[(end + 1)..];
            if (line.Span.Trim(" \t\r"u8).Length > 0)
                yield return RecordOf(Parse(line));
        }
    }

    private IEnumerable<FileRecord> ReadArray(ReadOnlyMemory<byte> body) => ReadElements(Parse(body));

    private IEnumerable<FileRecord> ReadElements(JsonElement array) => array.EnumerateArray().Select(RecordOf);

    private FileRecord RecordOf(JsonElement item)
    {
        if (item.ValueKind != JsonValueKind.Object || TextOf(item, "file_path") is not { Length: > 0 } path)
            throw Unreadable(null);
        try
        {
            if (item.TryGetProperty("sha256", out _) && item.TryGetProperty("size", out _) && item.TryGetProperty("seq", out _))
                return item.Deserialize(ContractJson.Default.FileRecord)!;
        }
        catch (JsonException fault)
        {
            throw Unreadable(fault);
        }

        // Another server of this kind: members that it lacks are read from the name, where that is one of the
        // mission.
        return Named(path) with
        {
            Size = item.TryGetProperty("size", out var size) && size.ValueKind == JsonValueKind.Number && size.TryGetInt64(out var bytes)
                ? bytes : -1,
            Sha256 = TextOf(item, "sha256") ?? "",
            IngestionDate = TextOf(item, "ingestion_date") ?? "",
        };
    }

    /// <summary>The record of a file of which only the path or name is known.</summary>
    public FileRecord Named(string path)
    {
        var name = FileName.Parse(path[(path.LastIndexOf('/') + 1)..], mission).Name;
        return new FileRecord
        {
            FilePath = path.Contains('/', StringComparison.Ordinal) ? path : name?.Key ?? path,
            Instrument = name?.Instrument,
            DataLevel = name?.DataLevel,
            Descriptor = name?.Descriptor,
            StartDate = name?.StartDate?.ToString("yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture),
            EndDate = name?.EndDate?.ToString("yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture),
            Repointing = name?.Repointing,
            Cr = name?.Cr,
            Version = name?.Version,
            MajorVersion = name?.MajorVersion,
            MinorVersion = name?.MinorVersion,
            Extension = name?.Extension ?? Path.GetExtension(path).TrimStart('.'),
            IngestionDate = "",
            Size = -1,
            Sha256 = "",
            Seq = 0,
        };
    }

    /// <summary>Tuples of instrument, level, descriptor, start, end, version and extension.</summary>
    private IEnumerable<FileRecord> ReadTuples(string text)
    {
        foreach (var tuple in PythonText.ReadTuples(text))
        {
            if (tuple.Count < 7)
                throw Unreadable(null);
            var named = new ListedName(tuple[0], tuple[1], tuple[2], tuple[3], tuple[4], tuple[5], tuple[6]).Find(mission)
                ?? throw new SdcException(SdcError.BadAnswer,
                    $"The server lists a file whose name does not follow the conventions of the mission {mission.Name}.");
            yield return Named(named.Key);
        }
    }

    private static string? TextOf(JsonElement item, string member) => item.TryGetProperty(member, out var value)
        && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonElement Parse(ReadOnlyMemory<byte> text)
    {
        try
        {
            return JsonElement.Parse(text.Span);
        }
        catch (JsonException fault)
        {
            throw Unreadable(fault);
        }
    }

    internal static SdcException Unreadable(Exception? fault) =>
        new(SdcError.BadAnswer, "The server's answer is not a list of files; is the address that of an archive?", fault);
}
