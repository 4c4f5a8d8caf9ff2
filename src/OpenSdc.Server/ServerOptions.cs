using System.Net;
using OpenSdc.Server.Access;

namespace OpenSdc.Server;

/// <summary>
/// Every setting of the service. Each can be given as an option of <c>sdc serve</c>, as <c>OPENSDC_…</c> in the environment, or in
/// the section <c>OpenSdc</c> of <c>appsettings.json</c>; the first of these wins. A wrong value stops the start with a sentence.
/// </summary>
public sealed record ServerOptions
{
    /// <summary>Addresses to listen on, separated by semicolons.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:8080";

    /// <summary>
    /// Addresses for operators, separated by semicolons: <c>/metrics</c>, <c>/hooks/s3</c>, and
    /// <c>/health</c> with details. Null for the public addresses while these are loopback and nothing stands
    /// in front (<see cref="PublicUrl"/>, <see cref="TrustedProxies"/>), otherwise nowhere.
    /// </summary>
    public string? OperatorUrls { get; init; }

    /// <summary>Path of the certificate of the https addresses, in PEM: the server's first, then those that it was issued by.</summary>
    public string? TlsCert { get; init; }

    /// <summary>Path of the certificate's private key, in PEM without a passphrase.</summary>
    public string? TlsKey { get; init; }

    /// <summary>The data folder: catalogue, objects, staging, signing key. Made where it is absent.</summary>
    public string Data { get; init; } = "./opensdc-data";

    /// <summary>Who may read the data folder and what lies in it, and backups: its user alone (0700), or also its group (0750).</summary>
    public UnixFileMode DataMode { get; init; } = FileRights.OfOwner;

    /// <summary>
    /// Where the records lie: the connection string of a PostgreSQL database, e.g.
    /// <c>Host=db.example.org;Database=sdc;Username=sdc</c>; null for SQLite in the data folder. A password
    /// is better given as <c>PGPASSWORD</c> or in a file of passwords, as PostgreSQL's own programs take it.
    /// </summary>
    public string? Catalogue { get; init; }

    /// <summary>Where the objects lie: <c>s3://bucket</c> or <c>s3://bucket/prefix</c>; null for the data folder.</summary>
    public string? Objects { get; init; }

    /// <summary>The address of the S3 service; null for AWS, by its region.</summary>
    public Uri? S3Endpoint { get; init; }

    /// <summary>The region of the bucket; null where the environment or the endpoint says it.</summary>
    public string? S3Region { get; init; }

    /// <summary>
    /// Whether the bucket stands in the path of S3's addresses, not in the host; null for yes where an
    /// endpoint is set, otherwise no.
    /// </summary>
    public bool? S3PathStyle { get; init; }

    /// <summary>
    /// How the bytes of files travel between clients and an S3 store; objects in the data folder always
    /// travel through the server.
    /// </summary>
    public Transfers Transfers { get; init; } = Transfers.Through;

    /// <summary>The secret that bucket notifications at <c>POST /hooks/s3</c> bring; null where none are taken.</summary>
    public string? HookSecret { get; init; }

    /// <summary>The address of the SQS queue that the bucket's notifications come by; null for none.</summary>
    public Uri? SqsQueue { get; init; }

    /// <summary>Milliseconds between two looks for uploads that have arrived in the store.</summary>
    public int UploadPoll { get; init; } = 250;

    /// <summary>Seconds between two looks for what ended and interrupted uploads have left behind.</summary>
    public int UploadCleanUp { get; init; } = 30;

    /// <summary>Size in bytes of the parts of an upload in parts; larger where a file would have more than 10 000 of them.</summary>
    public long UploadPartSize { get; init; } = 64L << 20;

    /// <summary>Uploads in parts that may be open at once, of all files together.</summary>
    public int MaxOpenUploads { get; init; } = 10_000;

    /// <summary>Uploads in parts that may be open at once of one key or person, or from one address without credentials.</summary>
    public int MaxOpenUploadsPerCaller { get; init; } = 2000;

    /// <summary>Uploads in parts that may be open at once of one file.</summary>
    public int MaxOpenUploadsPerFile { get; init; } = 16;

    /// <summary>Seconds after its publication in which the uploader of a file may withdraw it; 0 for never.</summary>
    public int WithdrawWindow { get; init; } = 3600;

    /// <summary>
    /// Path of the mission file; null for the one that the archive keeps, and at its first start for the IMAP
    /// mission's, which is built in.
    /// </summary>
    public string? Mission { get; init; }

    /// <summary>
    /// Whether another mission file than the one that the archive keeps is taken, where every record is read
    /// the same by it. An option of one start, no setting.
    /// </summary>
    public bool AcceptMissionChange { get; init; }

    /// <summary>
    /// What signed URLs begin with when a proxy stands in front, e.g. <c>https://sdc.example.org</c>; null
    /// for the address that the request named.
    /// </summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>Addresses of proxies whose <c>X-Forwarded-*</c> headers are believed; none by default.</summary>
    public IReadOnlyList<IPAddress> TrustedProxies { get; init; } = [];

    /// <summary>Networks of such proxies, e.g. <c>10.0.0.0/8</c>; given by the same setting.</summary>
    public IReadOnlyList<IPNetwork> TrustedNetworks { get; init; } = [];

    /// <summary>Whether everybody may read and upload, wherever the archive can be reached from.</summary>
    public bool Open { get; init; }

    /// <summary>The issuer whose tokens are taken (OpenID Connect), as its tokens name it; null for none.</summary>
    public string? OidcIssuer { get; init; }

    /// <summary>The audience that a token must be for.</summary>
    public string? OidcAudience { get; init; }

    /// <summary>The public client by which programs let a person log in; null for none.</summary>
    public string? OidcClientId { get; init; }

    /// <summary>What a login asks the issuer for beside <c>openid</c>, separated by commas.</summary>
    public string? OidcScopes { get; init; }

    /// <summary>The claims of a token whose values have roles, separated by commas.</summary>
    public string OidcClaims { get; init; } = "scope,scp,groups,roles";

    /// <summary>What the values of these claims allow.</summary>
    internal IReadOnlyList<TokenRole> OidcRoles { get; init; } = [];

    /// <summary>Seconds by which the clocks of issuer and archive may differ.</summary>
    public int OidcClockSkew { get; init; } = 60;

    /// <summary>
    /// Origins beside that of <see cref="PublicUrl"/> whose pages may PUT, POST and DELETE; <c>*</c> for all;
    /// none by default.
    /// </summary>
    public IReadOnlyList<string> WriteOrigins { get; init; } = [];

    /// <summary>How answers are represented.</summary>
    public RepresentationSetting Representation { get; init; } = RepresentationSetting.Negotiate;

    /// <summary>How long a signed upload URL lives, in seconds.</summary>
    public int UploadLifetime { get; init; } = 3600;

    /// <summary>How long a signed download URL lives, in seconds.</summary>
    public int DownloadLifetime { get; init; } = 86400;

    /// <summary>Largest file that is taken in one PUT, in bytes.</summary>
    public long MaxUploadSize { get; init; } = 5L << 30;

    /// <summary>Whether a file without a byte is taken; otherwise it is refused, since as a rule its sender has gone wrong.</summary>
    public bool AllowEmptyFiles { get; init; }

    /// <summary>
    /// <c>json</c>: all that the service says is one object a line on standard output; <c>text</c>: lines for
    /// people on standard error; <c>auto</c>: text in a terminal, otherwise json.
    /// </summary>
    public string LogFormat { get; init; } = "auto";

    /// <summary>Whether each request has a line in the log, and not only those that are refused or cut.</summary>
    public bool AccessLog { get; init; }

    /// <summary>Least severe log line that is written: trace, debug, information, warning, error.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Seconds that requests in flight are given to finish when the service is told to stop.</summary>
    public int DrainTimeout { get; init; } = 30;

    /// <summary>
    /// Bytes a second at which the scrub re-reads objects; 0 turns it off. The default reads 360 GB a day and
    /// takes 0.3 % of a processor.
    /// </summary>
    public long ScrubRate { get; init; } = 4L << 20;

    /// <summary>Whether objects are hashed while they are sent, so that wrong bytes never arrive as a whole file.</summary>
    public bool VerifyReads { get; init; } = true;

    /// <summary>
    /// For how many seconds a large object that was found right is sent without being hashed again; 0 hashes
    /// it each time.
    /// </summary>
    public int VerifyInterval { get; init; } = 86400;

    /// <summary>Bytes that uploads leave free on the data folder's file system, so that the catalogue can always write.</summary>
    public long FreeSpaceFloor { get; init; } = 256L << 20;

    /// <summary>Seconds that a client may stand still: over its headers, in the middle of a body, or taking nothing of an answer.</summary>
    public int ClientTimeout { get; init; } = 30;

    /// <summary>Connections that are open at once; further ones are closed as they come.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>
    /// Answers of more than 64 KiB to <c>/query</c>, <c>/coverage</c> and <c>/facets</c> that are sent at
    /// once; further ones are answered 503. At most three quarters of the catalogue's reading sessions.
    /// </summary>
    public int MaxListings { get; init; } = 24;

    /// <summary>
    /// Bytes of the SQLite catalogue's log beyond which the listings that keep it from being emptied are
    /// ended by cutting their connections.
    /// </summary>
    public long MaxLogSize { get; init; } = 256L << 20;

    /// <summary>Days for which entries of the audit are kept; 0 keeps all.</summary>
    public int AuditDays { get; init; }

    /// <summary>
    /// Requests a minute that one address may send; 0 for any number. Null for 30 000, and any number where
    /// only this machine reaches the archive.
    /// </summary>
    public int? RateLimitAddress { get; init; }

    /// <summary>Requests a minute that one caller with credentials may send, likewise; null for 60 000.</summary>
    public int? RateLimitCaller { get; init; }
}

/// <summary>How answers are represented: as the founding document prints them, bare, or as the request's Accept header asks.</summary>
public enum RepresentationSetting
{
    /// <summary>The Accept header decides.</summary>
    Negotiate,

    /// <summary>Always <c>{"statusCode", "headers", "body"}</c>.</summary>
    Documented,

    /// <summary>Always the bare body.</summary>
    Plain,
}

/// <summary>How the bytes of files travel between clients and an S3 store.</summary>
public enum Transfers
{
    /// <summary>Through the server: the archive's own signed URLs, and a PUT's answer is the receipt.</summary>
    Through,

    /// <summary>Directly: the store's own signed URLs.</summary>
    Direct,
}
