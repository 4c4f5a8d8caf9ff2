using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract.Naming;
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
/// The values of each field with their numbers, counted under all filters, also the field's own: so the numbers of each field add up to the whole. One reading
/// of what the files cover, by years, is folded into all fields.
/// </summary>
internal sealed record Facets(CoverageRequest Request, Catalogue.Catalogue Catalogue) : IResult
{
    private const int Years = 4;

    /// <summary>The fields that are counted, in the order of the answer, and where a cell has each.</summary>
    private static readonly (string Name, Func<CoverageCell, string> Of)[] Fields =
    [
        ("instrument", cell => cell.Series.Instrument),
        ("data_level", cell => cell.Series.DataLevel),
        ("descriptor", cell => cell.Series.Descriptor),
        ("extension", cell => cell.Series.Extension),
        ("start_year", cell => cell.Period),
    ];

    public async Task ExecuteAsync(HttpContext context)
    {
        var cancel = context.RequestAborted;
        if (await Request.AnswerHeadAsync(context, Catalogue))
            return;
        var values = Array.ConvertAll(Fields, _ => new Dictionary<string, (long Files, long Bytes)>(StringComparer.Ordinal));
        var (files, bytes) = (0L, 0L);
        ArchiveState state = default;
        await using (var cells = await Catalogue.CoverAsync(Request.Query, Years, cancel))
        {
            state = cells.State;
            while (await cells.NextAsync(cancel) is { } cell)
            {
                (files, bytes) = (files + cell.Sum.Files, bytes + cell.Sum.Bytes);
                for (var i = 0; i < Fields.Length; i++)
                {
                    var value = Fields[i].Of(cell);
                    var known = values[i].GetValueOrDefault(value);
                    values[i][value] = (known.Files + cell.Sum.Files, known.Bytes + cell.Sum.Bytes);
                }
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
    }

    private static void Write(Utf8JsonWriter json, long files, long bytes, Dictionary<string, (long Files, long Bytes)>[] values)
    {
        json.WriteStartObject();
        WriteSum(json, (files, bytes));
        json.WriteStartObject("facets");
        for (var i = 0; i < Fields.Length; i++)
        {
            json.WriteStartArray(Fields[i].Name);
            foreach (var (value, sum) in values[i].OrderBy(each => each.Key, StringComparer.Ordinal))
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
