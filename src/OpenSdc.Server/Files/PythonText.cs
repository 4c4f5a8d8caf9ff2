using System.Globalization;
using System.Text;

namespace OpenSdc.Server.Files;

/// <summary>Text as Python's <c>repr</c> writes it: what the founding document's query answers are made of.</summary>
internal static class PythonText
{
    /// <summary>
    /// Single quotes, unless the text holds one and no double quote; backslash and everything that does not
    /// print escaped.
    /// </summary>
    public static void AppendRepr(StringBuilder output, string? text)
    {
        if (text is null)
        {
            output.Append("None");
            return;
        }

        // What missions write into names needs no escape.
        if (text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0 && text.AsSpan().IndexOfAny('\'', '\\') < 0)
        {
            output.Append('\'').Append(text).Append('\'');
            return;
        }

        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        output.Append(quote);
        foreach (var rune in text.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\n' => output.Append("\\n"),
                '\r' => output.Append("\\r"),
                '\t' => output.Append("\\t"),
                _ when rune.Value == quote || rune.Value == '\\' => output.Append('\\').Append(rune),
                ' ' => output.Append(' '),
                _ when Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.PrivateUse
                    or UnicodeCategory.OtherNotAssigned or UnicodeCategory.Surrogate or UnicodeCategory.SpaceSeparator
                    or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator) => output.Append(rune),
                <= 0xFF => output.Append("\\x").Append(rune.Value.ToString("x2")),
                <= 0xFFFF => output.Append("\\u").Append(rune.Value.ToString("x4")),
                _ => output.Append("\\U").Append(rune.Value.ToString("x8")),
            };
        }

        output.Append(quote);
    }
}
