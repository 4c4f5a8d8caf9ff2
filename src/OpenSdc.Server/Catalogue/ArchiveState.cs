using System.Globalization;
using System.Security.Cryptography;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The state of an archive: the number of its newest publication, and the history that the number counts in. A catalogue that was restored, made again or
/// moved has a new history, since its numbers may stand for other publications than before.
/// </summary>
/// <param name="History">The id of the history.</param>
/// <param name="Seq">The number of the newest publication.</param>
/// <param name="Marks">How often files were marked as lost, damaged or sound again: what listings say of them changes without a publication.</param>
internal readonly record struct ArchiveState(string History, long Seq, long Marks = 0)
{
    /// <summary>All in one value, so that any statement can select them beside its rows.</summary>
    public const string Sql = "SELECT seq || '-' || marks || '-' || history FROM ledger WHERE id = 1";

    public static ArchiveState Parse(string text)
    {
        var parts = text.Split('-', 3);
        return new(parts[2], long.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
    }

    /// <summary>The id of a new history.</summary>
    public static string NewHistory() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
}
