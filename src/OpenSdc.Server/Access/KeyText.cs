using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace OpenSdc.Server.Access;

/// <summary>
/// The text of an API key: <c>sdc_KIND_</c>, 30 random characters of base62, and the CRC32 of all that as six
/// more. The form is fixed, so that secret scanners recognise a key, and a typing error is told from a key
/// that does not exist.
/// </summary>
internal static class KeyText
{
    /// <summary>What every key matches, for secret scanners.</summary>
    public const string Pattern = "sdc_(read|upload|release|admin)_[0-9A-Za-z]{36}";

    private const string Prefix = "sdc_";
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int RandomCharacters = 30;
    private const int ChecksumCharacters = 6;
    private const int LongestKind = 7;

    /// <summary>Makes a key; its kind is its widest scope.</summary>
    public static string Make(Scopes scopes)
    {
        var start = $"{Prefix}{KindOf(scopes)}_{RandomNumberGenerator.GetString(Alphabet, RandomCharacters)}";
        return start + Checksum(start);
    }

    /// <summary>An id of a key, which is no secret.</summary>
    public static string NewId() => RandomNumberGenerator.GetString(Alphabet, 10);

    /// <summary>Why a text cannot be a key; null where it can.</summary>
    public static string? Fault(string text)
    {
        if (
            !text.StartsWith(Prefix, StringComparison.Ordinal)
            || text.Length > Prefix.Length + LongestKind + 1 + RandomCharacters + ChecksumCharacters
            || text.Length <= Prefix.Length + 1 + RandomCharacters + ChecksumCharacters
            || !text.All(each => each == '_' || char.IsAsciiLetterOrDigit(each))
        )
            return "The header x-api-key does not hold an API key of this archive: a key is sdc_, its kind, and 36 letters and digits.";
        return text.EndsWith(Checksum(text[..^ChecksumCharacters]), StringComparison.Ordinal)
            ? null
            : "The API key in the header x-api-key has a typing error: its checksum does not match.";
    }

    /// <summary>What the archive stores of a key.</summary>
    public static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string KindOf(Scopes scopes) =>
        scopes.HasFlag(Scopes.Admin) ? "admin"
        : scopes.HasFlag(Scopes.Release) ? "release"
        : scopes.HasFlag(Scopes.Upload) ? "upload"
        : "read";

    private static string Checksum(string text)
    {
        var rest = Crc32.HashToUInt32(Encoding.UTF8.GetBytes(text));
        return string.Create(ChecksumCharacters, rest, static (characters, value) =>
        {
            for (var i = characters.Length - 1; i >= 0; i--, value /= (uint)Alphabet.Length)
                characters[i] = Alphabet[(int)(value % (uint)Alphabet.Length)];
        });
    }
}
