using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Which uploads of a caller are open, page by page, in the order in which they were asked for: so that they
/// can be resumed or given up.
/// </summary>
internal static class ListUploads
{
    /// <summary>The most uploads of a page.</summary>
    public const int MostListed = 1000;

    /// <summary>The uploads of a page where nothing else is asked for.</summary>
    public const int UsuallyListed = 100;

    private static readonly string[] Parameters = ["state", "limit", "cursor"];

    /// <summary><c>GET /uploads?state=open&amp;limit=100&amp;cursor=…</c></summary>
    public static async Task<Results<UploadListAnswer, Problem>> Handle(HttpContext context, UploadLedger ledger)
    {
        var query = context.Request.Query;
        foreach (var (name, values) in query)
        {
            if (!Parameters.Contains(name, StringComparer.Ordinal))
                return Problems.BadUploadRequest($"{ShownText.Of(name)} is not a parameter of /uploads; allowed: state, limit, cursor.");
            if (values.Count > 1)
                return Problems.BadUploadRequest($"The parameter {name} is given {values.Count} times; allowed: once.");
        }

        if ((string?)query["state"] is var state && state != UploadState.Open)
            return Problems.BadUploadRequest(
                $"The parameter state is {(state is null ? "absent" : $"'{ShownText.Of(state)}'")}; allowed: open."
            );
        var most = UsuallyListed;
        if (
            (string?)query["limit"] is { } limit
            && !(int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out most) && most is >= 1 and <= MostListed)
        )
            return Problems.BadUploadRequest(
                $"The parameter limit is '{ShownText.Of(limit)}'; allowed: a whole number from 1 to {MostListed}."
            );
        var (created, id) = (long.MinValue, "");
        if ((string?)query["cursor"] is { } cursor && !TryRead(cursor, out created, out id))
            return Problems.BadUploadRequest(
                $"The parameter cursor is '{ShownText.Of(cursor)}'; allowed: next_cursor of the page before, unchanged."
            );

        var caller = context.Caller();
        var uploads = await ledger.ListOpenAsync(
            created,
            id,
            most + 1,
            SeesAll(context, caller) ? null : OwnUploads.By(context),
            context.RequestAborted
        );
        var next = uploads.Count > most ? Write(uploads[most - 1]) : null;
        return new UploadListAnswer(new UploadList([.. uploads.Take(most).Select(upload => UploadStatusAnswer.Of(upload))], next));
    }

    /// <summary>An administrator does, and so does everybody at the operators' address of an open archive; others see their own.</summary>
    private static bool SeesAll(HttpContext context, Caller caller) =>
        caller.Has(Scopes.Admin) || (caller.IsAnonymous && ListenAddresses.IsOperators(context));

    private static string Write(UploadSession last) =>
        Base64Url.EncodeToString(
            Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{last.CreatedAt.ToUnixTimeMilliseconds()}:{last.Id}"))
        );

    private static bool TryRead(string cursor, out long created, out string id)
    {
        (created, id) = (0, "");
        if (cursor.Length > 100 || !Base64Url.IsValid(cursor))
            return false;
        var parts = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(cursor)).Split(':', 2);
        if (
            parts.Length != 2
            || !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out created)
            || !UploadStaging.IsId(parts[1])
        )
            return false;
        id = parts[1];
        return true;
    }
}

/// <summary>Some of the open uploads.</summary>
internal sealed record UploadListAnswer(UploadList Uploads) : IResult
{
    public Task ExecuteAsync(HttpContext context) => TypedResults.Json(Uploads, ContractJson.WithUrls.UploadList).ExecuteAsync(context);
}
