using System.Net;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using static OpenSdc.Server.SettingText;

namespace OpenSdc.Server;

/// <summary>
/// A setting, or what lies on the disk, that keeps the archive from starting. The message is one sentence for
/// the operator.
/// </summary>
public sealed class SettingException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>
    /// Whether the same start may succeed later: nothing is set wrongly, but what it needs, such as its
    /// database, cannot be reached now.
    /// </summary>
    public bool MayPass { get; init; }
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

    /// <summary>The settings by name, as <c>sdc serve --help</c> lists them.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        new("urls", "Addresses to listen on, separated by semicolons.", "http://127.0.0.1:8080", (o, v) => o with { Urls = ListenUrls(v) }),
        new(
            "operator-urls",
            "Addresses of /metrics, /hooks/s3 and health in detail, such as http://127.0.0.1:9090; without it those of urls where they are loopback and no proxy is named, otherwise none.",
            null,
            (o, v) => o with { OperatorUrls = ListenUrls(v) }
        ),
        new(
            "tls-cert",
            "Path of the certificate of https addresses, in PEM, with those that it was issued by; read again when it changes.",
            null,
            (o, v) => o with { TlsCert = ExistingFile(v) }
        ),
        new("tls-key", "Path of its private key, in PEM without a passphrase.", null, (o, v) => o with { TlsKey = ExistingFile(v) }),
        new("data", "The data folder; made where it is absent.", "./opensdc-data", (o, v) => o with { Data = NotEmpty(v, "a folder") }),
        new(
            "data-mode",
            "Mode of the data folder; files and backups follow it: 0700 for its user alone, or 0750 where its group may read.",
            "0700",
            (o, v) => o with { DataMode = FileRights.Parse(v) }
        ),
        new(
            "catalogue",
            "Connection string of a PostgreSQL database for the records, such as Host=…;Database=…; without it SQLite in the data folder.",
            null,
            (o, v) => o with { Catalogue = Database(v) }
        )
        {
            IsSecret = true,
        },
        new(
            "catalogue-file",
            "Path of a file that holds catalogue, for a connection string with a password.",
            null,
            (o, v) => o with { Catalogue = Database(SecretFile(v)) }
        ),
        new("objects", "s3://BUCKET/PREFIX for the objects; without it the data folder.", null, (o, v) => o with { Objects = Bucket(v) }),
        new("s3-endpoint", "Address of the S3 service; without it AWS, by its region.", null, (o, v) => o with { S3Endpoint = HttpUrl(v) }),
        new("s3-region", "Region of the bucket.", null, (o, v) => o with { S3Region = NotEmpty(v, "a region, such as eu-central-1") }),
        new(
            "s3-path-style",
            "on or off: the bucket stands in the path of S3's addresses, not in the host; on where an endpoint is set.",
            null,
            (o, v) => o with { S3PathStyle = OnOrOff(v) }
        ),
        new(
            "transfers",
            "through or direct: bytes travel through the server, or between clients and the S3 store by the store's own URLs.",
            "through",
            (o, v) => o with { Transfers = OneOf<Transfers>(v, "through or direct") }
        ),
        new(
            "hook-secret",
            "Secret that bucket notifications at POST /hooks/s3 bring; without it none are taken.",
            null,
            (o, v) => o with { HookSecret = Secret(v) }
        )
        {
            IsSecret = true,
        },
        new("hook-secret-file", "Path of a file that holds hook-secret.", null, (o, v) => o with { HookSecret = Secret(SecretFile(v)) }),
        new(
            "sqs-queue",
            "Address of the SQS queue that brings the bucket's notifications.",
            null,
            (o, v) => o with { SqsQueue = HttpUrl(v) }
        ),
        new(
            "upload-poll",
            "Milliseconds between two looks for uploads that have arrived in the store.",
            "250",
            (o, v) => o with { UploadPoll = (int)Whole(v, 10, 60_000) }
        ),
        new(
            "upload-clean-up",
            "Seconds between two looks for what ended and interrupted uploads have left behind.",
            "30",
            (o, v) => o with { UploadCleanUp = (int)Whole(v, 1, 3600) }
        ),
        new(
            "upload-part-size",
            "Bytes of each part of an upload in parts.",
            "67108864",
            (o, v) => o with { UploadPartSize = Whole(v, 5L << 20, 5L << 30) }
        ),
        new(
            "max-open-uploads",
            "Uploads in parts open at once, of all files together.",
            "10000",
            (o, v) => o with { MaxOpenUploads = (int)Whole(v, 1, 1_000_000) }
        ),
        new(
            "withdraw-window",
            "Seconds after its publication in which who uploaded a file may withdraw it; 0 for never. An administrator always may.",
            "3600",
            (o, v) => o with { WithdrawWindow = (int)Whole(v, 0, 31_536_000) }
        ),
        new(
            "max-open-uploads-per-caller",
            "Uploads in parts open at once of one key or person, or from one address without credentials.",
            "2000",
            (o, v) => o with { MaxOpenUploadsPerCaller = (int)Whole(v, 1, 1_000_000) }
        ),
        new(
            "max-open-uploads-per-file",
            "Uploads in parts open at once of one file.",
            "16",
            (o, v) => o with { MaxOpenUploadsPerFile = (int)Whole(v, 1, 10_000) }
        ),
        new(
            "mission",
            "Path of a mission file, for the first start of an archive, which keeps it; without it the IMAP mission's.",
            null,
            (o, v) => o with { Mission = ExistingFile(v) }
        ),
        new("public-url", "What signed URLs begin with when a proxy stands in front.", null, (o, v) => o with { PublicUrl = HttpUrl(v) }),
        new(
            "trusted-proxies",
            "Addresses or networks (10.0.0.0/8) of proxies whose X-Forwarded-* headers are believed, separated by commas.",
            null,
            (o, v) => Proxies(v) is var (addresses, networks) ? o with { TrustedProxies = addresses, TrustedNetworks = networks } : o
        ),
        new(
            "open",
            "on or off: everybody may read and upload, wherever the archive can be reached from. Without it only an archive that nobody else than this machine reaches is open, until it has a key or an issuer.",
            "off",
            (o, v) => o with { Open = OnOrOff(v) }
        )
        {
            IsSwitch = true,
        },
        new(
            "oidc-issuer",
            "Issuer whose tokens are taken (OpenID Connect), such as https://login.example.org/realms/imap; it needs oidc-audience and oidc-roles.",
            null,
            (o, v) => o with { OidcIssuer = Issuer(v) }
        ),
        new(
            "oidc-audience",
            "Audience that a token must be for.",
            null,
            (o, v) => o with { OidcAudience = NotEmpty(v, "the audience of tokens for this archive") }
        ),
        new(
            "oidc-client-id",
            "Public client by which programs let a person log in; told at /.well-known/oauth-protected-resource.",
            null,
            (o, v) => o with { OidcClientId = NotEmpty(v, "the id of a client at the issuer") }
        ),
        new(
            "oidc-claims",
            "Claims whose values have roles, separated by commas.",
            "scope,scp,groups,roles",
            (o, v) => o with { OidcClaims = NotEmpty(v, "names of claims, separated by commas") }
        ),
        new(
            "oidc-roles",
            "What the values of these claims allow, such as team=read,swe-team=upload;instrument=swe|mag,operators=release+admin.",
            null,
            (o, v) => o with { OidcRoles = TokenRole.Parse(v) }
        ),
        new(
            "oidc-clock-skew",
            "Seconds by which the clocks of issuer and archive may differ.",
            "60",
            (o, v) => o with { OidcClockSkew = (int)Whole(v, 0, 600) }
        ),
        new(
            "write-origins",
            "Origins, beside that of public-url, whose pages may PUT, POST and DELETE, such as https://portal.example.org, separated by commas; * for all.",
            null,
            (o, v) => o with { WriteOrigins = Origins(v) }
        ),
        new(
            "representation",
            "negotiate, documented or plain.",
            "negotiate",
            (o, v) => o with { Representation = OneOf<RepresentationSetting>(v, "negotiate, documented or plain") }
        ),
        new(
            "upload-lifetime",
            "Life of a signed upload URL in seconds.",
            "3600",
            (o, v) => o with { UploadLifetime = (int)Whole(v, 1, 604800) }
        ),
        new(
            "download-lifetime",
            "Life of a signed download URL in seconds.",
            "86400",
            (o, v) => o with { DownloadLifetime = (int)Whole(v, 1, 604800) }
        ),
        new(
            "max-upload-size",
            "Largest file taken in one PUT, in bytes.",
            "5368709120",
            (o, v) => o with { MaxUploadSize = Whole(v, 1, 1L << 50) }
        ),
        new("allow-empty-files", "on or off: take files without a byte.", "off", (o, v) => o with { AllowEmptyFiles = OnOrOff(v) }),
        new(
            "log-format",
            "json, text or auto: text in a terminal, otherwise one JSON object a line on standard output.",
            "auto",
            (o, v) => o with { LogFormat = v is "json" or "text" or "auto" ? v : throw new FormatException("json, text or auto") }
        ),
        new(
            "access-log",
            "on or off: a line of the log for each request, not only for those that are refused or cut.",
            "off",
            (o, v) => o with { AccessLog = OnOrOff(v) }
        ),
        new(
            "log-level",
            "trace, debug, information, warning or error.",
            "information",
            (o, v) => o with { LogLevel = OneOf<LogLevel>(v, "trace, debug, information, warning or error") }
        ),
        new(
            "drain-timeout",
            "Seconds that requests in flight may take to finish at a stop.",
            "30",
            (o, v) => o with { DrainTimeout = (int)Whole(v, 0, 3600) }
        ),
        new(
            "scrub-rate",
            "Bytes a second at which stored objects are re-read and verified; 0 turns it off.",
            "4194304",
            (o, v) => o with { ScrubRate = Whole(v, 0, 1L << 40) }
        ),
        new(
            "verify-reads",
            "on or off: hash objects while they are sent, and cut the connection where they are damaged.",
            "on",
            (o, v) => o with { VerifyReads = OnOrOff(v) }
        ),
        new(
            "verify-interval",
            "Seconds for which a large object that was found right is sent without being hashed again.",
            "86400",
            (o, v) => o with { VerifyInterval = (int)Whole(v, 0, 31536000) }
        ),
        new(
            "free-space-floor",
            "Bytes that uploads leave free on the data folder's disk.",
            "268435456",
            (o, v) => o with { FreeSpaceFloor = Whole(v, 0, 1L << 50) }
        ),
        new("client-timeout", "Seconds that a client may stand still.", "30", (o, v) => o with { ClientTimeout = (int)Whole(v, 2, 3600) }),
        new("max-connections", "Connections open at once.", "4096", (o, v) => o with { MaxConnections = (int)Whole(v, 1, 1_000_000) }),
        new(
            "max-listings",
            "Answers of more than 64 KiB to queries that are sent at once; further ones are answered 503.",
            "24",
            (o, v) => o with { MaxListings = (int)Whole(v, 1, 1000) }
        ),
        new(
            "rate-limit-address",
            "Requests a minute that one address may send, of each replica; 0 for any number. Without it 30000, and any number where only this machine reaches the archive.",
            null,
            (o, v) => o with { RateLimitAddress = (int)Whole(v, 0, 1_000_000_000) }
        ),
        new(
            "rate-limit-caller",
            "Requests a minute that one key or person may send, likewise. Without it 60000.",
            null,
            (o, v) => o with { RateLimitCaller = (int)Whole(v, 0, 1_000_000_000) }
        ),
        new(
            "audit-days",
            "Days for which entries of the audit are kept; 0 keeps all.",
            "0",
            (o, v) => o with { AuditDays = (int)Whole(v, 0, 36500) }
        ),
        new(
            "max-log-size",
            "Bytes of the SQLite catalogue's log beyond which listings that keep it from being emptied are cut.",
            "268435456",
            (o, v) => o with { MaxLogSize = Whole(v, 1L << 20, 1L << 40) }
        ),
    ];

    // Said about a bucket that is not named, they would be passed over, and the objects lie where nobody looks for them.
    private static readonly string[] OnlyWithObjects =
    [
        "s3-endpoint",
        "s3-region",
        "s3-path-style",
        "hook-secret",
        "hook-secret-file",
        "sqs-queue",
    ];

    // The store tells of uploads that it takes itself, and of nothing else.
    private static readonly string[] OnlyDirect = ["hook-secret", "hook-secret-file", "sqs-queue"];

    /// <summary>Reads every setting through <paramref name="value"/>, which gives the text of a setting by its name, or null.</summary>
    /// <exception cref="SettingException">A value cannot be used; the message says which and what is allowed.</exception>
    public static ServerOptions Read(Func<Setting, string?> value) =>
        ReadFrom(setting => value(setting) is { } text ? new SettingValue(text, setting.EnvironmentName) : null);

    /// <summary>The same where values come from several places; a sentence names the place of the wrong one.</summary>
    /// <exception cref="SettingException">A value cannot be used; the message says which and what is allowed.</exception>
    public static ServerOptions ReadFrom(Func<Setting, SettingValue?> value)
    {
        var options = new ServerOptions();
        foreach (var setting in Settings)
        {
            if (value(setting) is not var (text, where))
                continue;
            if (setting.IsSecret && value(Settings.Single(each => each.Name == setting.FileName)) is { } file)
                throw new SettingException(
                    $"The setting {setting.Name} is given itself ({where}) and by a file ({file.Where}); leave one of them out."
                );
            try
            {
                options = setting.Apply(options, text);
            }
            catch (FormatException allowed)
            {
                throw new SettingException(
                    $"The setting {setting.Name} ({where}) {(setting.IsSecret ? "cannot be used as it is" : $"is '{text}'")}; allowed: {allowed.Message}.",
                    allowed
                );
            }
        }

        if (
            options.Objects is null
            && Settings.FirstOrDefault(each => OnlyWithObjects.Contains(each.Name) && value(each) is not null) is { } alone
        )
            throw new SettingException(
                $"The setting {alone.Name} ({value(alone)!.Where}) is given without objects (OPENSDC_OBJECTS); set that to s3://BUCKET/PREFIX, or leave both out for objects in the data folder."
            );
        if (options.Objects is null && options.Transfers == Transfers.Direct)
            throw new SettingException(
                "The setting transfers (OPENSDC_TRANSFERS) is direct, but objects (OPENSDC_OBJECTS) is not given: with objects in the data folder bytes travel through the server."
            );
        if (
            options.Transfers == Transfers.Through
            && Settings.FirstOrDefault(each => OnlyDirect.Contains(each.Name) && value(each) is not null) is { } idle
        )
            throw new SettingException(
                $"The setting {idle.Name} ({value(idle)!.Where}) is for direct transfers only; set transfers (OPENSDC_TRANSFERS) to direct, or leave it out."
            );
        if (
            options.OidcIssuer is null
            && Settings.FirstOrDefault(each =>
                each.Name.StartsWith("oidc-", StringComparison.Ordinal) && each.Default is null && value(each) is not null
            )
                is { } ofIssuer
        )
            throw new SettingException(
                $"The setting {ofIssuer.Name} ({value(ofIssuer)!.Where}) is given without oidc-issuer (OPENSDC_OIDC_ISSUER); set that to the issuer of the tokens, or leave both out."
            );
        if (options.OidcIssuer is not null && (options.OidcAudience is null || options.OidcRoles.Count == 0))
            throw new SettingException(
                "The setting oidc-issuer (OPENSDC_OIDC_ISSUER) needs oidc-audience (OPENSDC_OIDC_AUDIENCE), since the issuer makes tokens for others too, and oidc-roles (OPENSDC_OIDC_ROLES), since a token without a role allows nothing."
            );
        if (options.OperatorUrls?.Split(';').FirstOrDefault(url => options.Urls.Split(';').Any(other => AreSame(url, other))) is { } twice)
            throw new SettingException(
                $"The setting operator-urls (OPENSDC_OPERATOR_URLS) names {twice}, which urls (OPENSDC_URLS) takes as well; give it a port of its own."
            );
        RefuseHalfTls(options);
        return options;
    }

    private static void RefuseHalfTls(ServerOptions options)
    {
        var https = options
            .Urls.Split(';')
            .Concat(options.OperatorUrls?.Split(';') ?? [])
            .FirstOrDefault(url => url.StartsWith("https:", StringComparison.OrdinalIgnoreCase));
        if ((options.TlsCert is null) != (options.TlsKey is null))
        {
            var (given, absent) = options.TlsKey is null
                ? ("tls-cert", "tls-key (OPENSDC_TLS_KEY)")
                : ("tls-key", "tls-cert (OPENSDC_TLS_CERT)");
            throw new SettingException($"The setting {given} is given without {absent}; give both, or neither.");
        }

        if (https is not null && options.TlsCert is null)
            throw new SettingException(
                $"The address {https} needs a certificate: give tls-cert (OPENSDC_TLS_CERT) and tls-key (OPENSDC_TLS_KEY), or an http address."
            );
        if (https is null && options.TlsCert is not null)
            throw new SettingException(
                "The settings tls-cert and tls-key are given, but no address of urls (OPENSDC_URLS) begins with https; give one, such as https://0.0.0.0:8443, or leave both out."
            );
    }
}

/// <summary>The text of a setting and where it stands: an option, a variable, or a key of a file.</summary>
public sealed record SettingValue(string Text, string Where);

/// <summary>One setting: its name as an option, what it is for, its default, and how its text becomes a value.</summary>
public sealed record Setting(string Name, string Help, string? Default, Func<ServerOptions, string, ServerOptions> Apply)
{
    /// <summary>What every setting's name in the environment begins with.</summary>
    public const string EnvironmentPrefix = "OPENSDC_";

    /// <summary>Whether its value may be secret, so that no sentence repeats it.</summary>
    public bool IsSecret { get; init; }

    /// <summary>Whether the option may stand alone on the command line, which then means on.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>Name of the setting by which a secret one comes from a file, e.g. <c>hook-secret-file</c>.</summary>
    public string FileName => Name + "-file";

    /// <summary>Name in the environment, e.g. <c>OPENSDC_PUBLIC_URL</c>.</summary>
    public string EnvironmentName => EnvironmentPrefix + Name.Replace('-', '_').ToUpperInvariant();

    /// <summary>Key in <c>appsettings.json</c>, e.g. <c>OpenSdc:PublicUrl</c>.</summary>
    public string ConfigurationKey =>
        "OpenSdc:" + string.Concat(Name.Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
}
