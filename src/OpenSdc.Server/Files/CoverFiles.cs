using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Files;

/// <summary>Third step, seen from above: of which days, months or years are there files, and how many?</summary>
internal static class CoverFiles
{
    /// <summary><c>GET</c> or <c>HEAD /coverage?…</c></summary>
    public static Task<Results<CoverageListing, Unchanged, Problem>> Handle(
        HttpContext context,
        Mission mission,
        Catalogue.Catalogue catalogue
    ) => CoverageRequest.AnswerAsync(context, mission, catalogue, hasBin: true, (request, files) => new CoverageListing(request, files));
}

/// <summary>
/// A JSON array with an object for each product and period, written as the catalogue reads them, in constant memory. It is the same in both
/// representations: the founding document has no such route.
/// </summary>
internal sealed record CoverageListing(CoverageRequest Request, Catalogue.Catalogue Catalogue) : IResult
{
    private const int PieceLength = 32 * 1024;

    public async Task ExecuteAsync(HttpContext context)
    {
        var cancel = context.RequestAborted;
        if (await Request.AnswerHeadAsync(context, Catalogue))
            return;
        ArchiveState state = default;
        using var output = new ListingOutput(context, () => Request.AddHeaders(context, state));
        var json = new CoverageJson(output.Buffer, Request.OwnWords);
        var hasPlace = true;
        output.Buffer.Write("["u8);
        await using (
            var cells = await Catalogue.CoverAsync(Request.Query, ReadScope.Of(Request.Query, context.Caller()), Request.Digits, cancel)
        )
        {
            state = cells.State;
            while (hasPlace && await cells.NextAsync(cancel) is { } lines)
            {
                json.Begin(lines.Product);
                for (var rest = lines.Text; hasPlace && rest.Length > 0;)
                {
                    rest = rest[json.Write(rest.Span, output.Buffer.Length + PieceLength)..];
                    hasPlace = await output.ContinueAsync(streams: true);
                }
            }
        }

        if (!hasPlace)
        {
            await Problems.TooManyListings.ExecuteAsync(context);
            return;
        }

        output.Buffer.Write("]"u8);
        await output.EndAsync();
    }
}

/// <summary>
/// Makes objects of lines. What repeats is written once for all: the members of a product, and versions,
/// which are the same from day to day.
/// </summary>
internal sealed class CoverageJson(PooledBuffer output, IReadOnlyList<OwnField> ownWords)
{
    private Product? product;
    private byte[] beginning = [];
    private bool hasBegun;
    private byte[] version = [];
    private byte[] versionText = "null"u8.ToArray();

    /// <summary>The lines that come are of this product.</summary>
    public void Begin(Product next)
    {
        if (next == product)
            return;
        product = next;
        beginning = Encoding.UTF8.GetBytes(
            $"{{\"family\":{Text(next.Family)},\"instrument\":{Text(next.Instrument)},\"data_level\":{Text(next.DataLevel)},"
                + $"\"descriptor\":{Text(next.Descriptor)},\"extension\":{Text(next.Extension)},{string.Concat(ownWords.Select(field => $"\"{field.Name}\":{Text(next.OwnWord(field.Name))},"))}\"bin\":"
        );
    }

    /// <summary>Writes the objects of lines until there are so many bytes to be sent.</summary>
    /// <returns>The length of the lines that were written.</returns>
    public int Write(ReadOnlySpan<byte> lines, int most)
    {
        var rest = lines;
        do
            Write(CoverageLine.Take(ref rest));
        while (rest.Length > 0 && output.Length <= most);
        return lines.Length - rest.Length;
    }

    private void Write(in CoverageLine line)
    {
        if (hasBegun)
            output.Write(","u8);
        hasBegun = true;
        output.Write(beginning);
        // Digits and spaces only, but for the version.
        if (line.Period.Length > 0)
        {
            output.Write("\""u8);
            output.Write(line.Period);
            output.Write("\",\"files\":"u8);
        }
        else
        {
            output.Write("null,\"files\":"u8);
        }

        output.Write(line.Files);
        output.Write(",\"bytes\":"u8);
        output.Write(line.Bytes);
        output.Write(",\"version\":"u8);
        if (!line.Version.SequenceEqual(version))
            (version, versionText) = (line.Version.ToArray(), Encoding.UTF8.GetBytes(Text(Encoding.UTF8.GetString(line.Version))));
        output.Write(versionText);
        output.Write(",\"first_ingestion\":\""u8);
        output.Write(line.First);
        output.Write("\",\"last_ingestion\":\""u8);
        output.Write(line.Last);
        output.Write("\"}"u8);
    }

    /// <summary>A text in JSON; null for what a name does not have.</summary>
    private static string Text(string text) => text.Length == 0 ? "null" : Representation.Quoted(text);
}
