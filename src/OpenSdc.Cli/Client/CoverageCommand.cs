using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenSdc.Client;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary><c>sdc coverage</c>: how many files there are of each day, as a calendar, or as data.</summary>
internal static class CoverageCommand
{
    private const int NameWidth = 8;

    public static Command Make()
    {
        var command = new Command("coverage", """
            Show of which days an archive has files: a line a month and product, a character a day ('.' none, 1 to 9, '+' ten or more).
            Files without a date are left out of the calendar, but not of the other forms.

            Examples:
              sdc coverage --instrument mag --data-level l1a
              sdc coverage --instrument mag --output csv --bin month
            """);
        var filters = FilterOptions.AddTo(command);
        var output = new Option<string>("--output", "-o", "--output-format") { Description = "A table that is a calendar, json (one array), ndjson, or csv.",
            HelpName = "table|json|ndjson|csv", DefaultValueFactory = _ => "table" };
        output.AcceptOnlyFromAmong("table", "json", "ndjson", "csv");
        var bin = new Option<CoveragePeriod>("--bin") { Description = "Width of a period; a table has days.", HelpName = "day|month|year" };
        command.Add(output);
        command.Add(bin);
        var archive = ArchiveOptions.AddTo(command, withFolder: false);
        command.SetAction((parsed, cancel) => ClientRun.RunAsync(parsed, archive, async client =>
        {
            var form = parsed.GetValue(output)!;
            if (form == "table" && parsed.GetValue(bin) != CoveragePeriod.Day)
                throw new SettingException("The option --bin is for the other forms of --output; a table has a character a day.");
            var bins = await client.CoverageAsync(filters.Read(parsed), parsed.GetValue(bin), cancel);
            await (form == "table" ? CalendarAsync(bins) : DataAsync(form, bins));
            return ExitCode.Done;
        }, cancel));
        return command;
    }

    private static async Task CalendarAsync(IReadOnlyList<CoverageBin> bins)
    {
        foreach (var product in bins.Where(each => each.Bin is { Length: 8 }).GroupBy(each =>
            (each.Family, each.Instrument, each.DataLevel, each.Descriptor, each.Extension)))
        {
            var name = string.Join(
                ' ',
                new[]
                {
                    product.Key.Instrument ?? product.Key.Family,
                    product.Key.DataLevel,
                    product.Key.Descriptor,
                    product.Key.Extension,
                }.Where(each => !string.IsNullOrEmpty(each))
            );
            await Console.Out.WriteLineAsync(
                ShownText.Plain(
                    $"{name}: {LongTask.Count(product.Sum(each => each.Files), "file", "files")}, {LongTask.Size(product.Sum(each => each.Bytes))}"
                )
            );
            foreach (var month in product.GroupBy(each => each.Bin![..6], StringComparer.Ordinal))
            {
                if (!DateOnly.TryParseExact(month.Key + "01", "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var first))
                    continue;
                var counts = month.ToDictionary(each => each.Bin![6..], each => each.Files, StringComparer.Ordinal);
                var days = Enumerable
                    .Range(1, DateTime.DaysInMonth(first.Year, first.Month))
                    .Select(day => Sign(counts.GetValueOrDefault(day.ToString("D2", CultureInfo.InvariantCulture))));
                await Console.Out.WriteLineAsync(
                    $"{first.ToString("yyyy-MM", CultureInfo.InvariantCulture).PadRight(NameWidth)}{string.Concat(days)}"
                );
            }
        }
    }

    private static char Sign(long files) => files switch { 0 => '.', < 10 => (char)('0' + files), _ => '+' };

    private static async Task DataAsync(string form, IReadOnlyList<CoverageBin> bins)
    {
        if (form == "csv")
            await Console.Out.WriteAsync(
                "family,instrument,data_level,descriptor,extension,bin,files,bytes,version,first_ingestion,last_ingestion\r\n"
            );
        if (form == "json")
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(bins, CoverageJson.Default.IReadOnlyListCoverageBin));
            return;
        }

        foreach (var each in bins)
        {
            await Console.Out.WriteAsync(
                form == "ndjson"
                    ? JsonSerializer.Serialize(each, CoverageJson.Default.CoverageBin) + "\n"
                    : string.Create(
                        CultureInfo.InvariantCulture,
                        $"{each.Family},{each.Instrument},{each.DataLevel},{each.Descriptor},{each.Extension},{each.Bin},{each.Files},{each.Bytes},{each.Version},{each.FirstIngestion},{each.LastIngestion}\r\n"
                    )
            );
        }
    }
}

/// <summary>JSON of coverage, made at compile time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(IReadOnlyList<CoverageBin>))]
[JsonSerializable(typeof(CoverageBin))]
internal sealed partial class CoverageJson : JsonSerializerContext;
