using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Files;

/// <summary>Third step: files are found by what their names say, and by when they came.</summary>
internal static class QueryFiles
{
    /// <summary><c>GET /query?…</c></summary>
    public static async Task<Results<Listing, Problem>> Handle(
        HttpContext context, Mission mission, Catalogue.Catalogue catalogue, PublicAddress address)
    {
        var (query, problem) = QueryParameters.Read(context.Request.Query, mission);
        if (query is null)
            return problem!;
        if (query is { Limit: not null, AsOf: null })
            query = query with { AsOf = await catalogue.HeadAsync(context.RequestAborted) };
        return new Listing(query, mission.FindFamily(query.Family ?? ""), catalogue, address);
    }
}

/// <summary>
/// The rows of a query. Without a limit they go from the database's reader to the connection as they are read, in constant memory; a page is held
/// until its end is known, since its header says where the next one begins.
/// </summary>
internal sealed record Listing(FileQuery Query, Family? Family, Catalogue.Catalogue Catalogue, PublicAddress Address) : IResult
{
    private const int FlushAt = 32 * 1024;

    public async Task ExecuteAsync(HttpContext context)
    {
        var documented = Representation.IsDocumented(context);
        var cancel = context.RequestAborted;
        IListingFormat format = documented ? new TupleFormat() : new ItemFormat();

        // One row more than the page tells whether there is a next one.
        var limit = Query.Limit;
        await using var rows = await Catalogue.QueryAsync(limit is null ? Query : Query with { Limit = limit + 1 }, Family, format.Columns, count: false, cancel);
        using var output = new PooledBuffer(FlushAt + 4096);
        var response = context.Response;
        response.ContentType = "application/json";
        format.Begin(output);
        var count = 0;
        string? last = null;
        var more = false;
        while (await rows.ReadAsync(cancel))
        {
            if (count == limit)
            {
                more = true;
                break;
            }

            format.Row(output, rows.Columns, first: count++ == 0);
            if (limit is not null)
                last = rows.Columns.GetString(format.PathColumn);
            else if (output.Length > FlushAt)
                await output.FlushToAsync(response.BodyWriter, cancel);
        }

        format.End(output);
        if (more)
            response.Headers.Link = $"<{Next(context.Request, new Cursor(Query.AsOf!.Value, last!))}>; rel=\"next\"";
        if (!response.HasStarted)
            response.ContentLength = output.Length;
        await output.FlushToAsync(response.BodyWriter, cancel);
    }

    private string Next(HttpRequest request, Cursor cursor)
    {
        var parameters = request.Query
            .Where(each => each.Key != "cursor")
            .SelectMany(each => each.Value, (each, value) => KeyValuePair.Create(each.Key, value))
            .Append(KeyValuePair.Create("cursor", (string?)cursor.Write()));
        return QueryHelpers.AddQueryString(Address.Of(request.HttpContext) + request.Path, parameters);
    }
}
