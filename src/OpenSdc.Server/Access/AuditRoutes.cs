using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Access;

/// <summary>The audit is read: for administrators.</summary>
internal static class AuditRoutes
{
    /// <summary>The media type of the entries, one a line.</summary>
    public const string ContentType = "application/x-ndjson";

    private static readonly string[] Parameters = ["action", "caller", "target", "since", "before", "after", "limit"];
    private static readonly string[] Moments = ["yyyy-MM-dd", "yyyyMMdd", "yyyy-MM-dd'T'HH:mm:ss'Z'"];

    public static void Map(RouteGroupBuilder routes)
    {
        routes.MapGet("/audit", Handle).WithMetadata(HeldConditions.None, Needs.ToAdminister);
        routes.MapGet("/audit/head", HeadAsync).WithMetadata(HeldConditions.None, Needs.ToAdminister);
    }

    /// <summary>
    /// <c>GET
    /// /audit?action=upload&amp;caller=key:*&amp;target=…&amp;since=2026-01-01&amp;before=…&amp;after=17&amp;limit=100</c>
    /// </summary>
    private static Results<AuditLines, Problem> Handle(HttpContext context, AuditTable table)
    {
        var query = context.Request.Query;
        foreach (var (name, values) in query)
        {
            if (!Parameters.Contains(name, StringComparer.Ordinal))
                return Problems.BadUploadRequest(
                    $"{ShownText.Of(name)} is not a parameter of /audit; allowed: {string.Join(", ", Parameters)}."
                );
            if (values.Count > 1)
                return Problems.BadUploadRequest($"The parameter {name} is given {values.Count} times; allowed: once.");
        }

        var filter = new AuditFilter
        {
            Actions = query["action"].ToString() is { Length: > 0 } actions ? actions.Split(',') : [],
            Caller = query["caller"],
            Target = query["target"],
        };
        if (filter.Actions.FirstOrDefault(each => !AuditAction.All.Contains(each, StringComparer.Ordinal)) is { } unknown)
            return Problems.BadUploadRequest(
                $"The parameter action names {ShownText.Of(unknown)}; allowed, separated by commas: {string.Join(", ", AuditAction.All)}."
            );
        foreach (var name in (string[])["since", "before"])
        {
            if ((string?)query[name] is not { } text)
                continue;
            if (Moment(text) is not { } moment)
                return Problems.BadUploadRequest(
                    $"The parameter {name} is '{ShownText.Of(text)}'; allowed: a day or a moment in UTC, such as 2026-01-02 or 2026-01-02T03:04:05Z."
                );
            filter = name == "since" ? filter with { Since = moment } : filter with { Before = moment };
        }

        var (after, limit) = (0L, long.MaxValue);
        foreach (var name in (string[])["after", "limit"])
        {
            if ((string?)query[name] is not { } text)
                continue;
            if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                return Problems.BadUploadRequest($"The parameter {name} is '{ShownText.Of(text)}'; allowed: a whole number.");
            (after, limit) = name == "after" ? (number, limit) : (after, number);
        }

        return new AuditLines(table, filter, after, limit);
    }

    /// <summary><c>GET /audit/head</c></summary>
    private static async Task<JsonHttpResult<AuditState>> HeadAsync(AuditTable table, HttpContext context)
    {
        var (head, dropped, at) = await table.HeadAsync(context.RequestAborted);
        return TypedResults.Json(new AuditState(head.ToString(), dropped.ToString(), at), AuditJson.Plain.AuditState);
    }

    /// <summary>A moment as entries have it, or the beginning of one; null where a text is none.</summary>
    public static string? Moment(string text) =>
        DateTimeOffset.TryParseExact(text, Moments, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var moment)
            ? moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture)
            : null;
}

/// <summary>Entries of the audit as NDJSON, read while they are sent: no snapshot is held, since entries never change.</summary>
internal sealed record AuditLines(AuditTable Table, AuditFilter Filter, long After, long Limit) : IResult
{
    public async Task ExecuteAsync(HttpContext context)
    {
        var response = context.Response;
        response.ContentType = AuditRoutes.ContentType;
        await foreach (var entry in Table.EntriesAsync(Filter, After, Limit, context.RequestAborted))
        {
            // Waits for the client where it is slow.
            await response.BodyWriter.WriteAsync(Encoding.UTF8.GetBytes(entry.ToLine() + "\n"), context.RequestAborted);
        }
    }
}
