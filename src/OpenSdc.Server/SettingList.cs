using OpenSdc.Server.Access;
using static OpenSdc.Server.SettingText;

namespace OpenSdc.Server;

/// <summary>What the settings are: the name of each, its help, its default, and how its text becomes a value of <see cref="ServerOptions"/>.</summary>
public static class SettingList
{
    /// <summary>The settings by name, as <c>sdc serve --help</c> lists them.</summary>
    public static IReadOnlyList<Setting> All { get; } =
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
            "oidc-scopes",
            "Scopes that a login asks the issuer for beside openid, separated by commas, where tokens have roles only with them; told at /.well-known/oauth-protected-resource.",
            null,
            (o, v) => o with { OidcScopes = NotEmpty(v, "names of scopes, separated by commas") }
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
}
