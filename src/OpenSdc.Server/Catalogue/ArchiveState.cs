using System.Globalization;
using System.Security.Cryptography;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The state of an archive: the number of its newest publication, and the history that the number counts in. A catalogue that was restored, made again or
/// moved has a new history, since its numbers may stand for other publications than before.
/// </summary>
internal readonly record struct ArchiveState(string History, long Seq)
{
    /// <summary>Both in one value, so that any statement can select them beside its rows.</summary>
    public const string Sql = "SELECT seq || '-' || history FROM ledger WHERE id = 1";

    public static ArchiveState Parse(string text)
    {
        var hyphen = text.IndexOf('-', StringComparison.Ordinal);
        return new(text[(hyphen + 1)..], long.Parse(text.AsSpan(0, hyphen), CultureInfo.InvariantCulture));
    }

    /// <summary>The id of a new history.</summary>
    public static string NewHistory() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
}
