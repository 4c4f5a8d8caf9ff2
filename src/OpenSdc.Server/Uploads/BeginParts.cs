using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>An upload in parts begins: the caller names a file and its size, and learns how it is divided.</summary>
internal static class BeginParts
{
    /// <summary>How long its parts may be sent. A month's data over a thin line come in less.</summary>
    public static readonly TimeSpan Life = TimeSpan.FromDays(7);

    private const string Allowed = "allowed: a JSON object with filename, a text, and size, a whole number of bytes";

    /// <summary><c>POST /uploads</c></summary>
    public static async Task<Results<UploadStatusAnswer, Problem>> Handle(
        HttpContext context, Mission mission, Catalogue.Catalogue catalogue, UploadLedger ledger, IncomingBytes incoming, StorageWatch storage,
        IObjectStore store, ServerOptions options, TimeProvider clock)
    {
        var cancel = context.RequestAborted;
        var (path, size, problem) = await ReadAsync(context.Request);
        if (problem is not null)
            return problem;
        if (path.Length == 0 || path[^1] == '/')
            return Problems.NoUploadName with { Plain = true };
        var parsed = ArchivePath.ParseUpload(path, mission);
        if (parsed.Name is not { } name)
            return Problems.BadUploadName(parsed.Faults) with { Plain = true };
        if (IncomingBytes.PartSize(size, options.UploadPartSize) is not { } partSize)
            return Problems.TooLarge(IncomingBytes.LargestFile);
        if (await catalogue.FindAsync(name.Key, cancel) is { } there)
            return Problems.Exists(there) with { Plain = true };
        // Told now, not after hours of sending. The parts ask again: the room is not kept for them.
        using (var room = await storage.ReserveAsync(name.Key, size, cancel))
        {
            if (room.Refusal is { } noRoom)
                return noRoom;
        }

        var id = IncomingBytes.NewId();
        var upload = new RecordedUpload(id, name.Key, UploadState.Open, clock.GetUtcNow() + Life)
        {
            Size = size,
            PartSize = partSize,
            StoreId = await incoming.BeginAsync(id, name.Key, cancel),
        };
        if (!await ledger.OpenInPartsAsync(upload, cancel))
            return Problems.Exists((await catalogue.FindAsync(name.Key, cancel))!) with { Plain = true };
        return new UploadStatusAnswer(UploadStatusAnswer.Of(upload), 201);
    }

    private static async Task<(string Path, long Size, Problem? Problem)> ReadAsync(HttpRequest request)
    {
        string? path = null;
        long? size = null;
        try
        {
            using var document = await JsonDocument.ParseAsync(request.Body, default, request.HttpContext.RequestAborted);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return Malformed("is JSON, but no object");
            foreach (var member in document.RootElement.EnumerateObject())
            {
                if (member.NameEquals("filename") && member.Value.ValueKind == JsonValueKind.String)
                    path = member.Value.GetString();
                else if (member.NameEquals("size") && member.Value.ValueKind == JsonValueKind.Number && member.Value.TryGetInt64(out var number) && number >= 1)
                    size = number;
                else if (member.NameEquals("size"))
                    return Malformed($"has the size {member.Value.GetRawText()}, but an upload in parts has at least one byte");
                else
                    return Malformed(string.Create(CultureInfo.InvariantCulture, $"has the member {member.Name}: {member.Value.GetRawText()}"));
            }
        }
        catch (JsonException fault)
        {
            return Malformed($"is not JSON (line {fault.LineNumber + 1}, byte {fault.BytePositionInLine + 1})");
        }
        catch (InvalidOperationException)
        {
            // An escape such as \ud800 alone: well-formed JSON, and no text.
            return Malformed("holds half of a Unicode character");
        }

        return path is null ? Malformed("has no filename") : size is null ? Malformed("has no size") : (path, size.Value, null);

        static (string, long, Problem?) Malformed(string what) => ("", 0, Problems.BadUploadRequest($"The body {what}; {Allowed}."));
    }
}

/// <summary>How far an upload is.</summary>
internal sealed record UploadStatusAnswer(UploadStatus Status, int Code) : IResult
{
    public static UploadStatus Of(RecordedUpload upload, UploadReceipt? receipt = null) => new()
    {
        Id = upload.Id,
        FilePath = upload.Key,
        State = upload.State,
        Expires = Catalogue.Catalogue.Text(upload.ExpiresAt),
        Size = upload.Size,
        PartSize = upload.PartSize,
        Parts = upload.PartSize is null ? null : upload.Parts,
        Receipt = receipt,
        Problem = upload.Problem is { } problem ? new("urn:opensdc:problem:" + problem.Code, problem.Detail) : null,
    };

    public Task ExecuteAsync(HttpContext context)
    {
        context.Response.Headers["OpenSDC-Upload-Id"] = Status.Id;
        if (Code == 201)
            context.Response.Headers.Location = $"{context.Request.PathBase}{context.Request.Path}/{Status.Id}";
        return TypedResults.Json(Status, ContractJson.WithUrls.UploadStatus, statusCode: Code).ExecuteAsync(context);
    }
}
