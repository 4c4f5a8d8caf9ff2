using System.Text;

namespace OpenSdc.Server.Files;

/// <summary>Text as Python's <c>repr</c> writes it: what the founding document's query answers are made of.</summary>
internal static class PythonText
{
    /// <summary>Single quotes, unless the text holds one and no double quote; backslash, line breaks and control characters escaped.</summary>
    public static void AppendRepr(StringBuilder output, string? text)
    {
        if (text is null)
        {
            output.Append("None");
            return;
        }

        var quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        output.Append(quote);
        foreach (var c in text)
        {
            _ = c switch
            {
                '\n' => output.Append("\\n"),
                '\r' => output.Append("\\r"),
                '\t' => output.Append("\\t"),
                _ when c == quote || c == '\\' => output.Append('\\').Append(c),
                < ' ' or '\x7f' => output.Append("\\x").Append(((int)c).ToString("x2")),
                _ => output.Append(c),
            };
        }

        output.Append(quote);
    }
}
