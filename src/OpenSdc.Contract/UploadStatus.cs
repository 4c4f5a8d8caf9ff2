using System.Text.Json.Serialization;

namespace OpenSdc.Contract;

/// <summary>
/// How far a direct or multipart upload is: what <c>GET /uploads/{id}</c> answers, and <c>POST /uploads</c> for one in parts.
/// </summary>
public sealed record UploadStatus
{
    /// <summary>The upload, as the header <c>OpenSDC-Upload-Id</c> named it.</summary>
    public required string Id { get; init; }

    /// <summary>The key that it is for.</summary>
    public required string FilePath { get; init; }

    /// <summary><c>open</c>, <c>arrived</c>, and at its end <c>published</c>, <c>refused</c>, <c>aborted</c> or <c>expired</c>.</summary>
    public required string State { get; init; }

    /// <summary>When it was asked for, UTC, <c>YYYYMMDD HH:MM:SS</c>.</summary>
    public required string Created { get; init; }

    /// <summary>Until when its bytes can be sent, UTC, <c>YYYYMMDD HH:MM:SS</c>.</summary>
    public required string Expires { get; init; }

    /// <summary>Of an upload in parts: its size in bytes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Size { get; init; }

    /// <summary>Of an upload in parts: the size in bytes of each part but the last.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? PartSize { get; init; }

    /// <summary>Of an upload in parts: how many there are; they are numbered from 1.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Parts { get; init; }

    /// <summary>
    /// Of an upload in parts: the SHA-256 that was promised for the whole file, 64 lower-case hexadecimal
    /// digits; absent where none was.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Sha256 { get; init; }

    /// <summary>Of one that is published: the receipt.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UploadReceipt? Receipt { get; init; }

    /// <summary>Of one that was refused: why.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public UploadProblem? Problem { get; init; }
}

/// <summary>Some of the uploads that are open, in the order in which they were asked for.</summary>
/// <param name="Uploads">The uploads.</param>
/// <param name="NextCursor">The parameter <c>cursor</c> of the next page; null where this is the last one.</param>
public sealed record UploadList(IReadOnlyList<UploadStatus> Uploads, string? NextCursor);

/// <summary>Why an upload was refused.</summary>
/// <param name="Type"><c>urn:opensdc:problem:</c> and a code that is stable.</param>
/// <param name="Detail">One sentence for a person.</param>
public sealed record UploadProblem(string Type, string Detail);

/// <summary>Some parts of an upload: those that have come, and where to send those that have not.</summary>
public sealed record PartList(IReadOnlyList<ReceivedPart> Received, IReadOnlyList<MissingPart> Urls);

/// <summary>A part that has come, and its size in bytes.</summary>
public sealed record ReceivedPart(int Part, long Size);

/// <summary>A part that has not come.</summary>
/// <param name="Part">Its number; the first is 1.</param>
/// <param name="Offset">Where in the file it begins.</param>
/// <param name="Size">Its bytes, no more and no fewer.</param>
/// <param name="Url">The signed URL to PUT them to.</param>
public sealed record MissingPart(int Part, long Offset, long Size, string Url);
