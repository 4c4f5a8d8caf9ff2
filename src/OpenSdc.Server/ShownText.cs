using System.Globalization;
using System.Text;

namespace OpenSdc.Server;

/// <summary>
/// Text that somebody else wrote, as a sentence, a line of the log or a terminal can hold it: short, on one
/// line, and without characters that do anything. Every sentence that repeats what a caller sent uses it.
/// </summary>
internal static class ShownText
{
    private const int Longest = 80;

    /// <summary>The beginning of a text, for a sentence that repeats what a caller sent.</summary>
    public static string Of(string text) => Plain(text, Longest);

    /// <summary>
    /// A text with a sign in the place of each control, line separator and invisible character, cut where it
    /// is longer than that.
    /// </summary>
    public static string Plain(string text, int longest = int.MaxValue)
    {
        // By whole characters: half of one could not be written as JSON.
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length >= longest)
                return shown.Append('…').ToString();
            shown.Append(IsPlain(rune) ? rune : Rune.ReplacementChar);
        }

        return shown.ToString();
    }

    private static bool IsPlain(Rune rune) =>
        rune.Value is >= ' ' and < 0x7f
        || Rune.GetUnicodeCategory(rune)
            is not (
                UnicodeCategory.Control
                or UnicodeCategory.Format
                or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator
                or UnicodeCategory.Surrogate
            );
}
