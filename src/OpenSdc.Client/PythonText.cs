using System.Text;

namespace OpenSdc.Client;

/// <summary>
/// Reads the text of a Python list of tuples, as the founding document prints a query's answer.
/// </summary>
internal static class PythonText
{
    /// <summary>
    /// The tuples, each a list of its values; <c>None</c> is an empty text, and numbers are texts.
    /// </summary>
    /// <exception cref="SdcException">The text is not a list of tuples.</exception>
    public static IEnumerable<IReadOnlyList<string>> ReadTuples(string text)
    {
        var at = 0;
        Expect(text, ref at, '[');
        while (!Take(text, ref at, ']'))
        {
            Expect(text, ref at, '(');
            var tuple = new List<string>();
            while (!Take(text, ref at, ')'))
            {
                tuple.Add(Value(text, ref at));
                if (!Take(text, ref at, ','))
                {
                    Expect(text, ref at, ')');
                    break;
                }
            }

            yield return tuple;
            if (!Take(text, ref at, ','))
            {
                Expect(text, ref at, ']');
                break;
            }
        }

        if (text.AsSpan(at).Trim().Length > 0)
            throw RecordReader.Unreadable(null);
    }

    private static string Value(string text, ref int at)
    {
        SkipSpace(text, ref at);
        if (at < text.Length && text[at] is '\'' or '"')
            return Quoted(text, ref at);
        var start = at;
        while (at < text.Length && text[at] is not (',' or ')' or ' '))
            at++;
        var word = text[start..at];
        return word == "None" ? "" : word.Length > 0 && word.All(char.IsAsciiDigit) ? word : throw RecordReader.Unreadable(null);
    }

    private static string Quoted(string text, ref int at)
    {
        var quote = text[at++];
        var value = new StringBuilder();
        while (at < text.Length && text[at] != quote)
        {
            if (text[at] == '\\' && ++at < text.Length && text[at] is not ('\\' or '\'' or '"'))
                throw RecordReader.Unreadable(null);
            if (at < text.Length)
                value.Append(text[at++]);
        }

        Expect(text, ref at, quote);
        return value.ToString();
    }

    private static bool Take(string text, ref int at, char c)
    {
        SkipSpace(text, ref at);
        if (at >= text.Length || text[at] != c)
            return false;
        at++;
        return true;
    }

    private static void Expect(string text, ref int at, char c)
    {
        if (!Take(text, ref at, c))
            throw RecordReader.Unreadable(null);
    }

    private static void SkipSpace(string text, ref int at)
    {
        while (at < text.Length && char.IsWhiteSpace(text[at]))
            at++;
    }
}
