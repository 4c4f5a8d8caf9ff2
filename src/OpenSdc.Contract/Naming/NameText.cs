using System.Buffers;
using System.Globalization;
using System.Text;

namespace OpenSdc.Contract.Naming;

/// <summary>What holds for every name, whatever its convention: what it may be written with, and how long it may be.</summary>
internal static class NameText
{
    /// <summary>The longest name that common file systems keep, in bytes of UTF-8.</summary>
    public const int MaxBytes = 255;

    // Visible ASCII but for the two slashes.
    private static readonly SearchValues<char> Allowed = SearchValues.Create(
        [.. Enumerable.Range('!', '~' - '!' + 1).Select(c => (char)c).Where(c => c is not ('/' or '\\'))]);

    /// <summary>The hot path's question: is there nothing to say about the text itself?</summary>
    public static bool IsPlain(ReadOnlySpan<char> name) =>
        name.Length is > 0 and <= MaxBytes && !name.ContainsAnyExcept(Allowed) && !name.Contains("..", StringComparison.Ordinal)
        && name[^1] != '.';

    /// <summary>The faults of a text that is not plain. The length comes first and alone: nothing long is looked at further.</summary>
    public static List<NameFault> Faults(string name)
    {
        if (name.Length == 0) return [new("name", "", "The name is empty; a file name is needed.")];
        var bytes = Encoding.UTF8.GetByteCount(name);
        if (bytes > MaxBytes)
            return [new("name", Shorten(name), $"The name is {bytes} bytes long; at most {MaxBytes} are allowed.")];

        List<NameFault> faults = [];
        HashSet<int> said = [];
        foreach (var rune in name.EnumerateRunes())
        {
            if (rune.Value is > ' ' and < 0x7f and not ('/' or '\\')) continue;
            if (said.Count < 4 && said.Add(rune.Value)) faults.Add(Character(rune, name));
        }

        if (name.Contains("..", StringComparison.Ordinal))
            faults.Add(new("name", name, $"The name '{Show(name)}' has two dots in a row; single dots are allowed."));
        else if (name[^1] == '.')
            faults.Add(new("name", name, $"The name '{Show(name)}' ends in a dot; it must end in its extension."));
        return faults;
    }

    /// <summary>Text for a message: shortened, and with the characters that would not show written as U+XXXX.</summary>
    public static string Show(ReadOnlySpan<char> text)
    {
        var shown = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (shown.Length > 80) return shown.Append('…').ToString();
            if (rune.Value is >= ' ' and < 0x7f) shown.Append((char)rune.Value);
            else shown.Append('<').Append(Code(rune)).Append('>');
        }

        return shown.ToString();
    }

    private static NameFault Character(Rune rune, string name)
    {
        var what = rune.Value switch
        {
            '/' => "a slash (U+002F)",
            '\\' => "a backslash (U+005C)",
            ' ' => name[^1] == ' ' ? "a space (U+0020) at its end" : "a space (U+0020)",
            0 => "a NUL character (U+0000)",
            < 0x20 or (>= 0x7f and < 0xa0) => $"the control character {Code(rune)}",
            _ when Rune.GetUnicodeCategory(rune) is UnicodeCategory.Format or UnicodeCategory.SpaceSeparator
                or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator => $"the invisible character {Code(rune)}",
            0xfffd => "a character that is not valid Unicode (U+FFFD)",
            _ => $"the character '{rune}' ({Code(rune)})",
        };
        return new(
            "name",
            rune.ToString(),
            $"The name '{Show(name)}' has {what}; names are visible ASCII characters without slash, backslash and space."
        );
    }

    private static string Code(Rune rune) => $"U+{rune.Value:X4}";

    private static string Shorten(string name) => name.Length > 80 ? string.Concat(name.AsSpan(0, 80), "…") : name;
}
