using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenSdc.Contract;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary>Writes records to standard output as <c>--output</c> says, while they come.</summary>
internal sealed class ListOutput
{
    private const int TableRows = 500;
    private const int Gap = 2;
    private static readonly string[] Formats = ["table", "json", "ndjson", "csv", "names"];

    // The first column is never cut or left out, the last one goes first where the terminal is narrow.
    private static readonly (string Title, Func<FileRecord, string?> Value)[] Columns =
    [
        ("FILE", record => NameOf(record)), ("START", record => record.StartDate), ("VERSION", record => record.Version),
        ("SIZE", record => record.Size < 0 ? null : LongTask.Size(record.Size)), ("PUBLISHED", record => record.IngestionDate),
            ("INTEGRITY", record => record.Integrity),
    ];

    private static readonly (string Name, Func<FileRecord, object?> Value)[] Fields =
    [
        ("file_path", r => r.FilePath), ("instrument", r => r.Instrument), ("data_level", r => r.DataLevel),
            ("descriptor", r => r.Descriptor), ("start_date", r => r.StartDate),
        ("end_date", r => r.EndDate), ("repointing", r => r.Repointing), ("cr", r => r.Cr), ("version", r => r.Version),
            ("major_version", r => r.MajorVersion),
        ("minor_version", r => r.MinorVersion), ("extension", r => r.Extension), ("ingestion_date", r => r.IngestionDate),
            ("size", r => r.Size < 0 ? null : r.Size), ("sha256", r => r.Sha256),
        ("seq", r => r.Seq), ("released", r => r.Released ? "true" : "false"), ("crid", r => r.Crid), ("integrity", r => r.Integrity),
        // What only some records have, as one object: a list is written while it comes, so that its columns are fixed.
        (
            "other",
            r => r.Other is { Count: > 0 } other ? JsonSerializer.Serialize(other, OtherJson.Default.IDictionaryStringJsonElement) : null
        ),
    ];

    private readonly Option<string> format = new("--output", "-o", "--output-format")
    { Description = "Form of the list: table, json (one array), ndjson (an object a line), csv, or names (a path a line).",
        HelpName = "table|json|ndjson|csv|names" };

    private ListOutput(string otherwise)
    {
        format.DefaultValueFactory = _ => otherwise;
        format.AcceptOnlyFromAmong(Formats);
    }

    public static ListOutput AddTo(Command command, string otherwise = "table")
    {
        var output = new ListOutput(otherwise);
        command.Add(output.format);
        return output;
    }

    public static string NameOf(FileRecord record) => record.FilePath[(record.FilePath.LastIndexOf('/') + 1)..];

    /// <summary>Writes the records, and gives their number.</summary>
    public async Task<long> WriteAsync(ParseResult parsed, IAsyncEnumerable<FileRecord> records, CancellationToken cancel)
    {
        var form = parsed.GetValue(format)!;
        await using var output = new StreamWriter(Console.OpenStandardOutput(), new UTF8Encoding(false), 64 << 10);
        var count = 0L;
        if (form == "table")
            return await TableAsync(output, records, cancel);
        if (form == "csv")
            await output.WriteAsync(string.Join(',', Fields.Select(field => field.Name)) + "\r\n");
        await foreach (var record in records.WithCancellation(cancel))
        {
            if (form == "json")
                await output.WriteAsync(count == 0 ? "[\n" : ",\n");
            await output.WriteAsync(form switch
            {
                "names" => ShownText.Plain(record.FilePath) + "\n",
                "csv" => string.Join(',', Fields.Select(field => Quoted(field.Value(record)))) + "\r\n",
                "json" => JsonSerializer.Serialize(record, ContractJson.Default.FileRecord),
                _ => JsonSerializer.Serialize(record, ContractJson.Default.FileRecord) + "\n",
            });
            count++;
        }

        if (form == "json")
            await output.WriteAsync(count == 0 ? "[]\n" : "\n]\n");
        return count;
    }

    private static async Task<long> TableAsync(StreamWriter output, IAsyncEnumerable<FileRecord> records, CancellationToken cancel)
    {
        var rows = new List<string[]>();
        int[]? widths = null;
        var count = 0L;
        await foreach (var record in records.WithCancellation(cancel))
        {
            rows.Add([.. Columns.Select(column => ShownText.Plain(column.Value(record) ?? ""))]);
            count++;
            if (rows.Count == TableRows)
                await WriteRowsAsync();
        }

        await WriteRowsAsync();
        return count;

        // The first rows decide the widths, so that a list of any length is written while it comes.
        async Task WriteRowsAsync()
        {
            if (widths is null && rows.Count > 0)
            {
                widths = [.. Columns.Select((column, index) => rows.All(row => row[index].Length == 0) ? 0
                    : Math.Max(column.Title.Length, rows.Max(row => row[index].Length)))];
                for (var last = widths.Length - 1; last > 0
                    && widths.Where(width => width > 0).Sum(width => width + Gap) - Gap > Terminal.Width; last--)
                    widths[last] = 0;
                rows.Insert(0, [.. Columns.Select(column => column.Title)]);
            }

            foreach (var row in rows)
                await output.WriteAsync(string.Join("  ",
                    row.Zip(widths!).Where(each => each.Second > 0).Select(each => each.First.PadRight(each.Second))).TrimEnd() + "\n");
            rows.Clear();
        }
    }

    private static string Quoted(object? value)
    {
        var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
        return text.AsSpan().IndexOfAny(",\"\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }
}

/// <summary>JSON of the members that only some records have, made at compile time.</summary>
[JsonSerializable(typeof(IDictionary<string, JsonElement>))]
internal sealed partial class OtherJson : JsonSerializerContext;
