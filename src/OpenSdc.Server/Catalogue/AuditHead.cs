using System.Globalization;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// A place in the chain of the audit: the number of an entry and its hash, written <c>17:9f86d0…</c>. Number
/// 0 is before the first entry.
/// </summary>
internal readonly record struct AuditHead(long Number, string Hash)
{
    private const int HashLength = 64;

    /// <summary>Before the first entry.</summary>
    public static AuditHead Start { get; } = new(0, new string('0', HashLength));

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Number}:{Hash}");

    /// <summary>What <see cref="ToString"/> has written; null where a text is not that.</summary>
    public static AuditHead? Parse(string text)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        return colon > 0 && long.TryParse(text.AsSpan(0, colon), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            && text.Length == colon + 1 + HashLength && text.AsSpan(colon + 1).ContainsAnyExcept("0123456789abcdef") is false
                ? new AuditHead(number, text[(colon + 1)..])
                : null;
    }
}

/// <summary>What <c>GET /audit/head</c> answers.</summary>
/// <param name="Head">The newest entry's place.</param>
/// <param name="Dropped">The place of the newest entry that retention has dropped; <c>0:000…</c> where none was.</param>
/// <param name="At">When the newest entry was appended; empty where there is none.</param>
internal sealed record AuditState(string Head, string Dropped, string At);
