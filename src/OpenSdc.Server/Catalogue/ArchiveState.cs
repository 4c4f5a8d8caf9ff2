using System.Globalization;
using System.Security.Cryptography;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The state of an archive: the number of its newest change, and the history that the number counts in. A catalogue that was restored, made again or
/// moved has a new history, since its numbers may stand for other changes than before.
/// </summary>
/// <param name="History">The id of the history.</param>
/// <param name="Seq">The number of the newest change.</param>
/// <param name="Marked">The newest change that marked a file as lost, damaged or sound again: what a listing of an earlier state says of that file changes with it.</param>
/// <param name="Products">How many products there are.</param>
internal readonly record struct ArchiveState(string History, long Seq, long Marked = 0, long Products = 0)
{
    /// <summary>All in one value, so that any statement can select them beside its rows.</summary>
    public const string Sql = "SELECT seq || '-' || marked || '-' || products || '-' || history FROM ledger WHERE id = 1";

    public static ArchiveState Parse(string text)
    {
        var parts = text.Split('-', 4);
        return new(parts[3], Number(parts[0]), Number(parts[1]), Number(parts[2]));

        static long Number(string digits) => long.Parse(digits, CultureInfo.InvariantCulture);
    }

    /// <summary>The id of a new history.</summary>
    public static string NewHistory() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
}
