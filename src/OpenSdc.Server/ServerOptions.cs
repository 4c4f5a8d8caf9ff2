using System.Globalization;
using System.Net;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server;

/// <summary>A setting, or what lies on the disk, that keeps the archive from starting. The message is one sentence for the operator.</summary>
public sealed class SettingException(string message, Exception? inner = null) : Exception(message, inner);

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

/// <summary>
/// Every setting of the service. Each can be given as an option of <c>sdc serve</c>, as <c>OPENSDC_…</c> in the environment, or in
/// the section <c>OpenSdc</c> of <c>appsettings.json</c>; the first of these wins. A wrong value stops the start with a sentence.
/// </summary>
public sealed record ServerOptions
{
    /// <summary>Addresses to listen on, separated by semicolons.</summary>
    public string Urls { get; init; } = "http://127.0.0.1:8080";

    /// <summary>The data folder: catalogue, objects, staging, signing key. Made where it is absent.</summary>
    public string Data { get; init; } = "./opensdc-data";

    /// <summary>Path of the mission file; null for the IMAP mission's, which is built in.</summary>
    public string? Mission { get; init; }

    /// <summary>What signed URLs begin with when a proxy stands in front, e.g. <c>https://sdc.example.org</c>; null for the address that the request named.</summary>
    public Uri? PublicUrl { get; init; }

    /// <summary>Addresses of proxies whose <c>X-Forwarded-*</c> headers are believed, separated by commas; none by default.</summary>
    public IReadOnlyList<IPAddress> TrustedProxies { get; init; } = [];

    /// <summary>How answers are represented.</summary>
    public RepresentationSetting Representation { get; init; } = RepresentationSetting.Negotiate;

    /// <summary>How long a signed upload URL lives, in seconds.</summary>
    public int UploadLifetime { get; init; } = 3600;

    /// <summary>How long a signed download URL lives, in seconds.</summary>
    public int DownloadLifetime { get; init; } = 86400;

    /// <summary>Largest file that is taken in one PUT, in bytes.</summary>
    public long MaxUploadSize { get; init; } = 5L << 30;

    /// <summary>Log lines as <c>json</c> (one object a line) or <c>text</c>.</summary>
    public string LogFormat { get; init; } = "json";

    /// <summary>Least severe log line that is written: trace, debug, information, warning, error.</summary>
    public LogLevel LogLevel { get; init; } = LogLevel.Information;

    /// <summary>Seconds that requests in flight are given to finish when the service is told to stop.</summary>
    public int DrainTimeout { get; init; } = 30;

    /// <summary>Bytes a second at which the scrub re-reads objects; 0 turns it off. The default reads 360 GB a day and takes 0.3 % of a processor.</summary>
    public long ScrubRate { get; init; } = 4L << 20;

    /// <summary>Whether objects are hashed while they are sent, so that wrong bytes never arrive as a whole file.</summary>
    public bool VerifyReads { get; init; } = true;

    /// <summary>For how many seconds a large object that was found right is sent without being hashed again; 0 hashes it each time.</summary>
    public int VerifyInterval { get; init; } = 86400;

    /// <summary>Bytes that uploads leave free on the data folder's file system, so that the catalogue can always write.</summary>
    public long FreeSpaceFloor { get; init; } = 256L << 20;

    /// <summary>Seconds that a client may stand still: over its headers, in the middle of a body, or taking nothing of an answer.</summary>
    public int ClientTimeout { get; init; } = 30;

    /// <summary>Connections that are open at once; further ones are closed as they come.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>The settings by name, as <c>sdc serve --help</c> lists them.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        new("urls", "Addresses to listen on, separated by semicolons.", "http://127.0.0.1:8080", (o, v) => o with { Urls = ListenUrls(v) }),
        new("data", "The data folder; made where it is absent.", "./opensdc-data", (o, v) => o with { Data = NotEmpty(v, "a folder") }),
        new("mission", "Path of a mission file; without it the IMAP mission's.", null, (o, v) => o with { Mission = ExistingFile(v) }),
        new("public-url", "What signed URLs begin with when a proxy stands in front.", null, (o, v) => o with { PublicUrl = HttpUrl(v) }),
        new("trusted-proxies", "Addresses of proxies whose X-Forwarded-* headers are believed, separated by commas.", null, (o, v) => o with { TrustedProxies = Addresses(v) }),
        new("representation", "negotiate, documented or plain.", "negotiate", (o, v) => o with { Representation = OneOf<RepresentationSetting>(v, "negotiate, documented or plain") }),
        new("upload-lifetime", "Life of a signed upload URL in seconds.", "3600", (o, v) => o with { UploadLifetime = (int)Whole(v, 1, 604800) }),
        new("download-lifetime", "Life of a signed download URL in seconds.", "86400", (o, v) => o with { DownloadLifetime = (int)Whole(v, 1, 604800) }),
        new("max-upload-size", "Largest file taken in one PUT, in bytes.", "5368709120", (o, v) => o with { MaxUploadSize = Whole(v, 1, 1L << 50) }),
        new("log-format", "json or text.", "json", (o, v) => o with { LogFormat = v is "json" or "text" ? v : throw new FormatException("json or text") }),
        new("log-level", "trace, debug, information, warning or error.", "information", (o, v) => o with { LogLevel = OneOf<LogLevel>(v, "trace, debug, information, warning or error") }),
        new("drain-timeout", "Seconds that requests in flight may take to finish at a stop.", "30", (o, v) => o with { DrainTimeout = (int)Whole(v, 0, 3600) }),
        new("scrub-rate", "Bytes a second at which stored objects are re-read and verified; 0 turns it off.", "4194304", (o, v) => o with { ScrubRate = Whole(v, 0, 1L << 40) }),
        new("verify-reads", "on or off: hash objects while they are sent, and cut the connection where they are damaged.", "on", (o, v) => o with { VerifyReads = OnOrOff(v) }),
        new("verify-interval", "Seconds for which a large object that was found right is sent without being hashed again.", "86400", (o, v) => o with { VerifyInterval = (int)Whole(v, 0, 31536000) }),
        new("free-space-floor", "Bytes that uploads leave free on the data folder's disk.", "268435456", (o, v) => o with { FreeSpaceFloor = Whole(v, 0, 1L << 50) }),
        new("client-timeout", "Seconds that a client may stand still.", "30", (o, v) => o with { ClientTimeout = (int)Whole(v, 2, 3600) }),
        new("max-connections", "Connections open at once.", "4096", (o, v) => o with { MaxConnections = (int)Whole(v, 1, 1_000_000) }),
    ];

    /// <summary>Reads every setting through <paramref name="value"/>, which gives the text of a setting by its name, or null.</summary>
    /// <exception cref="SettingException">A value cannot be used; the message says which and what is allowed.</exception>
    public static ServerOptions Read(Func<Setting, string?> value)
    {
        var options = new ServerOptions();
        foreach (var setting in Settings)
        {
            if (value(setting) is not { } text)
                continue;
            try
            {
                options = setting.Apply(options, text);
            }
            catch (FormatException allowed)
            {
                throw new SettingException($"The setting {setting.Name} ({setting.EnvironmentName}) is '{text}'; allowed: {allowed.Message}.", allowed);
            }
        }

        return options;
    }

    /// <summary>The mission file that the settings name, read.</summary>
    /// <exception cref="SettingException">It cannot be used.</exception>
    public Contract.Naming.Mission ReadMission()
    {
        if (Mission is null)
            return Contract.Naming.Mission.Imap;
        try
        {
            using var stream = File.OpenRead(Mission);
            return Contract.Naming.Mission.Load(stream);
        }
        catch (Exception fault) when (fault is MissionFileException or IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"The mission file {Mission} cannot be used: {fault.Message}", fault);
        }
    }

    private static string NotEmpty(string text, string what) => text.Trim().Length > 0 ? text : throw new FormatException(what);

    private static string ExistingFile(string text) => File.Exists(text) ? text : throw new FormatException("the path of a file that exists");

    private static long Whole(string text, long least, long most) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"a whole number from {least} to {most}");

    private static bool OnOrOff(string text) => text switch { "on" => true, "off" => false, _ => throw new FormatException("on or off") };

    private static T OneOf<T>(string text, string allowed) where T : struct, Enum =>
        Enum.TryParse<T>(text, ignoreCase: true, out var value) && text.All(char.IsAsciiLetter) ? value : throw new FormatException(allowed);

    private static Uri HttpUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Query.Length == 0 && url.Fragment.Length == 0
            ? url
            : throw new FormatException("an absolute http or https URL without a query, such as https://sdc.example.org");

    private static string ListenUrls(string text)
    {
        foreach (var url in text.Split(';'))
        {
            // A listening address may name every interface by * or +, which a URI may not.
            if (!Uri.TryCreate(url.Replace("*", "any", StringComparison.Ordinal).Replace("+", "any", StringComparison.Ordinal), UriKind.Absolute, out var parsed)
                || parsed.Scheme is not ("http" or "https") || parsed.PathAndQuery != "/")
                throw new FormatException("http addresses separated by semicolons, such as http://127.0.0.1:8080");
        }

        return text;
    }

    private static List<IPAddress> Addresses(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(part => IPAddress.TryParse(part, out var address) ? address : throw new FormatException("IP addresses separated by commas"))];
}

/// <summary>One setting: its name as an option, what it is for, its default, and how its text becomes a value.</summary>
public sealed record Setting(string Name, string Help, string? Default, Func<ServerOptions, string, ServerOptions> Apply)
{
    /// <summary>Name in the environment, e.g. <c>OPENSDC_PUBLIC_URL</c>.</summary>
    public string EnvironmentName => "OPENSDC_" + Name.Replace('-', '_').ToUpperInvariant();

    /// <summary>Key in <c>appsettings.json</c>, e.g. <c>OpenSdc:PublicUrl</c>.</summary>
    public string ConfigurationKey =>
        "OpenSdc:" + string.Concat(Name.Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
}
