namespace OpenSdc.Cli;

/// <summary>Whether a word is another one with a slip or two.</summary>
internal static class Spelling
{
    private const int MostSlips = 2;

    /// <summary>Whether at most two letters or marks must be put in, left out or replaced to make one of the other.</summary>
    public static bool IsNear(string written, string meant)
    {
        // Row by row of the table of distances between their beginnings.
        var distances = Enumerable.Range(0, meant.Length + 1).ToArray();
        for (var i = 1; i <= written.Length; i++)
        {
            var diagonal = distances[0];
            distances[0] = i;
            for (var j = 1; j <= meant.Length; j++)
            {
                var replaced = diagonal + (written[i - 1] == meant[j - 1] ? 0 : 1);
                diagonal = distances[j];
                distances[j] = Math.Min(replaced, Math.Min(distances[j], distances[j - 1]) + 1);
            }
        }

        return distances[^1] <= MostSlips;
    }
}
