using System.Data.Common;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Files.Formats;

namespace OpenSdc.Server.Files;

/// <summary>Third step: files are found by what their names say, and by when they came.</summary>
internal static class QueryFiles
{
    /// <summary><c>GET</c> or <c>HEAD /query?…</c></summary>
    public static Task<Results<Listing, Unchanged, Problem>> Handle(
        HttpContext context,
        Mission mission,
        Catalogue.Catalogue catalogue,
        LookupBatcher lookUps,
        ListingFormats formats,
        PublicAddress address,
        CursorSeal seal
    ) => AnswerAsync(context.Request.Query, context, mission, catalogue, lookUps, formats, address, seal);

    /// <summary><c>POST /query</c>: the same, with the parameters in the body.</summary>
    public static async Task<Results<Listing, Unchanged, Problem>> HandlePost(
        HttpContext context,
        Mission mission,
        Catalogue.Catalogue catalogue,
        LookupBatcher lookUps,
        ListingFormats formats,
        PublicAddress address,
        CursorSeal seal
    )
    {
        var (given, problem) = await QueryBody.ReadAsync(context.Request);
        return given is null ? problem! : await AnswerAsync(given, context, mission, catalogue, lookUps, formats, address, seal);
    }

    private static async Task<Results<Listing, Unchanged, Problem>> AnswerAsync(
        IQueryCollection given,
        HttpContext context,
        Mission mission,
        Catalogue.Catalogue catalogue,
        LookupBatcher lookUps,
        ListingFormats formats,
        PublicAddress address,
        CursorSeal seal
    )
    {
        if (QueryBody.RefuseOfGet(context.Request) is { } hasBody)
            return hasBody;
        var (request, problem) = QueryParameters.Read(given, mission, text => seal.Open(text, context.Caller().Audience));
        if (request is null)
            return problem!;
        (var format, problem) = formats.Choose(context, request);
        if (format is null)
            return problem!;
        var query = request.Query;
        var cancel = context.RequestAborted;
        var asks = context.Request.Headers.IfNoneMatch;
        ArchiveState? asked = null;
        if (AskedState.IsIn(request) || query.Limit is not null || asks.Count > 0)
        {
            var state = await catalogue.StateAsync(context.Caller().Audience, cancel);
            problem = AskedState.Refuse(request, state);
            if (problem is not null)
                return problem;
            // Every page shows the state that the first one showed, and says its number: whoever goes on by
            // that of the last page misses nothing.
            if (query.AsOf is null && request.Cursor is { } cursor)
                state = state with { Seq = cursor.AsOf };
            if (request.Cursor is not null || query.Limit is not null)
                query = query with { AsOf = query.AsOf ?? state.Seq };
            if (
                asks.Count > 0
                && format.IsLasting
                && Listing.TagOf(context, given, state, query.AsOf) is var tag
                && Unchanged.Holds(asks, tag)
            )
                return new Unchanged(tag, state);
            // Without as_of the rows say of which state they are.
            if (query.AsOf is not null)
                asked = state;
        }

        return new Listing(request with { Query = query }, format, given, catalogue, lookUps, address, seal) { Asked = asked };
    }
}

/// <summary>304: nothing was published since, so the answer is the caller's.</summary>
internal sealed record Unchanged(string Tag, ArchiveState State) : IResult
{
    /// <summary>
    /// Whether an <c>If-None-Match</c> names the tag, or is the star that stands for any. Weak and strong
    /// tags are the same here (RFC 9110, section 13.1.2).
    /// </summary>
    public static bool Holds(StringValues asks, string tag) => Conditions.Matches(asks, EntityTagHeaderValue.Parse(tag), strong: false);

    public Task ExecuteAsync(HttpContext context)
    {
        Representation.IsDocumented(context);
        context.Response.StatusCode = 304;
        context.Response.Headers.ETag = Tag;
        AskedState.AddHeaders(context, State);
        return Task.CompletedTask;
    }
}

/// <summary>
/// The rows of a query. Without a limit they go from the database's reader to the connection as they are
/// read, in constant memory; a page is held until its end is known, since its header says where the next one
/// begins, and the session is given back before the page is sent.
/// </summary>
internal sealed record Listing(
    QueryRequest Request,
    IListingFormat Format,
    IQueryCollection Given,
    Catalogue.Catalogue Catalogue,
    LookupBatcher LookupBatcher,
    PublicAddress Address,
    CursorSeal Seal
) : IResult
{
    /// <summary>How many files of the query a list of what is to be fetched leaves out, since they are lost or damaged.</summary>
    public const string LeftOutHeader = "OpenSDC-Left-Out";

    /// <summary>Tells that a list has of each series only the files of its highest major version.</summary>
    public const string DefaultVersionsHeader = "OpenSDC-Default-Versions";

    private const string DefaultVersions = "highest major version of each series; version=* lists all";

    // No file's integrity.
    private const string Nothing = "";

    /// <summary>The state of the archive, where the query asks for the files up to a number.</summary>
    public ArchiveState? Asked { get; init; }

    /// <summary>
    /// The tag of an answer: the newest change that the caller could see, its history, and what was asked for
    /// which audience. It is weak, since it promises the same files and not the same bytes to every client.
    /// </summary>
    public static string TagOf(HttpContext context, IQueryCollection given, ArchiveState state, long? asOf)
    {
        using var asked = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        // What one audience was answered is no answer to another.
        Append(asked, context.Caller().Audience + "\n");
        foreach (var value in context.Request.Headers.Accept)
            Append(asked, value + "\n");
        foreach (var (name, values) in given.OrderBy(each => each.Key, StringComparer.Ordinal))
        {
            Append(asked, $"\n{name}=");
            foreach (var value in values)
            {
                Append(asked, value);
                asked.AppendData([0]);
            }
        }

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        asked.GetHashAndReset(hash);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"W/\"{state.History}-{asOf ?? state.Seq}{(state.Marked > 0 ? $".{state.Marked}" : "")}-{Convert.ToHexStringLower(hash[..8])}\""
        );
    }

    // Value by value: a body may hold megabytes of them.
    private static void Append(IncrementalHash hash, ReadOnlySpan<char> text)
    {
        Span<byte> bytes = stackalloc byte[1024];
        for (var rest = text; rest.Length > 0;)
        {
            Utf8.FromUtf16(rest, bytes, out var read, out var written);
            hash.AppendData(bytes[..written]);
            rest = rest[read..];
        }
    }

    public async Task ExecuteAsync(HttpContext context)
    {
        try
        {
            await AnswerAsync(context);
        }
        finally
        {
            // Of an answer that breaks off its URLs are out as well.
            await NoteUrlsAsync(context);
        }
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var cancel = context.RequestAborted;
        var (query, caller) = (Request.Query, context.Caller());
        var (state, found) = (default(ArchiveState), (long?)null);
        if (
            Format.IsOfFetchable
            && await Catalogue.CountUnfetchableAsync(query, ReadScope.Of(query, caller), Request.Family, cancel) is var leftOut and > 0
        )
        {
            context.Response.Headers[LeftOutHeader] = leftOut.ToString(CultureInfo.InvariantCulture);
            query = query with
            {
                Integrity = [query.Integrity.Count == 0 || query.Integrity.Contains(FileIntegrity.Intact) ? FileIntegrity.Intact : Nothing],
            };
        }

        using var output = new ListingOutput(context, () => AddHeaders(context, state, found));
        if (
            !Request.Count
            && await LookupBatcher.FindAsync(
                query,
                ReadScope.Of(query, caller),
                Format.Columns,
                Format.PathColumn,
                row => WriteOne(output.Buffer, row),
                cancel
            )
                is { } head
        )
        {
            state = head;
            await NoteUrlsAsync(context);
            await output.EndAsync();
            return;
        }

        // One row more than the page tells whether there is a next one.
        var limit = query.Limit;
        var count = 0;
        PageEnd? last = null;
        var (more, hasPlace) = (false, true);
        await using (
            var rows = await Catalogue.QueryAsync(
                limit is null ? query : query with { Limit = limit + 1 },
                ReadScope.Of(query, caller),
                Request.Family,
                Format.Columns,
                Request.Count,
                cancel
            )
        )
        {
            (state, found) = (Asked ?? rows.State, rows.Count);
            // The headers say nothing of the rows unless they are a page.
            if (limit is null && HttpMethods.IsHead(context.Request.Method))
            {
                AddHeaders(context, state, found);
                return;
            }

            Format.Begin(output.Buffer);
            while (hasPlace && await rows.ReadAsync(cancel))
            {
                if (count == limit)
                {
                    more = true;
                    break;
                }

                Format.Row(output.Buffer, rows.Columns, first: count++ == 0);
                if (limit is not null)
                    last = rows.End;
                hasPlace = await output.ContinueAsync(streams: limit is null);
            }
        }

        if (!hasPlace)
        {
            await Problems.TooManyListings.ExecuteAsync(context);
            return;
        }

        Format.End(output.Buffer);
        if (more)
            context.Response.Headers.Link = $"<{Next(context.Request, last!)}>; rel=\"next\"";
        await NoteUrlsAsync(context);
        await output.EndAsync();
    }

    /// <summary>
    /// Notes the URLs of the store for files that are not released, whose download the archive does not see:
    /// one entry for an answer, before its last byte.
    /// </summary>
    private async Task NoteUrlsAsync(HttpContext context)
    {
        if (
            Format is UrlsFormat urls
            && context.RequestServices.GetRequiredService<DownloadUrls>().LeadToStore
            && !context.Caller().IsAnonymous
            && urls.TakeUnreleased() is var count and > 0
        )
            await context
                .RequestServices.GetRequiredService<AuditLog>()
                .WriteAsync(AuditLog.Of(context, AuditAction.Download, "format=urls", 200) with { Count = count });
    }

    private void WriteOne(PooledBuffer output, DbDataReader? row)
    {
        Format.Begin(output);
        if (row is not null)
            Format.Row(output, row, first: true);
        Format.End(output);
    }

    private void AddHeaders(HttpContext context, ArchiveState state, long? found)
    {
        var (response, headers) = (context.Response, context.Response.Headers);
        response.ContentType = Format.ContentType;
        if (Format.FileName is { } name)
            headers.ContentDisposition = $"attachment; filename=\"{name}\"";
        if (Format.IsLasting)
            headers.ETag = TagOf(context, Given, state, Request.Query.AsOf);
        else
            headers.CacheControl = PublicAnswers.NeverKept;
        AskedState.AddHeaders(context, state);
        if (Request.Query.DefaultVersions)
            headers[DefaultVersionsHeader] = DefaultVersions;
        if (found is not null)
            headers["OpenSDC-Count"] = found.Value.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The address of the next page. What came in a body is to be sent again with it.</summary>
    private string Next(HttpRequest request, PageEnd last)
    {
        var cursor = new Cursor(Asked!.Value.History, Request.Query.AsOf!.Value, last);
        var parameters = request.Query
            .Where(each => each.Key != "cursor")
            .SelectMany(each => each.Value, (each, value) => KeyValuePair.Create(each.Key, value))
            .Append(KeyValuePair.Create("cursor", (string?)Seal.Close(cursor.Write(), request.HttpContext.Caller().Audience)));
        return QueryHelpers.AddQueryString(Address.Of(request.HttpContext) + request.Path, parameters);
    }
}
