using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Files;

/// <summary>Third step, seen from above: of which days, months or years are there files, and how many?</summary>
internal static class CoverFiles
{
    /// <summary><c>GET</c> or <c>HEAD /coverage?…</c></summary>
    public static Task<Results<CoverageListing, Unchanged, Problem>> Handle(HttpContext context, Mission mission, Catalogue.Catalogue catalogue) =>
        CoverageRequest.AnswerAsync(context, mission, catalogue, hasBin: true, (request, files) => new CoverageListing(request, files));
}

/// <summary>
/// A JSON array with an object for each series and period, written as the catalogue reads them, in constant memory. It is the same in both
/// representations: the founding document has no such route.
/// </summary>
internal sealed record CoverageListing(CoverageRequest Request, Catalogue.Catalogue Catalogue) : IResult
{
    private const int FlushAt = 32 * 1024;

    public async Task ExecuteAsync(HttpContext context)
    {
        var (response, cancel) = (context.Response, context.RequestAborted);
        var patience = context.RequestServices.GetRequiredService<Patience>();
        await using var cells = await Catalogue.CoverAsync(Request.Query, Request.Digits, cancel);
        using var output = new PooledBuffer(FlushAt + 4096);
        response.ContentType = "application/json";
        response.Headers.ETag = Request.TagOf(context, Request.Query.AsOf ?? cells.Head);
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        output.Write("["u8);
        Series? series = null;
        byte[] beginning = [];
        // Versions repeat from day to day.
        var (version, written) = ("", "null");
        while (await cells.NextAsync(cancel) is { } cell)
        {
            if (series is not null)
                output.Write(","u8);
            if (!ReferenceEquals(series, cell.Series))
                (series, beginning) = (cell.Series, BeginningOf(cell.Series));
            output.Write(beginning);
            if ((cell.Sum.Version ?? "") is var its && its != version)
                (version, written) = (its, Text(its));
            WriteCell(output, cell, written);
            if (output.Length > FlushAt)
                await output.FlushAndGiveWayAsync(context, patience);
        }

        output.Write("]"u8);
        if (!response.HasStarted)
            response.ContentLength = output.Length;
        await output.FlushToAsync(context, patience);
    }

    /// <summary>What all objects of a series begin with.</summary>
    private static byte[] BeginningOf(Series series) => Encoding.UTF8.GetBytes(
        $"{{\"family\":{Text(series.Family)},\"instrument\":{Text(series.Instrument)},\"data_level\":{Text(series.DataLevel)},"
        + $"\"descriptor\":{Text(series.Descriptor)},\"extension\":{Text(series.Extension)},\"bin\":");

    private static void WriteCell(PooledBuffer output, in CoverageCell cell, string version)
    {
        var sum = cell.Sum;
        // Digits and spaces only, but for the version.
        if (cell.Period.Length > 0)
        {
            output.Write("\""u8);
            output.Write(cell.Period);
            output.Write("\""u8);
        }
        else
        {
            output.Write("null"u8);
        }

        output.Write(",\"files\":"u8);
        WriteNumber(output, sum.Files);
        output.Write(",\"bytes\":"u8);
        WriteNumber(output, sum.Bytes);
        output.Write(",\"version\":"u8);
        output.Write(version);
        output.Write(",\"first_ingestion\":\""u8);
        output.Write(sum.First);
        output.Write("\",\"last_ingestion\":\""u8);
        output.Write(sum.Last);
        output.Write("\"}"u8);
    }

    private static void WriteNumber(PooledBuffer output, long number)
    {
        Span<byte> text = stackalloc byte[20];
        number.TryFormat(text, out var length, provider: CultureInfo.InvariantCulture);
        output.Write(text[..length]);
    }

    /// <summary>A text in JSON; null for what a name does not have.</summary>
    private static string Text(string text) => text.Length == 0 ? "null" : Representation.Quoted(text);
}
