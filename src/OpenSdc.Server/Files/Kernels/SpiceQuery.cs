using System.Globalization;
using System.Text.Json;
using OpenSdc.Server.Access;

namespace OpenSdc.Server.Files.Kernels;

/// <summary><c>GET /spice-query</c> of the live service: kernels by type, time and ingestion.</summary>
internal static class SpiceQuery
{
    private const string AllTypes = "kernels";

    private static readonly string[] Documented =
    [
        "file_name",
        "start_time",
        "end_time",
        "type",
        "latest",
        "start_ingest_date",
        "end_ingest_date",
    ];
    private static readonly string[] Others = ["start_date", "end_date", "version"];

    public static async Task<BareText> Handle(HttpContext context, KernelCatalogue catalogue)
    {
        AskedState.AddVisibility(context);
        try
        {
            return await AnswerAsync(
                new KernelParameters(context.Request.Query, Documented, Others),
                catalogue,
                context.Caller(),
                context.RequestAborted
            );
        }
        catch (BareRefusal refusal)
        {
            return refusal.Answer;
        }
    }

    private static async Task<BareText> AnswerAsync(
        KernelParameters given,
        KernelCatalogue catalogue,
        Caller caller,
        CancellationToken cancel
    )
    {
        var type = given.Text("type");
        if (type is not null and not AllTypes && !catalogue.Rules.Types.Contains(type))
            throw KernelParameters.Invalid("type", type);
        var (from, to) = (given.Seconds("start_time"), given.Seconds("end_time"));
        from ??= given.SecondsOrDay("start_date", isEnd: false);
        to ??= given.SecondsOrDay("end_date", isEnd: true);
        given.RequireOrder(from, to, "end_time", "end_date");
        var (ingestedFrom, ingestedTo) = (given.Day("start_ingest_date"), given.Day("end_ingest_date"));
        given.RequireOrder(ingestedFrom, ingestedTo, "end_ingest_date");
        var name = given.Text("file_name");
        var version = given.Text("version") is { } text ? VersionOf(text) : (int?)null;
        var latest = given.Flag("latest");

        var kernels = await catalogue.ReadAsync(type is null or AllTypes ? [] : [type], caller, cancel);
        IEnumerable<Kernel> found = kernels.Where(each =>
            (type is not (null or AllTypes) || !catalogue.Rules.IsTable(each.Type))
            && (name is null || each.Name == name || each.FileName == name)
            && (version is null || each.Version == version)
            && each.Overlaps(from ?? double.NegativeInfinity, to ?? double.PositiveInfinity)
            && (ingestedFrom is null || each.Ingested >= ingestedFrom)
            && (ingestedTo is null || each.Ingested < ingestedTo.Value.AddDays(1)));
        if (latest)
            found = KernelTables.Latest(found);
        return type is not null && catalogue.Rules.IsTable(type)
            ? BareText.List(found, (json, each) => KernelTables.Write(json, each, catalogue.Rules))
            : BareText.List(found, Write);
    }

    private static int VersionOf(string text) =>
        int.TryParse(text.AsSpan().TrimStart('v'), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw KernelParameters.Invalid("version", text);

    private static void Write(Utf8JsonWriter json, Kernel each)
    {
        var (from, to) = (EphemerisTime.Of(each.From), EphemerisTime.Of(each.To));
        json.WriteStartObject();
        json.WriteString("file_name", each.FileName);
        json.WriteString("file_root", each.Root);
        json.WriteString("kernel_type", each.Type);
        json.WriteNumber("version", each.Version);
        json.WriteNumber("min_date_j2000", from);
        json.WriteNumber("max_date_j2000", to);
        WriteInterval(json, "file_intervals_j2000", () => json.WriteNumberValue(from), () => json.WriteNumberValue(to));
        json.WriteString("min_date_datetime", Kernel.Text(each.From));
        json.WriteString("max_date_datetime", Kernel.Text(each.To));
        WriteInterval(
            json,
            "file_intervals_datetime",
            () => json.WriteStringValue(Iso(each.From)),
            () => json.WriteStringValue(Iso(each.To))
        );
        // Only a kernel's content tells these.
        json.WriteNull("min_date_sclk");
        json.WriteNull("max_date_sclk");
        json.WriteNull("file_intervals_sclk");
        json.WriteNull("sclk_kernel");
        json.WriteNull("lsk_kernel");
        json.WriteString("ingestion_date", Kernel.Text(each.Ingested));
        json.WriteNumber("timestamp", (each.Ingested - DateTime.UnixEpoch).TotalSeconds);
        json.WriteEndObject();
    }

    private static void WriteInterval(Utf8JsonWriter json, string member, Action from, Action to)
    {
        json.WriteStartArray(member);
        json.WriteStartArray();
        from();
        to();
        json.WriteEndArray();
        json.WriteEndArray();
    }

    private static string Iso(DateTime moment) => moment.ToString("yyyy-MM-ddTHH:mm:ss", CultureInfo.InvariantCulture);
}
