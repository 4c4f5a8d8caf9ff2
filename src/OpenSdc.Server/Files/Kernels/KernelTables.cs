using System.Globalization;
using System.Text.Json;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;

namespace OpenSdc.Server.Files.Kernels;

/// <summary>
/// <c>GET /spin-table</c>, <c>/repoint-table</c> and <c>/small-forces-table</c> of the live service: the
/// files of one kind each.
/// </summary>
internal static class KernelTables
{
    private static readonly string[] Documented = ["file_path", "start_date", "end_date", "latest", "start_ingest_date", "end_ingest_date"];

    /// <param name="type">The type of file that the route lists.</param>
    /// <param name="context">The request.</param>
    /// <param name="catalogue">The files.</param>
    public static async Task<BareText> HandleAsync(string type, HttpContext context, KernelCatalogue catalogue)
    {
        AskedState.AddVisibility(context);
        try
        {
            return await AnswerAsync(
                type,
                new KernelParameters(context.Request.Query, Documented, []),
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

    /// <summary>Of each file's versions the highest.</summary>
    public static IEnumerable<Kernel> Latest(IEnumerable<Kernel> kernels) =>
        kernels.GroupBy(each => each.Root, StringComparer.Ordinal).Select(versions => versions.MaxBy(each => each.Version)!);

    public static void Write(Utf8JsonWriter json, Kernel each, KernelRules rules)
    {
        json.WriteStartObject();
        json.WriteString("file_path", each.Record.FilePath);
        if (!rules.EndsOnly.Contains(each.Type))
            json.WriteString("start_date", Kernel.Text(each.From));
        json.WriteString("end_date", Kernel.Text(each.To.Date));
        json.WriteString("version", each.Record.Version ?? each.Version.ToString("00", CultureInfo.InvariantCulture));
        json.WriteString("ingestion_date", Kernel.Text(each.Ingested));
        json.WriteEndObject();
    }

    private static async Task<BareText> AnswerAsync(
        string type,
        KernelParameters given,
        KernelCatalogue catalogue,
        Caller caller,
        CancellationToken cancel
    )
    {
        var path = given.Text("file_path");
        var (from, to) = (given.Day("start_date"), given.Day("end_date"));
        given.RequireOrder(from, to, "end_date");
        var (ingestedFrom, ingestedTo) = (given.Day("start_ingest_date"), given.Day("end_ingest_date"));
        given.RequireOrder(ingestedFrom, ingestedTo, "end_ingest_date");
        var latest = given.Flag("latest");
        var found = (await catalogue.ReadAsync([type], caller, cancel)).Where(each =>
            (path is null || each.Record.FilePath == path || each.FileName == path || each.Name == path)
            && (from is null || each.To >= from)
            && (to is null || each.From < to.Value.AddDays(1))
            && (ingestedFrom is null || each.Ingested >= ingestedFrom)
            && (ingestedTo is null || each.Ingested < ingestedTo.Value.AddDays(1)));
        return BareText.List(latest ? Latest(found) : found, (json, each) => Write(json, each, catalogue.Rules));
    }
}
