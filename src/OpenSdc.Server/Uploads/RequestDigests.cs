using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// The digests that a request promises for its body, computed beside the SHA-256 that every file gets: <c>Content-MD5</c> (RFC 1864),
/// <c>x-amz-checksum-sha256</c>, and <c>sha-256</c> and <c>sha-512</c> of <c>Content-Digest</c> and <c>Repr-Digest</c> (RFC 9530). Other algorithms of
/// those two are passed over, as that RFC says.
/// </summary>
internal sealed class RequestDigests : IDisposable
{
    private readonly List<(string Header, HashAlgorithmName Algorithm, byte[] Value)> promised = [];
    private readonly IncrementalHash sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private IncrementalHash? md5;
    private IncrementalHash? sha512;
    private string? sha256Text;

    private RequestDigests()
    {
    }

    /// <summary>SHA-256 of what was appended, 64 lower-case hexadecimal digits. Ends the appending.</summary>
    public string Sha256 => sha256Text ??= Convert.ToHexStringLower(sha256.GetHashAndReset());

    /// <summary>Reads the promises of a request; false and a sentence where a header is malformed.</summary>
    public static bool TryRead(IHeaderDictionary headers, out RequestDigests digests, [NotNullWhen(false)] out string? fault)
    {
        digests = new RequestDigests();
        fault = null;
        if ((string?)headers.ContentMD5 is { } contentMd5)
            fault ??= digests.Promise("Content-MD5", HashAlgorithmName.MD5, contentMd5);
        if ((string?)headers["x-amz-checksum-sha256"] is { } checksum)
            fault ??= digests.Promise("x-amz-checksum-sha256", HashAlgorithmName.SHA256, checksum);
        foreach (var header in (ReadOnlySpan<string>)["Content-Digest", "Repr-Digest"])
        {
            if ((string?)headers[header] is { } dictionary)
                fault ??= digests.PromiseDictionary(header, dictionary);
        }

        return fault is null;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        sha256.AppendData(bytes);
        md5?.AppendData(bytes);
        sha512?.AppendData(bytes);
    }

    /// <summary>The first promise that the bytes do not keep; null where they keep all. Ends the appending.</summary>
    public Problem? Mismatch()
    {
        var md5Value = md5?.GetHashAndReset();
        var sha512Value = sha512?.GetHashAndReset();
        foreach (var (header, algorithm, expected) in promised)
        {
            var actual = algorithm == HashAlgorithmName.MD5 ? md5Value! : algorithm == HashAlgorithmName.SHA512 ? sha512Value! : Convert.FromHexString(Sha256);
            if (!actual.AsSpan().SequenceEqual(expected))
                return Problems.DigestMismatch(header, Convert.ToBase64String(expected), Convert.ToBase64String(actual));
        }

        return null;
    }

    public void Dispose()
    {
        sha256.Dispose();
        md5?.Dispose();
        sha512?.Dispose();
    }

    private string? Promise(string header, HashAlgorithmName algorithm, string base64)
    {
        var size = algorithm == HashAlgorithmName.MD5 ? 16 : algorithm == HashAlgorithmName.SHA256 ? 32 : 64;
        var value = new byte[size];
        if (!Convert.TryFromBase64String(base64.Trim(), value, out var length) || length != size)
            return $"The header {header} is '{ShownText.Of(base64)}'; allowed: the {size} bytes of the body's {algorithm} digest in base64.";
        if (algorithm == HashAlgorithmName.MD5)
            md5 ??= IncrementalHash.CreateHash(algorithm);
        else if (algorithm == HashAlgorithmName.SHA512)
            sha512 ??= IncrementalHash.CreateHash(algorithm);
        promised.Add((header, algorithm, value));
        return null;
    }

    /// <summary>A dictionary of RFC 8941 whose values are byte sequences: <c>sha-256=:BASE64:, sha-512=:BASE64:</c>.</summary>
    private string? PromiseDictionary(string header, string dictionary)
    {
        foreach (var member in dictionary.Split(',', StringSplitOptions.TrimEntries))
        {
            var equals = member.IndexOf('=', StringComparison.Ordinal);
            var value = equals < 0 ? "" : member[(equals + 1)..].Split(';')[0].Trim();
            if (value.Length < 2 || value[0] != ':' || value[^1] != ':')
                return $"The header {header} has the member '{ShownText.Of(member)}', but a digest is written algorithm=:BASE64:, e.g. sha-256=:BASE64:.";
            var fault = member[..equals].Trim() switch
            {
                "sha-256" => Promise(header, HashAlgorithmName.SHA256, value[1..^1]),
                "sha-512" => Promise(header, HashAlgorithmName.SHA512, value[1..^1]),
                _ => null,
            };
            if (fault is not null)
                return fault;
        }

        return null;
    }
}
