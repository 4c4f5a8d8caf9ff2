using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Files;

/// <summary>Last step: the bytes themselves, whole or a range of them, under the conditions that the request names.</summary>
internal static class ServeObject
{
    /// <summary><c>GET</c> or <c>HEAD {signed URL}</c></summary>
    public static async Task<Results<ObjectBytes, NotModified, Problem>> Handle(
        string? key,
        HttpContext context,
        UrlRights urls,
        IntegrityState integrity,
        Withdrawals withdrawals,
        IObjectStore store,
        IntegrityReports reports,
        ObjectSender sender,
        AuditLog audit,
        Catalogue.Catalogue catalogue
    )
    {
        key ??= "";
        if (urls.Refuse(context, context.Request.Method, key) is { } sentence)
            return Problems.BadSignature(sentence);
        // The bytes never change, but whoever has them from a cache has them by this URL: no longer than it lives.
        context.Response.Headers.CacheControl = string.Create(
            CultureInfo.InvariantCulture,
            $"private, max-age={urls.SecondsLeft(context)}"
        );
        if (await integrity.FindAsync(key, ReadScope.Of(context.Caller()), context.RequestAborted) is not { } file)
        {
            return await withdrawals.FindAsync(key, context.Caller().Audience, context.RequestAborted) is { } tombstone
                ? Problems.Withdrawn(tombstone) with { Plain = true }
                : Problems.NoSuchObject;
        }

        if (file.Mark is not null)
            return NotServed(key, file.Mark);

        var receipt = file.Receipt;

        var tag = new EntityTagHeaderValue($"\"{receipt.Sha256}\"");
        var published = DateTimeOffset.ParseExact(
            receipt.IngestionDate,
            "yyyyMMdd HH:mm:ss",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal
        );
        var conditions = new Conditions(context.Request, tag, published);
        if (conditions.Failed)
            return Problems.PreconditionFailed;
        if (conditions.NotModified)
            return new NotModified(tag, published);

        var length = receipt.Size;
        var range = conditions.Range(length);
        if (range is (-1, _))
        {
            context.Response.Headers.ContentRange = $"bytes */{length}";
            return Problems.RangeNotSatisfiable(length);
        }

        // Before anything is opened, which a failure here would leave open.
        if (HttpMethods.IsGet(context.Request.Method))
            await audit.NoteDownloadAsync(context, key, catalogue, range is null ? 200 : 206);
        var (stored, verdict) = await ObjectVerifier.OpenAsync(store.OpenAsync, new(key, length, receipt.Sha256), context.RequestAborted);
        if (stored is not null)
            return new ObjectBytes(stored, receipt, file.AsOf, tag, published, range, sender);
        reports.Report(receipt.Seq, key, file.AsOf, verdict.ThrowIfRefused());
        return NotServed(key, verdict.State == ObjectState.Missing ? ChangeKind.Lost : ChangeKind.Damaged);
    }

    private static Problem NotServed(string key, string kind) =>
        kind == ChangeKind.Lost ? Problems.LostObject(key) : Problems.DamagedObject(key);
}

/// <summary>304: the caller's copy is the file.</summary>
internal sealed record NotModified(EntityTagHeaderValue Tag, DateTimeOffset Published) : IResult
{
    public Task ExecuteAsync(HttpContext context)
    {
        context.Response.StatusCode = 304;
        context.Response.Headers.ETag = Tag.ToString();
        context.Response.Headers.LastModified = Published.ToString("R", CultureInfo.InvariantCulture);
        return Task.CompletedTask;
    }
}
