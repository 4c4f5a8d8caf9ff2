using System.Globalization;
using System.Net;

namespace OpenSdc.Server;

/// <summary>How the text of a setting becomes a value. Each refuses what it cannot take with a <see cref="FormatException"/> whose message says what is allowed.</summary>
internal static class SettingText
{
    public static string NotEmpty(string text, string what) => text.Trim().Length > 0 ? text : throw new FormatException(what);

    public static string Database(string text) => Catalogue.Postgres.Parse(text).Fault is { } fault
        ? throw new FormatException($"a PostgreSQL connection string, such as Host=db.example.org;Database=sdc;Username=sdc ({fault.TrimEnd('.')})")
        : text;

    public static string Secret(string text) => text.Length >= 16 ? text : throw new FormatException("at least 16 characters");

    public static string ExistingFile(string text) => File.Exists(text) ? text : throw new FormatException("the path of a file that exists");

    public static long Whole(string text, long least, long most) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw new FormatException($"a whole number from {least} to {most}");

    public static bool OnOrOff(string text) => text switch { "on" => true, "off" => false, _ => throw new FormatException("on or off") };

    public static T OneOf<T>(string text, string allowed) where T : struct, Enum =>
        Enum.TryParse<T>(text, ignoreCase: true, out var value) && text.All(char.IsAsciiLetter) ? value : throw new FormatException(allowed);

    public static Uri HttpUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.Query.Length == 0 && url.Fragment.Length == 0
            ? url
            : throw new FormatException("an absolute http or https URL without a query, such as https://sdc.example.org");

    public static string ListenUrls(string text)
    {
        foreach (var url in text.Split(';'))
        {
            // A listening address may name every interface by * or +, which a URI may not. The web server takes any other name for that as well, also a misspelt one.
            var plain = url.Replace("//*", "//0.0.0.0", StringComparison.Ordinal).Replace("//+", "//0.0.0.0", StringComparison.Ordinal);
            if (!Uri.TryCreate(plain, UriKind.Absolute, out var parsed) || parsed.Scheme != "http" || parsed.PathAndQuery != "/"
                || !(IPAddress.TryParse(parsed.Host, out _) || (parsed.Host == "localhost" && parsed.Port > 0)))
                throw new FormatException("http addresses by number, localhost or *, separated by semicolons, such as http://127.0.0.1:8080 (TLS is for a proxy)");
        }

        return text;
    }

    public static List<IPAddress> Addresses(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Select(part => IPAddress.TryParse(part, out var address) ? address : throw new FormatException("IP addresses separated by commas"))];

    public static string Bucket(string text) => Objects.S3Location.Parse(text) is null ? throw new FormatException("s3://BUCKET or s3://BUCKET/PREFIX, the bucket 3 to 63 lower-case letters, digits, - and ., the prefix of letters, digits, -, _, . and =") : text;
}
