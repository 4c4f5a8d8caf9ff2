namespace OpenSdc.Server.Catalogue;

/// <summary><c>*</c> for any run of characters, and nothing else special.</summary>
internal static class Wildcard
{
    /// <summary>Whether the pattern matches the whole text. Takes time proportional to the product of their lengths at most.</summary>
    public static bool Matches(ReadOnlySpan<char> pattern, ReadOnlySpan<char> text)
    {
        int p = 0, t = 0, star = -1, resume = 0;
        while (t < text.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
                (star, resume) = (p++, t);
            else if (p < pattern.Length && pattern[p] == text[t])
                (p, t) = (p + 1, t + 1);
            else if (star >= 0)
                (p, t) = (star + 1, ++resume);
            else
                return false;
        }

        return pattern[p..].IndexOfAnyExcept('*') < 0;
    }
}
