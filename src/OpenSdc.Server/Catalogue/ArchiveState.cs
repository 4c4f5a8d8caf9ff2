using System.Globalization;
using System.Security.Cryptography;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The state of an archive: the number of its newest change, and the history that the number counts in. A
/// catalogue that was restored, made again or moved has a new history, since its numbers may stand for other
/// changes than before.
/// </summary>
/// <param name="History">The id of the history.</param>
/// <param name="Seq">The number of the newest change.</param>
/// <param name="Marked">The newest change that marked a file as lost, damaged or sound again: what a listing
/// of an earlier state says of that file changes with it.</param>
/// <param name="Products">How many products there are.</param>
/// <remarks>
/// Of the public, both numbers are of the changes that it could see: they say nothing of files that are not
/// released.
/// </remarks>
internal readonly record struct ArchiveState(string History, long Seq, long Marked = 0, long Products = 0)
{
    /// <summary>The newest change that hid a file which the audience had seen.</summary>
    public long Revised { get; init; }

    /// <summary>The newest change that hid a file which the public had seen.</summary>
    public long PublicRevised { get; init; }

    /// <summary>All in one value, so that any statement can select them beside its rows.</summary>
    public const string Sql =
        "SELECT seq || '-' || marked || '-' || public_seq || '-' || public_marked || '-' || team_revised || '-' || public_revised || '-' || products || '-' || history FROM ledger WHERE id = 1";

    /// <summary>The state as an audience may know it.</summary>
    public static ArchiveState Parse(string text, Audience audience)
    {
        var parts = text.Split('-', 8);
        var (seq, revised) = audience == Audience.Public ? (2, 5) : (0, 4);
        return new(parts[7], Number(parts[seq]), Number(parts[seq + 1]), Number(parts[6]))
        {
            Revised = Number(parts[revised]),
            PublicRevised = Number(parts[5]),
        };

        static long Number(string digits) => long.Parse(digits, CultureInfo.InvariantCulture);
    }

    /// <summary>The id of a new history.</summary>
    public static string NewHistory() => Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
}
