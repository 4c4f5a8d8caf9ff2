using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace OpenSdc.Server.Objects;

/// <summary>
/// URLs that carry the permission for one method on one key until a moment, and whose it is: HMAC-SHA-256 over these.
/// </summary>
/// <remarks>
/// Whoever has another <see cref="SigningKey"/> takes none of them. A URL for GET also allows HEAD.
/// </remarks>
internal sealed class SignedUrls(SigningKey signingKey, TimeProvider clock) : IDisposable
{
    /// <summary>Where the byte routes begin, below the public address.</summary>
    public const string Root = "/objects/";

    private static readonly SearchValues<char> Unreserved = SearchValues.Create(
        "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    );

    private static readonly string[] Given = ["expires", "for", "signature"];

    // Making a keyed hash costs more than using it; each thread keeps its own.
    private readonly ThreadLocal<KeyedHash?> hashes = new();

    /// <summary>The absolute URL that allows one method on one key for a number of seconds.</summary>
    public string Sign(string baseUrl, string method, string key, int lifetime, string? signedFor = null) =>
        Sign(baseUrl, Root, method, key, lifetime, signedFor);

    /// <summary>The same for a path that is no object's: of one part of an upload.</summary>
    public string SignPath(string baseUrl, string method, string path, int lifetime, string? signedFor = null) =>
        Sign(baseUrl, "/", method, path, lifetime, signedFor);

    private string Sign(string baseUrl, string root, string method, string key, int lifetime, string? signedFor)
    {
        var expires = clock.GetUtcNow().ToUnixTimeSeconds() + lifetime;
        Span<byte> signature = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Compute(method, key, expires, signedFor, signature);
        Span<char> text = stackalloc char[Base64Url.GetEncodedLength(HMACSHA256.HashSizeInBytes)];
        Base64Url.EncodeToChars(signature, text);
        var by = signedFor is null ? "" : "&for=" + Uri.EscapeDataString(signedFor);
        return string.Create(CultureInfo.InvariantCulture, $"{baseUrl}{root}{PathOf(key)}?expires={expires}{by}&signature={text}");
    }

    /// <summary>Null where the request may pass; otherwise the sentence that says why not.</summary>
    /// <param name="method">The method of the request.</param>
    /// <param name="key">The key, or the path, of the request.</param>
    /// <param name="query">Its parameters.</param>
    /// <param name="signedFor">Whom the URL was signed for; null for nobody in particular.</param>
    public string? Refuse(string method, string key, IQueryCollection query, out string? signedFor)
    {
        signedFor = query.TryGetValue("for", out var names) ? names.ToString() : null;
        var signatureText = (string?)query["signature"];
        if (
            signatureText is null
            || Given.Any(name => query[name].Count > 1)
            || !long.TryParse(query["expires"], NumberStyles.None, CultureInfo.InvariantCulture, out var expires)
        )
            return "The URL carries no signature; ask /upload or /download for a signed one.";
        Span<byte> expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Compute(method == "HEAD" ? "GET" : method, key, expires, signedFor, expected);
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (signatureText.Length != Base64Url.GetEncodedLength(given.Length)
            || Base64Url.DecodeFromChars(signatureText, given, out _, out var length) != OperationStatus.Done
            || length != given.Length
            || !CryptographicOperations.FixedTimeEquals(expected, given))
            return $"The signature does not match {method} of this path; ask for a signed URL again, and use it unchanged.";
        return expires < clock.GetUtcNow().ToUnixTimeSeconds()
            ? $"The URL expired at {DateTimeOffset.FromUnixTimeSeconds(Math.Min(expires, 253402300799)):yyyy-MM-dd HH:mm:ss} UTC; ask for a new one."
            : null;
    }

    /// <summary>For how many seconds more a URL that is not refused lives.</summary>
    public long SecondsLeft(IQueryCollection query) =>
        Math.Max(
            0,
            long.Parse(query["expires"].ToString(), NumberStyles.None, CultureInfo.InvariantCulture) - clock.GetUtcNow().ToUnixTimeSeconds()
        );

    public void Dispose() => hashes.Dispose();

    /// <summary>
    /// The key as a URL writes it. A descriptor may hold what has a meaning of its own there, such as # or %,
    /// or in a shell, such as a quote.
    /// </summary>
    private static string PathOf(string key) =>
        key.AsSpan().ContainsAnyExcept(Unreserved) ? string.Join('/', key.Split('/').Select(Uri.EscapeDataString)) : key;

    private IncrementalHash HashOfKey()
    {
        var key = signingKey.Bytes;
        if (hashes.Value is { } kept && ReferenceEquals(kept.Key, key))
            return kept.Hash;
        hashes.Value?.Hash.Dispose();
        hashes.Value = new(key, IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key));
        return hashes.Value.Hash;
    }

    private sealed record KeyedHash(byte[] Key, IncrementalHash Hash);

    private void Compute(string method, string key, long expires, string? signedFor, Span<byte> signature)
    {
        Span<byte> message = stackalloc byte[2048];
        var length = Encoding.UTF8.TryGetBytes(method, message, out var written) ? written : 0;
        message[length++] = (byte)'\n';
        if (!Encoding.UTF8.TryGetBytes(key, message[length..(1024 - 32)], out written))
        {
            // No key of the archive is this long, so no signature of it is right.
            RandomNumberGenerator.Fill(signature);
            return;
        }

        length += written;
        message[length++] = (byte)'\n';
        expires.TryFormat(message[length..], out written, default, CultureInfo.InvariantCulture);
        length += written;
        if (signedFor is not null)
        {
            message[length++] = (byte)'\n';
            if (!Encoding.UTF8.TryGetBytes(signedFor, message[length..], out written))
            {
                RandomNumberGenerator.Fill(signature);
                return;
            }

            length += written;
        }

        var hash = HashOfKey();
        hash.AppendData(message[..length]);
        hash.GetHashAndReset(signature);
    }
}
