using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Files;

/// <summary>Third step, before the choice is made: which values do the files have that are left, and how many files each?</summary>
internal static class CountFacets
{
    /// <summary><c>GET</c> or <c>HEAD /facets?…</c></summary>
    public static Task<Results<Facets, Unchanged, Problem>> Handle(HttpContext context, Mission mission, Catalogue.Catalogue catalogue) =>
        CoverageRequest.AnswerAsync(context, mission, catalogue, hasBin: false, (request, files) => new Facets(request, files));
}

/// <summary>
/// The values of each field with their numbers, counted under all filters, also the field's own: so the
/// numbers of each field add up to the whole. One reading of what the files cover, by years, is folded into
/// all fields.
/// </summary>
internal sealed record Facets(CoverageRequest Request, Catalogue.Catalogue Catalogue) : IResult
{
    private const int Years = 4;

    /// <summary>
    /// The fields that are counted beside the year, in the order of the answer, and where a product has each.
    /// Those of the mission's own follow.
    /// </summary>
    private static readonly (string Name, Func<Product, string> Of)[] Standard =
    [
        ("instrument", product => product.Instrument),
        ("data_level", product => product.DataLevel),
        ("descriptor", product => product.Descriptor),
        ("extension", product => product.Extension),
    ];

    private const string StartYear = "start_year";

    public async Task ExecuteAsync(HttpContext context)
    {
        var cancel = context.RequestAborted;
        if (await Request.AnswerHeadAsync(context, Catalogue))
            return;
        (string Name, Func<Product, string> Of)[] fields =
        [
            .. Standard,
            .. Request.OwnWords.Select(field => (field.Name, (Func<Product, string>)(product => product.OwnWord(field.Name)))),
        ];
        var values = fields
            .Select(field => field.Name)
            .Append(StartYear)
            .ToDictionary(name => name, _ => new Dictionary<string, (long Files, long Bytes)>(StringComparer.Ordinal));
        var (files, bytes) = (0L, 0L);
        ArchiveState state = default;
        await using (var rows = await Catalogue.CoverAsync(Request.Query, ReadScope.Of(Request.Query, context.Caller()), Years, cancel))
        {
            state = rows.State;
            while (await rows.NextAsync(cancel) is { } lines)
            {
                var before = (files, bytes);
                Add(lines.Text.Span);
                foreach (var (name, of) in fields)
                    AddTo(name, of(lines.Product), files - before.files, bytes - before.bytes);
            }
        }

        var body = new ArrayBufferWriter<byte>();
        await using (var json = new Utf8JsonWriter(body, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            Write(json, files, bytes, values);
        using var output = new ListingOutput(context, () => Request.AddHeaders(context, state));
        output.Buffer.Write(body.WrittenSpan);
        if (await output.ContinueAsync(streams: false))
            await output.EndAsync();
        else
            await Problems.TooManyListings.ExecuteAsync(context);

        void Add(ReadOnlySpan<byte> rest)
        {
            while (rest.Length > 0)
            {
                var line = CoverageLine.Take(ref rest);
                var (count, size) = (CoverageLine.Number(line.Files), CoverageLine.Number(line.Bytes));
                (files, bytes) = (files + count, bytes + size);
                AddTo(StartYear, Encoding.ASCII.GetString(line.Period), count, size);
            }
        }

        void AddTo(string name, string value, long count, long size)
        {
            var known = values[name].GetValueOrDefault(value);
            values[name][value] = (known.Files + count, known.Bytes + size);
        }
    }

    private static void Write(
        Utf8JsonWriter json,
        long files,
        long bytes,
        Dictionary<string, Dictionary<string, (long Files, long Bytes)>> values
    )
    {
        json.WriteStartObject();
        WriteSum(json, (files, bytes));
        json.WriteStartObject("facets");
        foreach (var (name, sums) in values)
        {
            json.WriteStartArray(name);
            foreach (var (value, sum) in sums.OrderBy(each => each.Key, StringComparer.Ordinal))
            {
                json.WriteStartObject();
                json.WriteString("value", value.Length > 0 ? value : null);
                WriteSum(json, sum);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteSum(Utf8JsonWriter json, (long Files, long Bytes) sum)
    {
        json.WriteNumber("files", sum.Files);
        json.WriteNumber("bytes", sum.Bytes);
    }
}
