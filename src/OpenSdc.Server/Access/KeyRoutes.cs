using System.Text.Json;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Access;

/// <summary>API keys are listed, made and ended, and the key that signs URLs is replaced.</summary>
internal static class KeyRoutes
{
    private const int LargestBody = 64 * 1024;

    public static void Map(RouteGroupBuilder routes)
    {
        routes.MapGet("/keys", List).WithMetadata(HeldConditions.None, Needs.ToAdminister);
        routes.MapPost("/keys", AddAsync).WithMetadata(HeldConditions.None, Needs.ToAdminister);
        routes.MapPost("/keys/rotate-urls", RotateUrlsAsync).WithMetadata(HeldConditions.None, Needs.ToAdminister);
        routes.MapDelete("/keys/{id}", RevokeAsync).WithMetadata(HeldConditions.None, Needs.ToAdminister);
    }

    /// <summary><c>GET /keys</c></summary>
    private static async Task<JsonHttpResult<KeyList>> List(ApiKeyTable table, HttpContext context) =>
        TypedResults.Json(
            new KeyList([.. (await table.ListAsync(context.RequestAborted)).Select(key => KeyInfo.Of(key))]),
            AccessJson.Default.KeyList
        );

    /// <summary><c>POST /keys</c></summary>
    private static async Task<Results<JsonHttpResult<KeyInfo>, Problem>> AddAsync(
        HttpContext context,
        KeyRing ring,
        Mission mission,
        TimeProvider clock
    )
    {
        KeyRequest? asked;
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = LargestBody;
        try
        {
            asked = await JsonSerializer.DeserializeAsync(context.Request.Body, AccessJson.Default.KeyRequest, context.RequestAborted);
        }
        catch (JsonException)
        {
            asked = null;
        }

        if (asked is null)
            return Problems.BadUploadRequest(
                "The body is not what it must be; allowed: a JSON object with owner, a text, scopes, a list of texts, and perhaps expires, a moment, and limits, an object of lists of texts."
            );
        var (key, text, fault) = NewKey.Make(asked, mission, clock.GetUtcNow());
        if (key is null)
            return Problems.BadUploadRequest(fault!);
        await ring.AddAsync(
            key,
            AuditLog.Of(context, AuditAction.KeyAdded, key.Id, 201) with
            {
                Detail = key.Summary,
            },
            context.RequestAborted
        );
        return TypedResults.Json(KeyInfo.Of(key, text), AccessJson.Default.KeyInfo, statusCode: 201);
    }

    /// <summary><c>DELETE /keys/{id}</c></summary>
    private static async Task<Results<NoContent, Problem>> RevokeAsync(string id, HttpContext context, KeyRing ring) =>
        await ring.RevokeAsync(id, AuditLog.Of(context, AuditAction.KeyRevoked, id, 204), context.RequestAborted)
            ? TypedResults.NoContent()
            : Problems.NoSuchKey;

    /// <summary><c>POST /keys/rotate-urls</c></summary>
    private static async Task<NoContent> RotateUrlsAsync(HttpContext context, KeyRing ring)
    {
        await ring.RotateUrlsAsync(AuditLog.Of(context, AuditAction.SigningKeyRotated, "", 204), context.RequestAborted);
        return TypedResults.NoContent();
    }
}
