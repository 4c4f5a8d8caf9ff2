using System.Globalization;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// A text of a version's order, the number of its record and the version itself, the first two in characters
/// of a fixed length: a maximum of such texts finds the newest version, of equal ones that of the later
/// record, and carries it along.
/// </summary>
internal static class VersionRank
{
    private const int LengthOfOrder = 100;
    private const int LengthOfSeq = 19;
    private const string Zero = "1000000000000000000";

    /// <summary>That of a row with a version and a version_order, whose number is in another column.</summary>
    public static string Of(string seq) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"substr(version_order || '{new string(' ', LengthOfOrder)}', 1, {LengthOfOrder}) || CAST({Zero} + {seq} AS TEXT) || COALESCE(version, '')"
        );

    /// <summary>The version of a rank; null where the name has none.</summary>
    public static string Version(string rank) =>
        string.Create(CultureInfo.InvariantCulture, $"NULLIF(substr({rank}, {LengthOfOrder + LengthOfSeq + 1}), '')");

    public static string Order(string rank) => string.Create(CultureInfo.InvariantCulture, $"rtrim(substr({rank}, 1, {LengthOfOrder}))");

    public static string Seq(string rank) =>
        string.Create(CultureInfo.InvariantCulture, $"CAST(substr({rank}, {LengthOfOrder + 1}, {LengthOfSeq}) AS BIGINT) - {Zero}");
}
