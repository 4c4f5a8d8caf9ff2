using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;

namespace OpenSdc.Server.Objects;

/// <summary>
/// URLs that carry the permission for one request to an S3 store until a moment, signed as its version 4 of
/// signatures prescribes: with the host alone, so that a client may send whatever other headers it has, and whatever
/// bytes; headers of the store's own that this process sends are signed as well.
/// </summary>
/// <remarks>
/// A library's own signing takes the way of a whole request and some forty times as long. What changes once a second,
/// or once a day, is kept here: the credentials, which a role renews, the time and the day's key.
/// </remarks>
/// <param name="baseUrl">The URL of the bucket, ending in a slash.</param>
/// <param name="region">The region that signatures name.</param>
/// <param name="credentials">Asked at most once a second.</param>
/// <param name="clock">The time that signatures begin at.</param>
internal sealed class S3Signature(Uri baseUrl, string region, Func<ImmutableCredentials> credentials, TimeProvider clock)
{
    private readonly string origin = baseUrl.GetLeftPart(UriPartial.Authority);
    private readonly string path = baseUrl.AbsolutePath;
    private Scope? current;

    /// <summary>A URL for one method on one object.</summary>
    /// <param name="method">GET or PUT; GET does not allow HEAD.</param>
    /// <param name="objectKey">The object as the store writes it.</param>
    /// <param name="seconds">How long it lives; stores allow at most seven days.</param>
    /// <param name="more">Further parameters, each <c>&amp;name=value</c>, escaped, in the order of their names and
    /// after all that begin with a capital.</param>
    /// <param name="headers">Headers beginning with <c>x-amz-</c>, in small letters and in the order of their names,
    /// that the request will have.</param>
    public string Sign(
        string method,
        string objectKey,
        int seconds,
        string more = "",
        IReadOnlyList<(string Name, string Value)>? headers = null
    )
    {
        var scope = CurrentScope();
        var (signed, lines) = ("host", $"host:{baseUrl.Authority}\n");
        foreach (var (name, value) in headers ?? [])
            (signed, lines) = ($"{signed};{name}", $"{lines}{name}:{value}\n");
        var target = path + string.Join('/', objectKey.Split('/').Select(Uri.EscapeDataString));
        var query = string.Create(
            CultureInfo.InvariantCulture,
            $"X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={scope.Credential}&X-Amz-Date={scope.Time}&X-Amz-Expires={seconds}{scope.Token}&X-Amz-SignedHeaders={Uri.EscapeDataString(signed)}{more}"
        );
        var request = $"{method}\n{target}\n{query}\n{lines}\n{signed}\nUNSIGNED-PAYLOAD";
        var text =
            $"AWS4-HMAC-SHA256\n{scope.Time}\n{scope.Name}\n{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(request)))}";
        return $"{origin}{target}?{query}&X-Amz-Signature={Convert.ToHexStringLower(HMACSHA256.HashData(scope.Key, Encoding.UTF8.GetBytes(text)))}";
    }

    private Scope CurrentScope()
    {
        var now = clock.GetUtcNow();
        var second = now.ToUnixTimeSeconds();
        if (current is { } known && known.Second == second)
            return known;
        var who = credentials();
        var day = now.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        var name = $"{day}/{region}/s3/aws4_request";
        byte[] key = Encoding.UTF8.GetBytes("AWS4" + who.SecretKey);
        foreach (var part in name.Split('/'))
            key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        return current = new Scope(
            second,
            now.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture),
            name,
            Uri.EscapeDataString($"{who.AccessKey}/{name}"),
            who.UseToken ? "&X-Amz-Security-Token=" + Uri.EscapeDataString(who.Token) : "",
            key
        );
    }

    private sealed record Scope(long Second, string Time, string Name, string Credential, string Token, byte[] Key);
}
