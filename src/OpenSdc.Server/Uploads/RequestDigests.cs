using System.Diagnostics.CodeAnalysis;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// The digests that a request promises for its body, in its headers or in the trailers of a chunked body,
/// computed beside the SHA-256 that every file gets. All that is promised is compared; what cannot be
/// computed is refused by name (<see cref="DigestHeaders"/>).
/// </summary>
internal sealed class RequestDigests : IDisposable
{
    private readonly List<DigestPromise> promised = [];
    private readonly BodyHash sha256 = new(BodyAlgorithm.Sha256);
    private readonly List<BodyHash> others = [];
    private readonly List<string> announced = [];
    private string? sha256Text;

    private RequestDigests()
    {
    }

    /// <summary>SHA-256 of what was appended, 64 lower-case hexadecimal digits. Ends the appending.</summary>
    public string Sha256 => sha256Text ??= Convert.ToHexStringLower(sha256.Value);

    /// <summary>
    /// Reads the promises of a request; false and a sentence where one is malformed or of an algorithm that
    /// is not computed.
    /// </summary>
    public static bool TryRead(IHeaderDictionary headers, out RequestDigests digests, [NotNullWhen(false)] out string? fault)
    {
        digests = new RequestDigests();
        fault = DigestHeaders.Read(headers, digests.promised) ?? digests.ReadAnnounced(headers) ?? digests.ReadSdkAlgorithm(headers);
        foreach (var each in digests.promised)
            digests.Begin(each.Algorithm);
        return fault is null;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        sha256.Append(bytes);
        foreach (var each in others)
            each.Append(bytes);
    }

    /// <summary>
    /// Reads what the trailers promise, where there are any; the problem where they do not bring what was
    /// announced. Call when the body has ended.
    /// </summary>
    public Problem? ReadTrailers(IHeaderDictionary? trailers)
    {
        if (announced.FirstOrDefault(each => trailers?.ContainsKey(each) != true) is { } absent)
            return Problems.BadDigestHeader(
                $"The trailer {absent} was announced and did not come; allowed: to send what Trailer or x-amz-trailer announces."
            );
        if (trailers is null)
            return null;
        var late = new List<DigestPromise>();
        if (DigestHeaders.Read(trailers, late) is { } fault)
            return Problems.BadDigestHeader(fault);
        if (late.FirstOrDefault(each => Find(each.Algorithm) is null) is { } unknown)
            return Problems.BadDigestHeader(
                $"The trailer {unknown.Header} was not announced, so that it was not computed; allowed: to name it in the header Trailer."
            );
        promised.AddRange(late);
        return null;
    }

    /// <summary>The first promise that the bytes do not keep; null where they keep all. Ends the appending.</summary>
    public Problem? Mismatch()
    {
        foreach (var (header, algorithm, expected) in promised)
        {
            var actual = Find(algorithm)!.Value;
            if (!actual.AsSpan().SequenceEqual(expected))
                return Problems.DigestMismatch(header, Convert.ToBase64String(expected), Convert.ToBase64String(actual));
        }

        return null;
    }

    public void Dispose()
    {
        sha256.Dispose();
        foreach (var each in others)
            each.Dispose();
    }

    /// <summary>Digests that are to come as trailers: their algorithms must be computed from the first byte on.</summary>
    private string? ReadAnnounced(IHeaderDictionary headers)
    {
        foreach (var list in (ReadOnlySpan<string>)["Trailer", "x-amz-trailer"])
        {
            foreach (
                var name in headers[list].ToString().Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            )
            {
                if (!DigestHeaders.IsDigest(name))
                    continue;
                if (headers.TransferEncoding.Count == 0 && headers.ContentLength is not null)
                    return $"The header {list} announces {ShownText.Of(name)}, but a body with Content-Length has no trailers; allowed: a chunked body, or the digest as a header.";
                if (DigestHeaders.AlgorithmsOf(name) is not { Count: > 0 } algorithms)
                    return DigestHeaders.NotComputed($"The header {list} announces {ShownText.Of(name)}");
                announced.Add(name);
                foreach (var algorithm in algorithms)
                    Begin(algorithm);
            }
        }

        return null;
    }

    /// <summary>Clients of S3 name the algorithm of a checksum that comes beside it.</summary>
    private string? ReadSdkAlgorithm(IHeaderDictionary headers)
    {
        foreach (var header in (ReadOnlySpan<string>)["x-amz-sdk-checksum-algorithm", "x-amz-checksum-algorithm"])
        {
            if (headers[header].ToString() is not { Length: > 0 } name)
                continue;
            var checksum = "x-amz-checksum-" + name;
            if (DigestHeaders.AlgorithmsOf(checksum).Count == 0)
                return DigestHeaders.NotComputed($"The header {header} is '{ShownText.Of(name)}'");
            if (!headers.ContainsKey(checksum) && !announced.Contains(checksum, StringComparer.OrdinalIgnoreCase))
                return $"The header {header} promises {ShownText.Of(checksum)}, which is not there; allowed: to send it as a header, or as a trailer that Trailer announces.";
        }

        return null;
    }

    private void Begin(BodyAlgorithm algorithm)
    {
        if (Find(algorithm) is null)
            others.Add(new BodyHash(algorithm));
    }

    private BodyHash? Find(BodyAlgorithm algorithm) =>
        algorithm == BodyAlgorithm.Sha256 ? sha256 : others.Find(each => each.Algorithm == algorithm);
}

/// <summary>One digest that a header or trailer promises.</summary>
internal sealed record DigestPromise(string Header, BodyAlgorithm Algorithm, byte[] Value);
