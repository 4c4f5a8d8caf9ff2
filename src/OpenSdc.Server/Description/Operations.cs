using Microsoft.OpenApi;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Description;

/// <summary>The words of every route, in the order of a file's journey.</summary>
internal static class Operations
{
    public const string Upload = "Upload";
    public const string Query = "Query";
    private const string Download = "Download";
    private const string Bytes = "Bytes";
    public const string Access = "Access";
    private const string Health = "Health";
    private const string Slashes = "Slashes stand as they are, not as `%2F`.";
    private const string ObjectPath = SignedUrls.Root + "{key}";

    public static IReadOnlyList<OpenApiTag> Tags { get; } =
    [
        new() { Name = Upload, Description = "First and second step: ask for a URL, then send the bytes to it." },
        new() { Name = Query, Description = "Third step: find files by what their names say and by when they came." },
        new() { Name = Download, Description = "Fourth step: name a file and be sent to its bytes." },
        new() { Name = Bytes, Description = "The bytes of a file, at the signed URL that a download leads to." },
        new() { Name = Access, Description = "Who may do what: API keys." },
        new() { Name = Health, Description = "What a supervisor asks of the service." },
    ];

    public static readonly Failure Unsigned = new(
        Problems.BadSignature("The URL expired at 2026-01-02 03:04:05 UTC; ask for a new one."),
        "the URL is unsigned, was changed, or has expired"
    );

    private static readonly OpenApiParameter ObjectKey = Words.Path("key", $"Path of the file in the archive. {Slashes}", Samples.Key);

    private static readonly IReadOnlyList<OpenApiParameter> SignedQuery =
    [
        ObjectKey,
        Words.Query("expires", "Moment at which the URL ends, in seconds since 1970-01-01 UTC.",
            new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" }, long.Parse(Samples.Expires), required: true),
        Words.Query("for", "Whom the URL was signed for; absent where for nobody in particular.", Words.String(), "key:4tG7nQbX0a"),
        Words.Query(
            "signature",
            "HMAC over method, key, end and whom it is for, in base64url.",
            Words.String(),
            Samples.Signature,
            required: true
        ),
    ];

    private static readonly IReadOnlyList<(string, string, string)> ObjectHeaders =
    [
        ("ETag", "The SHA-256 of the whole file, in quotes.", $"\"{Samples.Sha256}\""),
        ("Last-Modified", "When the file was published.", Samples.LastModified),
        ("Accept-Ranges", "Always `bytes`.", "bytes"),
        ("Content-Disposition", "The file's name, for a browser that saves it.", Samples.Disposition),
    ];

    private static Operation RequestUpload { get; } =
        new(
            HttpMethod.Get,
            "/upload/{path}",
            "requestUpload",
            Upload,
            "Ask for a URL to upload a file to",
            """
        Gives the absolute signed URL that the bytes are then `PUT` to; it lives for an hour unless the archive is set otherwise. Only the last part of
        the path counts, and it must be a name of the mission's conventions: the file's place in the archive is built from it. Leading folders are
        ignored, so `/upload/science/{path}` and paths relative to any folder of yours work alike.

        Where the objects lie in an S3 store, the URL is the store's own: the bytes do not pass through the archive, the store answers the `PUT`, and the file
        is visible within a second of it. `OpenSDC-Upload-Id` names the upload then; `GET /uploads/{id}?wait=30` answers with its receipt.
        """)
    {
        Parameters =
        [
            Words.Path("path", $"Name of the file, after any folders, e.g. `{Samples.Key}`. {Slashes}", Samples.FileName),
            Words.Header("Repr-Digest", "SHA-256 of the bytes that are to be sent: where the file of this name has it, the 409 says `sha256` and `size` to whoever may not read the file, too.", $"sha-256=:{Samples.Sha256InBase64}:"),
        ],
        Answers =
        [
            new(200, "The URL to `PUT` the bytes to.")
            {
                Headers = [("OpenSDC-Upload-Id", "Where the objects lie in an S3 store: the upload, to be followed at `/uploads/{id}`.", Samples.UploadId)],
                Shapes = [Shapes.UploadUrl, Shapes.DocumentedUploadUrl],
                Examples =
                [
                    ("plain", "plain: a JSON string", Representation.OfUploadUrl(Samples.Url, documented: false)),
                    ("documented", "documented: to Accept: application/json", Representation.OfUploadUrl(Samples.Url, documented: true)),
                ],
            },
        ],
        Failures =
        [
            new(Problems.BadUploadName(Samples.NameFaults), "the name does not follow the conventions; `errors` says which part is wrong and what is allowed"),
            new(Problems.NoUploadName, "the path holds no file name"),
            new(Problems.BadDigestHeader("The header Repr-Digest is 'none'; allowed here: sha-256=:BASE64:, the 32 bytes of the whole file's SHA-256, and no other algorithm."), "the header cannot be read"),
            new(Problems.Exists(Samples.Published), "the file is in the archive already"),
            Failure.Unexpected,
            Failure.Starting,
            new(Problems.CannotWrite with { Plain = false }, "the objects lie in a store that refuses the archive"),
            new(Problems.InsufficientStorage with { Plain = false }, "the objects lie in a store that has no room left"),
        ],
    };

    private static Operation ReceiveUpload { get; } = new(HttpMethod.Put, ObjectPath, "putObject", Upload, "Send the bytes of a file",
        """
        The second step of an upload, at the URL that the first one gave. The bytes are hashed and counted while they come, compared with what the request
        promised, flushed to disk, and then published. Once this has answered 2xx, the file is safe, visible to `/query` and `/download`, and never
        changes. Sending the same bytes again gives the same receipt again, so a `PUT` may be repeated after any fault. Every digest header is
        optional; all that are sent are checked. `x-api-key` and `Authorization` are ignored, an empty `Content-Type` is fine, and the answer is never a redirect.
        """)
    {
        Parameters =
        [
            .. SignedQuery,
            Words.Header("Content-MD5", "MD5 of the body, base64 (RFC 1864).", Samples.Md5InBase64),
            Words.Header("x-amz-checksum-sha256", "SHA-256 of the body, base64; `-sha1`, `-sha512`, `-md5`, `-crc32`, `-crc32c`, `-crc64nvme` likewise.", Samples.Sha256InBase64),
            Words.Header("x-amz-content-sha256", "SHA-256 of the body in hexadecimal digits, or `UNSIGNED-PAYLOAD`.", Samples.Sha256),
            Words.Header("Digest", "`SHA-256=BASE64` and the like (RFC 3230).", $"SHA-256={Samples.Sha256InBase64}"),
            Words.Header("If-None-Match", "`*`: only where the archive has no file of this name.", "*"),
            Words.Header("If-Match", "Only where the file that is there has one of these tags.", $"\"{Samples.Sha256}\""),
            Words.Header("Content-Digest", "`sha-256`, `sha-512`, `md5`, `sha` or `crc32c` of the body (RFC 9530); other algorithms are refused.", $"sha-256=:{Samples.Sha256InBase64}:"),
            Words.Header("Repr-Digest", "As `Content-Digest`.", $"sha-256=:{Samples.Sha256InBase64}:"),
        ],
        Body = new OpenApiRequestBody
        {
            Required = true,
            Description = "The bytes of the file, with `Content-Length` or chunked, of any content type.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/octet-stream"] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } },
            },
        },
        Answers =
        [
            new(201, "The file is published.") { Shapes = [Shapes.UploadReceipt], Examples = [("receipt", "the receipt", Samples.Receipt)] },
            new(200, "The archive had these very bytes already: the first receipt again.") { Shapes = [Shapes.UploadReceipt], Examples = [("receipt", "the receipt", Samples.Receipt)] },
        ],
        Failures =
        [
            new(Problems.DigestMismatch("Content-MD5", Samples.Md5InBase64, "1B2M2Y8AsgTpgAmY7PhCfg=="), "the bytes are not those that a digest header promised"),
            new(Problems.BadDigestHeader("The header Content-MD5 is 'none'; allowed: the 16 bytes of the body's MD5 digest in base64."), "a digest header cannot be read"),
            new(Problems.BodyCutShort, "the body ended early"),
            new(Problems.PartialBody("Content-Range"), "the body is said to be a piece of the file"),
            new(Problems.EnvelopedBody("multipart/form-data"), "the body is said to be a form, or a message"),
            new(Problems.EmptyFile, "the body is empty"),
            new(Problems.LengthRequired, "the request has neither `Content-Length` nor `Transfer-Encoding`"),
            new(Problems.ConditionFailed("If-None-Match"), "a condition does not hold"),
            new(Problems.BadCondition("If-Match", "none", "*, or a list of entity tags in double quotes"), "a condition cannot be read"),
            new(Problems.BodyTooLong, "more bytes came than `Content-Length` says"),
            new(Problems.BadUploadName(Samples.NameFaults) with { Plain = true }, "the key's name does not follow the conventions"),
            Unsigned,
            new(Problems.OfStatus(408), "the bytes came too slowly"),
            new(Problems.ContentConflict(Samples.Key), "the archive has other bytes under this name"),
            new(Problems.TooLarge(5L << 30), "the file is larger than the archive takes"),
            new(Problems.UnsupportedEncoding("Content-Encoding", "gzip"), "the body is said to be compressed, or to be cut into signed pieces (`aws-chunked`)"),
            Failure.Unexpected,
            Failure.Starting,
            new(Problems.CannotWrite, "the archive's disk or catalogue cannot be written"),
            new(Problems.InsufficientStorage, "the archive's disk is full"),
        ],
    };

    private static Operation DownloadFile { get; } = new(HttpMethod.Get, "/download/{path}", "downloadFile", Download, "Be sent to the bytes of a file",
        """
        Redirects to the absolute signed URL of the bytes, which lives for a day unless the archive is set otherwise; `curl -L` and any HTTP client follow it.
        The path may be the file's path in the archive, that path without its leading `imap/`, the bare file name, a SPICE kernel's older path
        `spice/…`, or a URI `s3://bucket/key`. A path whose folders are not those of the name is not found.
        """)
    {
        Parameters = [Words.Path("path", $"File name, or path in the archive, e.g. `{Samples.Key}`. {Slashes}", Samples.FileName)],
        Answers =
        [
            new(302, "The bytes are at `Location`.")
            {
                Headers = [("Location", "The absolute signed URL.", Samples.Url)],
                Shapes = [Shapes.DownloadUrl, Shapes.DocumentedDownloadUrl],
                Examples =
                [
                    ("plain", "plain: the URL in an object", Representation.OfDownloadUrl(Samples.Url, uri: null, documented: false)),
                    ("documented", "documented: to Accept: application/json", Representation.OfDownloadUrl(Samples.Url, uri: null, documented: true)),
                ],
            },
        ],
        Failures =
        [
            new(Problems.BadDownloadName(Samples.NameFaults), "the path is not a valid name or URI"),
            new(Problems.NoDownloadName, "the path holds no file name"),
            new(Problems.NoSuchFile, "the name is valid, but there is no such file, or it is not released to this caller"),
            new(Problems.Withdrawn(new(42, Samples.Key, 43, "20260103 04:05:06", "Made with a wrong calibration.", null, null)), "the file was withdrawn; `reason` says why, and `superseded_by` which file stands for it"),
            Failure.Unexpected,
            Failure.Starting,
        ],
    };

    private static Operation ServeObject { get; } = new(HttpMethod.Get, ObjectPath, "getObject", Bytes, "Fetch the bytes of a file",
        """
        At the URL that `/download` gave. Answers the whole file or one range of it, under the conditions that the request names (RFC 9110). A request for
        several ranges is answered with the whole file, and HEAD as if it asked for none. A file never changes, so its `ETag`, the SHA-256 of its bytes, holds for good. The content type follows the
        name's extension. `x-api-key` and `Authorization` are ignored, and a URL signed for GET also allows HEAD.
        """)
    {
        Parameters =
        [
            .. SignedQuery,
            Words.Header("Range", "The part that is wanted, e.g. to resume a download.", "bytes=1048576-"),
            Words.Header("If-Range", "Honour `Range` only while the file is still this one: an `ETag` or a date; otherwise send the whole.", $"\"{Samples.Sha256}\""),
            Words.Header("If-Match", "Answer only where the file's `ETag` is one of these; otherwise 412.", $"\"{Samples.Sha256}\""),
            Words.Header("If-None-Match", "Answer 304 where the file's `ETag` is one of these.", $"\"{Samples.Sha256}\""),
            Words.Header("If-Modified-Since", "Answer 304 where the file was published no later. Counts only without `If-None-Match`.", Samples.LastModified),
            Words.Header("If-Unmodified-Since", "Answer 412 where the file was published later. Counts only without `If-Match`.", Samples.LastModified),
        ],
        Answers =
        [
            new(200, "The whole file.")
            {
                Headers = ObjectHeaders,
                MediaType = "application/octet-stream",
                Shapes = [Shapes.Bytes],
                Examples = [("bytes", "the bytes as they were uploaded", "\"(the bytes of the file)\"")],
            },
            new(206, "The range asked for.")
            {
                Headers = [.. ObjectHeaders, ("Content-Range", "First and last byte, and the size of the whole.", "bytes 1048576-1482759/1482760")],
                MediaType = "application/octet-stream",
                Shapes = [Shapes.Bytes],
                Examples = [("bytes", "a range of the bytes as they were uploaded", "\"(434184 bytes of the file)\"")],
            },
            new(304, "The caller's copy is the file.") { Headers = [.. ObjectHeaders.Take(2)] },
        ],
        Failures =
        [
            Unsigned,
            new(Problems.NoSuchObject, "there is no such file"),
            new(Problems.PreconditionFailed, "`If-Match` or `If-Unmodified-Since` does not hold"),
            new(Problems.RangeNotSatisfiable(1482760), "the range lies outside the file; `Content-Range` says how long it is"),
            new(Problems.DamagedObject(Samples.Key), "the stored bytes are not those that were published, so they are not sent"),
            new(Problems.LostObject(Samples.Key), "the stored bytes are not there"),
            Failure.Unexpected,
            Failure.Starting,
        ],
    };

    private static Operation Live { get; } = new(HttpMethod.Get, "/health/live", "live", Health, "Is the process alive?", "Answers as soon as the process does.")
    {
        Answers = [new(200, "The process answers.") { MediaType = "text/plain", Shapes = [Shapes.Text], Examples = [("live", "alive", "\"live\\n\"")] }],
    };

    private static Operation Ready { get; } = new(HttpMethod.Get, "/health/ready", "ready", Health, "May requests be sent?",
        "Answers 200 once recovery is done and while the catalogue answers, also while uploads are refused: the body says so, and why. A public address answers `status` alone.")
    {
        Answers =
        [
            new(200, "Files can be found and fetched.")
            {
                MediaType = "application/json",
                Shapes = [Shapes.Readiness],
                Examples = [("ready", "ready", Samples.Ready), ("read-only", "uploads are refused", Samples.ReadOnly)],
            },
            new(503, "They cannot, or not yet.")
            {
                MediaType = "application/json",
                Shapes = [Shapes.Readiness],
                Examples = [("starting", "recovery is running", Samples.Recovering)],
            },
        ],
    };

    public static IReadOnlyList<Operation> All { get; } =
    [
        RequestUpload,
        ReceiveUpload,
        .. UploadOperations.All,
        QueryOperations.Get,
        QueryOperations.Get.ForHead("headQueryFiles", "Ask about the files of a query"),
        QueryOperations.Post,
        CoverageOperations.Coverage,
        CoverageOperations.Coverage.ForHead("headCoverFiles", "Ask about what files cover"),
        CoverageOperations.FacetsOfFiles,
        CoverageOperations.FacetsOfFiles.ForHead("headCountFacets", "Ask about the values of files"),
        ChangesOperations.Changes,
        ChangesOperations.Changes.ForHead("headListChanges", "Ask about the changes of a file"),
        .. KernelOperations.All,
        .. CurationOperations.All,
        DownloadFile,
        DownloadFile.ForHead("headDownloadFile", "Ask where the bytes of a file are"),
        ServeObject,
        // Ranges are of GET alone.
        ServeObject.ForHead("headObject", "Ask about the bytes of a file") with
        {
            Parameters = [.. ServeObject.Parameters.Where(each => each.Name is not ("Range" or "If-Range"))],
            Answers = [.. ServeObject.Answers.Where(each => each.Status != 206)],
            Failures = [.. ServeObject.Failures.Where(each => each.Problem.Status != 416)],
        },
        .. KeyOperations.All,
        .. AuditOperations.All,
        Live,
        Live.ForHead("headLive", "Is the process alive?"),
        Ready,
        Ready.ForHead("headReady", "May requests be sent?"),
        new(
            HttpMethod.Get,
            "/metrics",
            "metrics",
            Health,
            "Measurements",
            "What the service measures of itself, for Prometheus. At the operators' address only."
        )
        {
            Answers =
            [
                new(200, "The measurements, in Prometheus' text format.")
                {
                    MediaType = "text/plain",
                    Shapes = [Shapes.Text],
                    Examples =
                    [
                        (
                            "uploads",
                            "one of the counters",
                            "\"# TYPE opensdc_uploads_total counter\\nopensdc_uploads_total{outcome=\\\"published\\\"} 42 1767323045000\\n\""
                        ),
                    ],
                },
            ],
        },
    ];
}
