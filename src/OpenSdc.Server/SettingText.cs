using System.Globalization;
using System.Net;

namespace OpenSdc.Server;

/// <summary>
/// How the text of a setting becomes a value. Each refuses what it cannot take with a <see
/// cref="FormatException"/> whose message says what is allowed.
/// </summary>
internal static class SettingText
{
    public static string NotEmpty(string text, string what) => text.Trim().Length > 0 ? text : throw new FormatException(what);

    public static string Database(string text) =>
        Catalogue.Postgres.Parse(text).Fault is { } fault
            ? throw new FormatException(
                $"a PostgreSQL connection string, such as Host=db.example.org;Database=sdc;Username=sdc ({fault.TrimEnd('.')})"
            )
            : text;

    public static string Secret(string text) => text.Length >= 16 ? text : throw new FormatException("at least 16 characters");

    /// <summary>The text of a file that holds one secret, without the end of its line.</summary>
    public static string SecretFile(string path)
    {
        try
        {
            return File.ReadAllText(path).TrimEnd('\r', '\n');
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new FormatException("the path of a file that can be read", refused);
        }
    }

    public static string ExistingFile(string text) =>
        File.Exists(text) ? text : throw new FormatException("the path of a file that exists");

    public static long Whole(string text, long least, long most) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"a whole number from {least} to {most}");

    /// <summary>The issuer's text stays as it is, since its tokens repeat it.</summary>
    public static string Issuer(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url is { Query.Length: 0, Fragment.Length: 0, UserInfo.Length: 0 }
        && (url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback))
            ? text
            : throw new FormatException("an absolute https URL without a query, or an http one of this machine");

    public static bool OnOrOff(string text) => text switch { "on" => true, "off" => false, _ => throw new FormatException("on or off") };

    public static T OneOf<T>(string text, string allowed)
        where T : struct, Enum =>
        Enum.TryParse<T>(text, ignoreCase: true, out var value) && text.All(char.IsAsciiLetter)
            ? value
            : throw new FormatException(allowed);

    public static Uri HttpUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url.Scheme is "http" or "https"
        && url.Query.Length == 0
        && url.Fragment.Length == 0
            ? url
            : throw new FormatException("an absolute http or https URL without a query, such as https://sdc.example.org");

    public static string ListenUrls(string text)
    {
        foreach (var url in text.Split(';'))
        {
            // A listening address may name every interface by * or +, which a URI may not. The web server
            // takes any other name for that as well, also a misspelt one.
            var plain = url.Replace("//*", "//0.0.0.0", StringComparison.Ordinal).Replace("//+", "//0.0.0.0", StringComparison.Ordinal);
            if (
                !Uri.TryCreate(plain, UriKind.Absolute, out var parsed)
                || parsed.Scheme is not ("http" or "https")
                || parsed.PathAndQuery != "/"
                || !(IPAddress.TryParse(parsed.Host, out _) || (parsed.Host == "localhost" && parsed.Port > 0))
            )
                throw new FormatException(
                    "http or https addresses by number, localhost or *, separated by semicolons, such as http://127.0.0.1:8080"
                );
        }

        return text;
    }

    /// <summary>Whether two addresses to listen on would take the same port from each other.</summary>
    public static bool AreSame(string url, string other)
    {
        var (one, two) = (BindingAddress.Parse(url), BindingAddress.Parse(other));
        return one.Port != 0 && one.Port == two.Port && (one.Host == two.Host || IsAny(one.Host) || IsAny(two.Host));

        static bool IsAny(string host) => host is "*" or "+" or "0.0.0.0" or "[::]";
    }

    public static (List<IPAddress> Addresses, List<IPNetwork> Networks) Proxies(string text)
    {
        var (addresses, networks) = (new List<IPAddress>(), new List<IPNetwork>());
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (IPAddress.TryParse(part, out var address))
                addresses.Add(address);
            else if (IPNetwork.TryParse(part, out var network))
                networks.Add(network);
            else
                throw new FormatException("IP addresses and networks, such as 10.0.0.0/8, separated by commas");
        }

        return (addresses, networks);
    }

    public static List<string> Origins(string text) =>
        [
            .. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(each =>
                    each == "*"
                    || (
                        Uri.TryCreate(each, UriKind.Absolute, out var url)
                        && url.Scheme is "http" or "https"
                        && string.Equals(url.GetLeftPart(UriPartial.Authority), each, StringComparison.OrdinalIgnoreCase)
                    )
                        ? each
                        : throw new FormatException(
                            "origins as a browser sends them, such as https://portal.example.org, separated by commas; or *"
                        )
                ),
        ];

    public static string Bucket(string text) =>
        Objects.S3Location.Parse(text) is null
            ? throw new FormatException(
                "s3://BUCKET or s3://BUCKET/PREFIX, the bucket 3 to 63 lower-case letters, digits, - and ., the prefix of letters, digits, -, _, . and ="
            )
            : text;
}
