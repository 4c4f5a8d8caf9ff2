using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using OpenSdc.Server.Uploads;

namespace OpenSdc.Server.Description;

/// <summary>The words of the routes of direct and multipart uploads.</summary>
internal static class UploadOperations
{
    private static readonly OpenApiParameter Id = Words.Path(
        "id",
        "The upload, as `OpenSDC-Upload-Id` or `POST /uploads` named it.",
        Samples.UploadId
    );

    private static readonly Failure NoSuchUpload = new(Problems.NoSuchUpload, "there is no such upload, or it ended more than a day ago");
    private static readonly Failure NotInParts = new(Problems.NotInParts, "the upload comes by a single `PUT`");
    private static readonly Failure Ended = new(Problems.UploadEnded("published"), "the upload is not open any more");

    private static OpenApiParameter Wait(int usual) => Words.Query(
        "wait", $"Seconds to wait for the upload's end, 0 to {FollowUpload.LongestWait}; {usual} by default.",
        new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "0", Maximum = FollowUpload.LongestWait.ToString() }, 30);

    private static OpenApiParameter Number(string name, string text, int example) =>
        Words.Query(name, text, new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1" }, example);

    private static Operation Begin { get; } = new(HttpMethod.Post, "/uploads", "beginUpload", Operations.Upload, "Begin an upload in parts",
        """
        For large files, and for lines that break: the file is divided into parts, each of which is `PUT` to a URL of its own and can be sent again, in any order,
        several at once, also after a restart of either side. All parts but the last have the size that the answer says. The upload stays open for seven days.
        """)
    {
        Body = new OpenApiRequestBody
        {
            Required = true,
            Description = "The file's name, after any folders, its size in bytes, at least 1, and its SHA-256 where it is known.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new OpenApiMediaType
                {
                    Schema = Shapes.Object("A file that is to come in parts.",
                        ("filename", Shapes.String("Name of the file, after any folders."), true),
                        ("size", Shapes.Number("Its size in bytes."), true),
                        ("sha256", Shapes.String("Its SHA-256, 64 hexadecimal digits: the file is published only where its parts have it."), false)),
                    Example = JsonNode.Parse($$"""{"filename":"{{Samples.FileName}}","size":100000000}"""),
                },
            },
        },
        Answers =
        [
            new(201, "The upload is open.")
            {
                Headers = [("Location", "Where to follow the upload.", $"/uploads/{Samples.UploadId}"), ("OpenSDC-Upload-Id", "The upload.", Samples.UploadId)],
                Shapes = [Shapes.UploadStatus],
                Examples = [("open", "two parts", Samples.OpenUpload)],
            },
        ],
        Failures =
        [
            new(Problems.BadUploadRequest("The body has no size; allowed: a JSON object with filename, a text, and size, a whole number of bytes."), "the body is not what it must be"),
            new(Problems.BadUploadName(Samples.NameFaults) with { Plain = true }, "the name does not follow the conventions"),
            new(Problems.NoUploadName with { Plain = true }, "there is no file name"),
            new(Problems.Exists(Samples.Published) with { Plain = true }, "the file is in the archive already"),
            new(Problems.ContentConflict(Samples.Key), "the file is lost or damaged, and its size or digest is not the recorded one"),
            new(Problems.TooLarge(UploadStaging.LargestFile), "the file is larger than the archive takes"),
            new(Problems.BadDigestHeader("The header Content-MD5 is not checked here; allowed: the member sha256 for the whole file."), "a digest header that is not checked here"),
            new(Problems.TooManyUploads($"16 uploads in parts of {Samples.Key} are open already"), "too many uploads in parts are open, of this file or of all together"),
            new(Problems.InsufficientStorage, "the archive's disk is full"),
            Failure.Unexpected,
            Failure.Starting,
        ],
    };

    private static Operation ListOpen { get; } = new(HttpMethod.Get, "/uploads", "listUploads", Operations.Upload, "List open uploads",
        """
        The caller's own uploads in parts, and past the archive, that are open, so that they can be resumed; to administrators all of them. In the order in which they were asked for, page by page.
        `next_cursor` is null on the last page. An id that is listed here can be given up by `DELETE /uploads/{id}`; `GET /uploads/{id}/parts` says which parts are there.
        """)
    {
        Parameters =
        [
            Words.Query("state", "`open`.", new OpenApiSchema { Type = JsonSchemaType.String, Enum = [JsonValue.Create("open")] }, "open", required: true),
            Words.Query("limit", $"Uploads on a page, 1 to {ListUploads.MostListed}; {ListUploads.UsuallyListed} by default.", new OpenApiSchema { Type = JsonSchemaType.Integer, Minimum = "1" }, 100),
            Words.Query("cursor", "`next_cursor` of the page before, unchanged.", Words.String(), "MTc2NzQxMjgwNjAwMDpxNlZoMGNSM3lRbUowdjhuSDFkN1R3"),
        ],
        Answers = [new(200, "The uploads.") { Shapes = [Shapes.UploadList], Examples = [("open", "one is open", Samples.OpenUploads)] }],
        Failures =
        [
            new(Problems.BadUploadRequest("The parameter state is absent; allowed: open."), "a parameter is unknown, repeated or malformed"),
            Failure.Unexpected,
            Failure.Starting,
        ],
    };

    private static Operation Follow { get; } = new(HttpMethod.Get, "/uploads/{id}", "followUpload", Operations.Upload, "Ask how far an upload is",
        """
        Of an upload whose bytes were sent past the archive, or in parts. Answers at once, or with `wait` as soon as the upload has ended: with the receipt, or with
        the problem that it was refused for. An upload that has ended can be asked about for a day.
        """)
    {
        Parameters = [Id, Wait(0)],
        Answers =
        [
            new(200, "How far it is.")
            {
                Shapes = [Shapes.UploadStatus],
                Examples =
                [
                    ("open", "its bytes are not there yet", Samples.OpenUpload),
                    ("published", "published, with the receipt", Samples.PublishedUpload),
                    ("refused", "refused, with the problem", Samples.RefusedUpload),
                ],
            },
        ],
        Failures =
        [
            new(Problems.BadUploadRequest("The parameter wait is 'long'; allowed: whole seconds from 0 to 60."), "a value is malformed"),
            NoSuchUpload,
            Failure.Unexpected,
            Failure.Starting,
        ],
    };

    private static Operation Abort { get; } = new(HttpMethod.Delete, "/uploads/{id}", "abortUpload", Operations.Upload, "Give an upload up",
        "Nothing of it is stored any more. Giving up twice is no fault; an upload whose bytes have all arrived cannot be given up.")
    {
        Parameters = [Id],
        Answers = [new(204, "It is given up.")],
        Failures = [NoSuchUpload, Ended, Failure.Unexpected, Failure.Starting],
    };

    private static Operation List { get; } = new(HttpMethod.Get, "/uploads/{id}/parts", "listParts", Operations.Upload, "Ask for parts",
        """
        Of a range of parts: which have come whole, and for each that has not, where in the file it lies and the signed URL to `PUT` it to. Ask again after an
        interruption, or when URLs have expired: what has come is not asked for again.
        """)
    {
        Parameters =
        [
            Id,
            Number("from", "The first part to tell of; 1 by default.", 1),
            Number("count", $"How many parts to tell of, 1 to {PartRoutes.MostListed}; 100 by default.", 100),
        ],
        Answers = [new(200, "The parts.") { Shapes = [Shapes.PartList], Examples = [("parts", "one has come, one has not", Samples.Parts)] }],
        Failures =
        [
            new(Problems.BadUploadRequest("The parameter from is '0'; allowed: a whole number from 1 to 2."), "a value is malformed"),
            NoSuchUpload,
            NotInParts,
            Ended,
            Failure.Unexpected,
            Failure.Starting,
        ],
    };

    private static Operation Put { get; } = new(HttpMethod.Put, "/uploads/{id}/parts/{part}", "putPart", Operations.Upload, "Send the bytes of a part",
        """
        At the URL that `/uploads/{id}/parts` gave; where the objects lie in an S3 store, that URL is the store's own. Once this has answered 2xx, the part is safe. A part may be sent
        again as long as the upload is open; the later sending counts. Digest headers are checked as for a whole file.
        """)
    {
        Parameters =
        [
            Id,
            Words.Path("part", "Number of the part; the first is 1.", "2"),
            Words.Query("expires", "Moment at which the URL ends, in seconds since 1970-01-01 UTC.",
                new OpenApiSchema { Type = JsonSchemaType.Integer, Format = "int64" }, long.Parse(Samples.Expires), required: true),
            Words.Query("for", "Whom the URL was signed for; absent where for nobody in particular.", Words.String(), "key:4tG7nQbX0a"),
            Words.Query("signature", "HMAC over method, path, end and whom it is for, in base64url.", Words.String(), Samples.Signature, required: true),
        ],
        Body = new OpenApiRequestBody
        {
            Required = true,
            Description = "The bytes of the part, with `Content-Length` or chunked, of any content type.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/octet-stream"] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.String, Format = "binary" } },
            },
        },
        Answers = [new(204, "The part is safe.")],
        Failures =
        [
            new(Problems.PartSize(2, 32_891_136, 32_000_000), "the part has another size than it must have"),
            new(Problems.DigestMismatch("Content-MD5", Samples.Md5InBase64, "1B2M2Y8AsgTpgAmY7PhCfg=="), "the bytes are not those that a digest header promised"),
            new(Problems.BadDigestHeader("The header Content-MD5 is 'none'; allowed: the 16 bytes of the body's MD5 digest in base64."), "a digest header cannot be read"),
            new(Problems.BodyCutShort, "the body ended early"),
            Operations.Unsigned,
            NoSuchUpload,
            new(Problems.NoBytesHere, "parts of this archive go to its S3 store"),
            new(Problems.OfStatus(408), "the bytes came too slowly"),
            Ended,
            new(Problems.PartOvertaken, "the same part was sent again meanwhile"),
            new(Problems.LengthRequired, "the request has neither `Content-Length` nor `Transfer-Encoding`"),
            new(Problems.EmptyFile, "the body is empty"),
            new(Problems.EnvelopedBody("multipart/form-data"), "the body is said to be a form, or a message"),
            new(Problems.PartialBody("Content-Range"), "the body is said to be a piece of the part"),
            new(Problems.UnsupportedEncoding("Content-Encoding", "gzip"), "the body is said to be compressed, or to be cut into signed pieces (`aws-chunked`)"),
            Failure.Unexpected,
            Failure.Starting,
            new(Problems.CannotWrite, "the archive's disk or catalogue cannot be written"),
            new(Problems.InsufficientStorage, "the archive's disk is full"),
        ],
    };

    private static Operation Complete { get; } = new(HttpMethod.Post, "/uploads/{id}/complete", "completeUpload", Operations.Upload, "Say that all parts have come",
        """
        The parts become one file, which is hashed and published. Waits for that a while, 10 s by default; of an upload that takes longer the answer is 202, and
        `GET /uploads/{id}?wait=30` tells its end. May be repeated after any fault.
        """)
    {
        Parameters =
        [
            Id,
            Wait(10),
            Words.Header("Repr-Digest", "SHA-256 of the whole file, as `sha-256=:BASE64:`; the same as the member `sha256`.", $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(Samples.Sha256))}:"),
        ],
        Body = new OpenApiRequestBody
        {
            Description = "None, or the file's SHA-256: it is published only where its parts have it.",
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["application/json"] = new OpenApiMediaType
                {
                    Schema = Shapes.Object("What the whole file is promised to be.", ("sha256", Shapes.String("Its SHA-256, 64 hexadecimal digits."), false)),
                    Example = JsonNode.Parse($$"""{"sha256":"{{Samples.Sha256}}"}"""),
                },
            },
        },
        Answers =
        [
            new(201, "The file is published.") { Shapes = [Shapes.UploadReceipt], Examples = [("receipt", "the receipt", Samples.Receipt)] },
            new(200, "It was published before: the receipt again.") { Shapes = [Shapes.UploadReceipt], Examples = [("receipt", "the receipt", Samples.Receipt)] },
            new(202, "It is being published.") { Shapes = [Shapes.UploadStatus], Examples = [("arrived", "all parts are there", Samples.ArrivedUpload)] },
        ],
        Failures =
        [
            new(Problems.BadUploadRequest("The parameter wait is 'long'; allowed: whole seconds from 0 to 60."), "a value is malformed"),
            NoSuchUpload,
            NotInParts,
            new(Problems.BadDigestHeader("The header Content-MD5 is not checked here; allowed: the member sha256 for the whole file, or Repr-Digest with sha-256."), "a digest header that is malformed or not checked here"),
            new(Problems.PartsHaveOtherDigest(Samples.Sha256, new string('0', 64)), "the parts do not have the SHA-256 that was promised for the whole file"),
            new(Problems.PartsMissing(["Part 2 has not come; it must have 32891136 bytes."]), "parts have not come, or have another size; `errors` lists them"),
            new(Problems.ContentConflict(Samples.Key), "the archive has other bytes under this name"),
            new(Problems.OtherSize(100_000_000, 99_999_999), "the file has another size than was declared"),
            new(Problems.UploadEnded("aborted"), "the upload was given up, or its time is over"),
            Failure.Unexpected,
            Failure.Starting,
        ],
    };

    private static Operation Hook { get; } = new(HttpMethod.Post, "/hooks/s3", "receiveNotification", Operations.Upload, "Tell of an object that has come to the store",
        """
        Where an S3 store sends its notifications (AWS through SNS, Ceph, MinIO), so that uploads are noticed at once. Works without as well: the archive looks by itself. The
        operator's secret comes as `Authorization: Bearer` or in the query. What is told twice, late or in any order does no harm, nor what is told of something else.
        """)
    {
        Parameters = [Words.Query("secret", "The secret, where it does not come in `Authorization`.", Words.String(), "a-long-random-secret")],
        Body = new OpenApiRequestBody
        {
            Required = true,
            Description = "The notification, as the store writes it.",
            Content = new Dictionary<string, OpenApiMediaType> { ["application/json"] = new OpenApiMediaType { Schema = new OpenApiSchema { Type = JsonSchemaType.Object } } },
        },
        Answers = [new(204, "It is taken.")],
        Failures =
        [
            new(Problems.BadNotification("The notification has neither Records nor a Message."), "it is no notification"),
            new(Problems.BadSecret, "the secret is missing or wrong"),
            new(Problems.OfStatus(404), "this archive takes none"),
            new(Problems.OfStatus(413), "it is longer than any notification"),
            Failure.Unexpected,
            Failure.Starting,
        ],
    };

    public static IReadOnlyList<Operation> All { get; } = [Begin, ListOpen, Follow, Abort, List, Put, Complete, Hook];
}
