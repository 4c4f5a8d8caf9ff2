using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Files;

/// <summary>
/// Signs the cursors of pages for the audience that they were given to: a cursor names a state and a row, and
/// one that a caller made up could be used to ask about rows that it may not see.
/// </summary>
internal sealed class CursorSeal(SigningKey key)
{
    private const int Length = 16;
    private const char Mark = '.';

    /// <summary>The text of a cursor, with its seal.</summary>
    public string Close(string cursor, Audience audience) => $"{cursor}{Mark}{Seal(cursor, audience)}";

    /// <summary>The cursor without its seal; null where it was not given to this audience by this archive.</summary>
    public string? Open(string text, Audience audience)
    {
        var mark = text.IndexOf(Mark, StringComparison.Ordinal);
        return
            mark > 0
            && CryptographicOperations.FixedTimeEquals(
                Encoding.UTF8.GetBytes(text[(mark + 1)..]),
                Encoding.UTF8.GetBytes(Seal(text[..mark], audience))
            )
            ? text[..mark]
            : null;
    }

    private string Seal(string cursor, Audience audience)
    {
        // No signed URL begins like this: it names a method first.
        var hash = HMACSHA256.HashData(key.Bytes, Encoding.UTF8.GetBytes($"cursor\n{audience}\n{cursor}"));
        return Base64Url.EncodeToString(hash.AsSpan(0, Length));
    }
}
