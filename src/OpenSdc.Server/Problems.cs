using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server;

/// <summary>
/// The table of expected errors: for each its code, its HTTP status and its sentence. A code is stable and can be matched on;
/// a sentence is for people, but for those that the contract fixes to the letter.
/// </summary>
internal static class Problems
{
    public static Problem NoUploadName { get; } = new("no-name", 400,
        "No filename given for the upload. Please provide a filename in the path. Eg. /upload/path/to/file/filename.pkts");

    public static Problem NoDownloadName { get; } = new("no-name", 400,
        "No file requested for download. Please provide a filename in the path. Eg. /download/path/to/file/filename.pkts");

    public static Problem NoSuchFile { get; } = new("not-found", 404,
        "File not found, make sure you include the full path to the file in the request, e.g. /download/path/to/file/filename.pkts.")
    { DocumentedStatus = 400 };

    public static Problem BadUploadName(IEnumerable<NameFault> faults) => new("name-not-valid", 400,
        "A pre-signed URL could not be generated. Please ensure that the file name matches mission file naming conventions.")
    { Errors = [.. faults.Select(fault => fault.Message)] };

    public static Problem BadDownloadName(IEnumerable<NameFault> faults) => new("name-not-valid", 400,
        "Not a valid S3 URI. Example input: s3://bucket/path/file.ext")
    { Errors = [.. faults.Select(fault => fault.Message)] };

    /// <summary>With digest and size of the published file, so that a client that sends again knows whether the file is its own.</summary>
    public static Problem Exists(UploadReceipt there) => new("exists", 409, $"{there.FilePath} already exists.") { Existing = there };

    /// <summary>A name stays taken after its file was withdrawn. Whoever may upload need not know when.</summary>
    public static Problem NameWithdrawn(Tombstone there) => new("withdrawn", 409,
        $"{there.Key} was withdrawn, and its name stays taken: {there.Reason}");

    /// <summary>What is left of a withdrawn file.</summary>
    public static Problem Withdrawn(Tombstone there) => new("withdrawn", 410,
        $"{there.Key} was withdrawn: {there.Reason}{(there.Successor is { } successor ? $" In its place there is {successor}." : "")}")
    { Tombstone = there };

    public static Problem NotWithdrawn(string key) => new("not-withdrawn", 409, $"{key} is not withdrawn.") { Plain = true };

    public static Problem IsPurged(string key) =>
        new("purged", 409, $"The bytes of {key} were removed for good; it cannot be restored.") { Plain = true };

    public static Problem NoSuccessor { get; } =
        new(
            "bad-parameter",
            400,
            "The parameter superseded_by names no other file of the archive, or one that was withdrawn itself; allowed: the name of a file that is there."
        )
        {
            Plain = true,
        };

    public static Problem WrongPurgeToken { get; } = new("bad-parameter", 400,
        "The parameter token is not the one that the last order without a token gave; send that one again, and then its token.")
    { Plain = true };

    public static Problem BadOrder(string sentence) => new("bad-parameter", 400, sentence) { Plain = true };

    public static Problem UnknownParameter(string name, IEnumerable<string> known) => new("unknown-parameter", 400,
        $"{name} is not a valid query parameter. Valid query parameters are: [{string.Join(", ", known.Select(each => $"'{each}'"))}]")
    { OfQuery = true };

    public static Problem BadParameter(string sentence) => new("bad-parameter", 400, sentence) { OfQuery = true };

    public static Problem NotOneFile { get; } =
        new("bad-parameter", 400, "The changes are those of one file; allowed: one filename, or one file_path.") { Plain = true };

    public static Problem BadSignature(string sentence) => new("bad-signature", 403, sentence) { Plain = true };

    public static Problem ContentConflict(string key) => new("content-conflict", 409,
        $"{key} already exists with other bytes; a published file never changes, so give the new one a new version.")
    { Plain = true };

    public static Problem BadDigestHeader(string sentence) => new("bad-digest-header", 400, sentence) { Plain = true };

    public static Problem DigestMismatch(string header, string expected, string actual) => new("digest-mismatch", 400,
        $"The header {header} says {expected}, but the bytes received have {actual}; nothing was stored.")
    { Plain = true };

    public static Problem BodyCutShort { get; } = new("length-mismatch", 400,
        "The request ended before all the bytes that its headers promised had come; nothing was stored.")
    { Plain = true };

    public static Problem PartialBody(string header) =>
        new(
            "partial-body",
            415,
            $"The header {header} says that the body is a piece of the file; allowed: the whole file without that header, or an upload in parts (POST /uploads)."
        )
        {
            Plain = true,
        };

    public static Problem EnvelopedBody(string type) =>
        new(
            "enveloped-body",
            415,
            $"The header Content-Type says that the body is {ShownText.Of(type)}, which holds the file inside other bytes; allowed: the file's own bytes, such as curl -T or data= send them."
        )
        {
            Plain = true,
        };

    public static Problem LengthRequired { get; } =
        new(
            "length-required",
            411,
            "The request says neither Content-Length nor Transfer-Encoding, so that it has no body; allowed: the file with its length, or chunked."
        )
        {
            Plain = true,
            Closes = true,
        };

    /// <summary>
    /// The store must know how many bytes come before it takes them; without that they are held in memory, of
    /// which there is little.
    /// </summary>
    public static Problem LengthNeeded(long? most) =>
        new(
            "length-required",
            411,
            string.Create(
                CultureInfo.InvariantCulture,
                $"A body without Content-Length may have at most {most} bytes here, and fewer while many come at once; send the file with its length, or in parts by POST /uploads."
            )
        )
        {
            Plain = true,
            Closes = true,
        };

    public static Problem EmptyFile { get; } = new("empty-file", 400,
        "The body is empty, and this archive takes no empty files; nothing was stored. Send the file's bytes.")
    { Plain = true };

    public static Problem BadCondition(string header, string value, string allowed) => new("bad-condition", 400,
        $"The header {header} is '{ShownText.Of(value)}'; allowed: {allowed}.")
    { Plain = true };

    public static Problem ConditionNotHeld(string header, string method, IReadOnlyList<string> held) =>
        new(
            "bad-condition",
            400,
            $"The header {header} is a condition that {method} at this address does not hold; allowed: {(held.Count == 0 ? "a request without conditions" : string.Join(", ", held))}."
        )
        {
            Plain = true,
        };

    public static Problem ConditionFailed(string header) => new("precondition-failed", 412,
        $"The file is not in the state that the request's {header} asks for; nothing was stored.")
    { Plain = true };

    public static Problem UnsupportedEncoding(string header, string value) =>
        new(
            "unsupported-encoding",
            415,
            $"The header {header} says that the body is coded ({ShownText.Of(value)}), and it would be stored so; allowed: the file's own bytes, whole or chunked, without that coding."
        )
        {
            Plain = true,
        };

    public static Problem BodyTooLong { get; } = new("body-too-long", 400,
        "More bytes follow the body than its Content-Length says; nothing was stored. Send the file with its own length, or chunked.")
    { Plain = true };

    public static Problem TooLarge(long limit) => new("too-large", 413,
        $"The file is larger than the {limit} bytes that this archive takes in one upload; nothing was stored.")
    { Plain = true };

    public static Problem InsufficientStorage { get; } =
        new("insufficient-storage", 507, "The archive has no room left; nothing was stored. Try again later.") { Plain = true };

    public static Problem CannotWrite { get; } = new("cannot-write", 503,
        "The archive cannot write at the moment; the upload is not acknowledged, so send it again later.")
    { Plain = true, RetryAfter = 30 };

    public static Problem StoreUnavailable { get; } = new("store-unavailable", 503,
        "The store of the archive's objects cannot be reached at the moment. Try again later; send again what was not acknowledged.")
    { RetryAfter = 5 };

    public static Problem NoBytesHere { get; } = new("not-found", 404,
        "Bytes do not pass through this server: the signed URLs that /upload and /download give lead to the store itself.")
    { Plain = true };

    public static Problem CatalogueUnavailable { get; } = new("catalogue-unavailable", 503,
        "The archive's catalogue cannot be reached at the moment; try again in a few seconds.")
    { Plain = true, RetryAfter = 5 };

    public static Problem TooManyListings { get; } =
        new(
            "too-many-listings",
            503,
            "The archive sends as many long answers at once as it may; try again in a few seconds, or ask for less at once, with limit or more filters."
        )
        {
            Plain = true,
            RetryAfter = 5,
        };

    public static Problem TooManyBodies { get; } = new("too-many-bodies", 503,
        "The archive reads as many long bodies of queries at once as it may; try again in a few seconds, or send fewer names at once.")
    { Plain = true, RetryAfter = 5 };

    public static Problem TooManyRequests(int seconds) =>
        new(
            "too-many-requests",
            429,
            $"More requests came from this address, or with these credentials, than the archive takes in a minute; try again in {seconds} s, and send fewer at once."
        )
        {
            RetryAfter = seconds,
        };

    public static Problem NoSuchObject { get; } = new("not-found", 404, "There is no such object.") { Plain = true };

    public static Problem DamagedObject(string key) => new("damaged", 500,
        $"The stored bytes of {key} are not those that were published, so they are not sent; the operator has been told.")
    { Plain = true };

    public static Problem LostObject(string key) =>
        new("lost", 500, $"The stored bytes of {key} are lost; its record remains, and the operator has been told.") { Plain = true };

    public static Problem PreconditionFailed { get; } = new("precondition-failed", 412,
        "The object is not in the state that the request's If-Match or If-Unmodified-Since asks for.")
    { Plain = true };

    public static Problem RangeNotSatisfiable(long length) => new("range-not-satisfiable", 416,
        $"The range lies outside the object's {length} bytes.")
    { Plain = true };

    public static Problem NoSuchUpload { get; } = new("no-such-upload", 404,
        "There is no upload of this id: none was asked for, or it ended more than a day ago.")
    { Plain = true };

    public static Problem UploadEnded(string state) =>
        new("upload-ended", 409, $"The upload is {state} and takes nothing more.") { Plain = true };

    public static Problem PartsGone { get; } = new("upload-ended", 409,
        "The store has none of the upload's parts any more, as a rule of its bucket may remove them after a while. Begin a new upload.")
    { Plain = true };

    public static Problem NotInParts { get; } = new("not-in-parts", 409,
        "The upload does not come in parts: its bytes are PUT to the URL that it was given. POST /uploads begins one in parts.")
    { Plain = true };

    public static Problem PartSize(int part, long expected, long? actual) =>
        new(
            "part-size",
            400,
            actual is null
                ? $"Part {part} must have {expected} bytes, and more came."
                : $"Part {part} must have {expected} bytes, and {actual} came."
        )
        {
            Plain = true,
        };

    public static Problem PartOvertaken { get; } = new("part-overtaken", 409,
        "The same part was sent again before this sending of it had ended; the later one counts.")
    { Plain = true };

    public static Problem PartsMissing(IReadOnlyList<string> sentences) => new("parts-missing", 409,
        "The upload is not complete; send the missing parts first. The list of at most 100 of them is in errors.")
    { Plain = true, Errors = sentences };

    public static Problem BadUploadRequest(string sentence) => new("bad-parameter", 400, sentence) { Plain = true };

    public static Problem OtherSize(long declared, long actual) => new("size-mismatch", 409,
        $"The upload was declared to have {declared} bytes, and {actual} have come.")
    { Plain = true };

    public static Problem TooManyUploads(string what) => new("too-many-uploads", 429,
        $"{what}, and no more may be; complete or abort one of them first, or wait until one has expired.")
    { Plain = true, RetryAfter = 60 };

    public static Problem PartsHaveOtherDigest(string promised, string actual) =>
        new(
            "digest-mismatch",
            409,
            $"The whole file was promised to have the SHA-256 {promised}, but the parts that came have {actual}; nothing was published. Begin a new upload."
        )
        {
            Plain = true,
        };

    public static Problem OtherPromise(string promised, string? there) =>
        new(
            "digest-mismatch",
            409,
            $"The request promises the SHA-256 {promised} for the whole file, but {(there is null ? "the upload was completed without one" : $"the upload has {there}")}; the request changed nothing."
        )
        {
            Plain = true,
        };

    /// <summary>How a recorded upload ended, told again.</summary>
    public static Problem Refused(string code, string sentence) => new(code, 409, sentence) { Plain = true };

    public static Problem BadSecret { get; } =
        new("bad-secret", 403, "The request does not bring the secret of this archive's notifications.") { Plain = true };

    public static Problem BadNotification(string sentence) => new("bad-notification", 400, sentence) { Plain = true };

    public static Problem NotReady { get; } =
        new("not-ready", 503, "The archive is still starting; try again in a moment.") { Plain = true, RetryAfter = 1 };

    public static Problem NoBytesToUpload { get; } = new("method-not-allowed", 405,
        "This address takes no bytes, and nothing was stored: GET it, and PUT the file to the signed URL that it answers.")
    { Plain = true };

    public static Problem ForeignOrigin { get; } =
        new(
            "foreign-origin",
            403,
            "A page of another origin may read this archive, but not PUT, POST or DELETE; the operator permits origins by the setting write-origins."
        )
        {
            Plain = true,
        };

    public static Problem NotForOperators { get; } = new("no-route", 404,
        "This address is for operators and has /metrics, /hooks/s3 and /health; the archive's other routes are at its public address.")
    { Plain = true };

    public static Problem NoCredentials(string sentence) => new("no-credentials", 401, sentence);

    public static Problem BadToken(string sentence) => new("bad-token", 401, sentence);

    public static Problem IssuerUnavailable { get; } = new("issuer-unavailable", 503,
        "The issuer of tokens cannot be reached at the moment, so that the token cannot be checked; try again later.")
    { RetryAfter = 5 };

    public static Problem BadKey(string sentence) => new("bad-key", 403, sentence);

    /// <summary>The caller is known, and may not do this.</summary>
    public static Problem Denied(string sentence) => new("denied", 403, sentence);

    /// <summary>The name is outside the limits of the key or token.</summary>
    public static Problem NotYourUpload(string name) =>
        Denied($"Upload access denied. Your credentials do not allow uploads of {ShownText.Of(name)}.");

    public static Problem ThroughProxy(string sign) =>
        new(
            "through-proxy",
            403,
            $"The request came through a proxy, or for another host than this machine ({sign}), but this archive is open only because nobody else than its own machine reaches it; set public-url and trusted-proxies, and keys or an issuer, or open."
        );

    public static Problem NoSuchKey { get; } = new("not-found", 404, "There is no API key of this id.") { Plain = true };

    /// <summary>For a request that no handler answered.</summary>
    public static Problem OfStatus(HttpContext context) =>
        context.Response.StatusCode == 404 && OfClimbing(context) is { } climbs ? climbs
            : context.Response.StatusCode == 405 && PathValidation.RouteAsked(context).Equals("upload", StringComparison.OrdinalIgnoreCase)
                ? NoBytesToUpload
                : OfStatus(context.Response.StatusCode);

    /// <summary>For a path with the segments '.' or '..', by the route that it was meant for; null where it has none.</summary>
    public static Problem? OfClimbing(HttpContext context) =>
        PathValidation.Of(context) is not { } climbs
            ? null
            : PathValidation.RouteAsked(context) switch
            {
                "upload" => BadUploadName([climbs]),
                "download" => BadDownloadName([climbs]),
                _ => new("path-climbs", 400, climbs.Message) { Plain = true, Errors = [climbs.Message] },
            };

    /// <summary>For what the framework refuses before any handler: no route, wrong method, malformed request.</summary>
    public static Problem OfStatus(int status) =>
        status switch
        {
            404 => new(
                "no-route",
                404,
                "There is nothing at this address; the routes are /upload, /download, /query, /coverage and /facets, described at /docs."
            )
            {
                Plain = true,
            },
            405 => new("method-not-allowed", 405, "This address does not answer this method; the header Allow says which it answers.")
            {
                Plain = true,
            },
            413 => new("too-large", 413, "The request body is larger than this address takes.") { Plain = true },
            408 => new("too-slow", 408, "The request's bytes came too slowly; nothing was stored.") { Plain = true },
            >= 500 => new("unexpected", status, "The archive met an error of its own. The request id finds it in the log.")
            {
                Plain = true,
            },
            _ => new("malformed", status, "The request is malformed.") { Plain = true },
        };
}

/// <summary>One expected error as an answer; how it is written is for <see cref="Representation"/> to say.</summary>
internal sealed record Problem(string Code, int Status, string Sentence) : IResult, IStatusCodeHttpResult
{
    /// <summary>The status in the documented representation, where that differs.</summary>
    public int? DocumentedStatus { get; init; }

    /// <summary>One sentence for each single fault.</summary>
    public IReadOnlyList<string> Errors { get; init; } = [];

    /// <summary>The file that is in the way, whose <c>sha256</c> and <c>size</c> the answer says; null where none is.</summary>
    public UploadReceipt? Existing { get; init; }

    /// <summary>The withdrawn file that is asked for, whose reason, date and successor the answer says; null where none is.</summary>
    public Tombstone? Tombstone { get; init; }

    /// <summary>Whether it answers a query: the document shows headers there, and nowhere else.</summary>
    public bool OfQuery { get; init; }

    /// <summary>Whether it answers a route that the founding document does not print answers for.</summary>
    public bool Plain { get; init; }

    /// <summary>Whether the connection ends with the answer: what follows on it may be no request.</summary>
    public bool Closes { get; init; }

    /// <summary>Seconds after which another try makes sense; null where none does.</summary>
    public int? RetryAfter { get; init; }

    int? IStatusCodeHttpResult.StatusCode => Status;

    public Task ExecuteAsync(HttpContext context) => Representation.WriteAsync(context, this);
}
