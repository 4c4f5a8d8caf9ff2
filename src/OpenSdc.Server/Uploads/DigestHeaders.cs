namespace OpenSdc.Server.Uploads;

/// <summary>
/// Which headers promise a digest of the body, and how each is written. A header that looks like a digest and
/// is not known is refused: a client that sends it relies on its being compared.
/// </summary>
internal static class DigestHeaders
{
    private const string Computed = "MD5, SHA-1, SHA-256, SHA-512, CRC-32, CRC-32C, CRC-64/NVME";
    private const string Checksum = "x-amz-checksum-";
    private const string PayloadHash = "x-amz-content-sha256";
    private static readonly string[] Single = ["Content-MD5", PayloadHash];
    private static readonly string[] Lists = ["Content-Digest", "Repr-Digest", "Digest", "x-goog-hash"];

    // They say how, what or whether to compute, and promise no value.
    private static readonly string[] NoPromise =
    [
        "Want-Digest",
        "Want-Content-Digest",
        "Want-Repr-Digest",
        "x-amz-checksum-mode",
        "x-amz-checksum-algorithm",
        "x-amz-sdk-checksum-algorithm",
    ];

    private static readonly string[] Words = ["digest", "checksum", "md5", "sha1", "sha256", "sha512", "crc32", "crc64"];

    /// <summary>Reads the promises among some headers or trailers; a sentence where one cannot be read or computed.</summary>
    public static string? Read(IHeaderDictionary headers, List<DigestPromise> promised)
    {
        foreach (var (name, values) in headers)
        {
            if (!IsDigest(name))
                continue;
            var text = values.ToString().Trim();
            var fault = name.Equals("x-amz-checksum-type", StringComparison.OrdinalIgnoreCase)
                ? text.Equals("FULL_OBJECT", StringComparison.OrdinalIgnoreCase)
                    ? null
                    : $"The header {name} is '{ShownText.Of(text)}'; allowed: FULL_OBJECT."
                : Lists.Contains(name, StringComparer.OrdinalIgnoreCase)
                    ? ReadList(name, text, promised)
                    : AlgorithmsOf(name) is [var algorithm]
                        ? ReadSingle(name, algorithm, text, promised)
                        : NotComputed($"The header {ShownText.Of(name)} promises a digest that is not computed");
            if (fault is not null)
                return fault;
        }

        return null;
    }

    /// <summary>Whether a header of this name promises a digest.</summary>
    public static bool IsDigest(string name) =>
        (
            Words.Any(word => name.Contains(word, StringComparison.OrdinalIgnoreCase))
            || name.Equals("x-goog-hash", StringComparison.OrdinalIgnoreCase)
        )
        && !NoPromise.Contains(name, StringComparer.OrdinalIgnoreCase)
        && !name.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase);

    /// <summary>The algorithms that a header of this name may promise; none where it is not known.</summary>
    public static IReadOnlyList<BodyAlgorithm> AlgorithmsOf(string name)
    {
        if (Lists.Contains(name, StringComparer.OrdinalIgnoreCase))
            return [BodyAlgorithm.Md5, BodyAlgorithm.Sha1, BodyAlgorithm.Sha256, BodyAlgorithm.Sha512, BodyAlgorithm.Crc32C];
        if (Single.Contains(name, StringComparer.OrdinalIgnoreCase))
            return [name.Length == PayloadHash.Length ? BodyAlgorithm.Sha256 : BodyAlgorithm.Md5];
        return name.StartsWith(Checksum, StringComparison.OrdinalIgnoreCase) && Named(name[Checksum.Length..]) is { } algorithm
            ? [algorithm]
            : [];
    }

    /// <summary>The sentence for an algorithm that is not computed.</summary>
    public static string NotComputed(string what) => $"{what}; the archive computes {Computed}. Leave it out, or send one of these.";

    private static BodyAlgorithm? Named(string algorithm) => algorithm.ToLowerInvariant() switch
    {
        "md5" => BodyAlgorithm.Md5,
        "sha" or "sha1" or "sha-1" => BodyAlgorithm.Sha1,
        "sha256" or "sha-256" => BodyAlgorithm.Sha256,
        "sha512" or "sha-512" => BodyAlgorithm.Sha512,
        "crc32" => BodyAlgorithm.Crc32,
        "crc32c" => BodyAlgorithm.Crc32C,
        "crc64nvme" => BodyAlgorithm.Crc64Nvme,
        _ => null,
    };

    private static string? ReadSingle(string header, BodyAlgorithm algorithm, string text, List<DigestPromise> promised)
    {
        if (!header.Equals(PayloadHash, StringComparison.OrdinalIgnoreCase))
            return Promise(header, algorithm, text, promised);
        if (text == "UNSIGNED-PAYLOAD")
            return null;
        if (text.Length != 64 || !text.All(char.IsAsciiHexDigit))
            return $"The header {header} is '{ShownText.Of(text)}'; allowed: UNSIGNED-PAYLOAD, or the SHA-256 of the body in 64 hexadecimal digits.";
        promised.Add(new DigestPromise(header, algorithm, Convert.FromHexString(text)));
        return null;
    }

    /// <summary>
    /// A list of digests: <c>sha-256=:BASE64:</c> as RFC 9530 writes them, <c>SHA-256=BASE64</c> as RFC 3230 does in <c>Digest</c>.
    /// </summary>
    private static string? ReadList(string header, string list, List<DigestPromise> promised)
    {
        var isDictionary = header.EndsWith("-Digest", StringComparison.OrdinalIgnoreCase);
        foreach (var member in list.Split(',', StringSplitOptions.TrimEntries))
        {
            var equals = member.IndexOf('=', StringComparison.Ordinal);
            var value = equals < 0 ? "" : member[(equals + 1)..].Split(';')[0].Trim();
            if (isDictionary && (value.Length < 2 || value[0] != ':' || value[^1] != ':'))
                return $"The header {header} has the member '{ShownText.Of(member)}', but a digest is written algorithm=:BASE64:, e.g. sha-256=:BASE64:.";
            if (value.Length == 0)
                return $"The header {header} has the member '{ShownText.Of(member)}', but a digest is written algorithm=BASE64, e.g. SHA-256=BASE64.";
            var name = member[..equals].Trim();
            if (Named(name) is not { } algorithm || !AlgorithmsOf(header).Contains(algorithm))
                return $"The header {header} promises the algorithm '{ShownText.Of(name)}'; allowed: md5, sha, sha-256, sha-512, crc32c.";
            if (Promise(header, algorithm, isDictionary ? value[1..^1] : value, promised) is { } fault)
                return fault;
        }

        return null;
    }

    private static string? Promise(string header, BodyAlgorithm algorithm, string base64, List<DigestPromise> promised)
    {
        var size = BodyHash.SizeOf(algorithm);
        var value = new byte[size];
        if (!Convert.TryFromBase64String(base64, value, out var length) || length != size)
            return $"The header {header} is '{ShownText.Of(base64)}'; allowed: the {size} bytes of the body's {BodyHash.NameOf(algorithm)} in base64.";
        promised.Add(new DigestPromise(header, algorithm, value));
        return null;
    }
}
