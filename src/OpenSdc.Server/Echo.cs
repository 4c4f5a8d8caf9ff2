using System.Text;

namespace OpenSdc.Server;

/// <summary>Text of a caller, as a sentence or a line of the log may repeat it.</summary>
internal static class Echo
{
    /// <summary>The most characters of it that are repeated.</summary>
    public const int Longest = 200;

    /// <summary>At most <see cref="Longest"/> characters; control characters, and others that a terminal obeys or does not show, as <c>\uXXXX</c>.</summary>
    public static string Of(string text)
    {
        if (text.Length <= Longest && text.All(char.IsAsciiLetterOrDigit))
            return text;
        var echo = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            var shown = Rune.GetUnicodeCategory(rune) is System.Globalization.UnicodeCategory.Control or System.Globalization.UnicodeCategory.Format
                or System.Globalization.UnicodeCategory.LineSeparator or System.Globalization.UnicodeCategory.ParagraphSeparator
                ? $@"\u{rune.Value:X4}"
                : rune.ToString();
            if (echo.Length + shown.Length > Longest - 1)
                return echo.Append('…').ToString();
            echo.Append(shown);
        }

        return echo.ToString();
    }
}
