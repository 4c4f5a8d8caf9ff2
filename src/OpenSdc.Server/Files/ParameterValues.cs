using System.Globalization;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Files;

/// <summary>
/// The parameters of one request as texts, and each reading of such a text that more than one of them has.
/// What cannot be read so is <see cref="Refused"/> in a sentence with the parameter, its value and what is
/// allowed.
/// </summary>
internal sealed class ParameterValues(IQueryCollection given)
{
    public const int LongestValue = 255;
    public const int MostWildcards = 4;
    public const int MostValues = 1000;

    /// <summary>Most different values of a parameter that hold a wildcard: each row is compared with each of them.</summary>
    public const int MostPatterns = 10;

    // A cursor holds a path, and is longer than what it holds.
    private const int LongestSingle = 1024;

    public bool Has(string name) => given.ContainsKey(name);

    /// <summary>All that is given for a parameter.</summary>
    public string Text(string name) => string.Join(',', given[name].AsEnumerable());

    public string OneOf(string name, IReadOnlyList<string> allowed) =>
        allowed.Contains(Single(name)) ? Single(name) : throw Bad(name, Single(name), string.Join(", ", allowed), []);

    public bool YesOrNo(string name) =>
        Single(name).Trim().Length == Single(name).Length && bool.TryParse(Single(name), out var yes)
            ? yes
            : throw Bad(name, Single(name), "true or false", []);

    public string Single(string name)
    {
        var values = given[name];
        if (values.Count != 1)
            throw new Refused(Problems.BadParameter($"The parameter {name} is given {values.Count} times; allowed: once."));
        return values[0] switch
        {
            null or "" => throw Bad(name, "", "a value, or leave the parameter out", []),
            { Length: > LongestSingle } text => throw Bad(name, text, $"at most {LongestSingle} characters", []),
            var text => text,
        };
    }

    /// <summary>Repeated parameters and comma lists alike, each value as often as it is given.</summary>
    public IEnumerable<string> Split(string name, int most = MostValues)
    {
        var seen = 0;
        var isWhole = given is BodyParameters body && body.AreWhole(name);
        foreach (var value in given[name])
        {
            // Text by text, so that a long list is refused at its first fault.
            for (int from = 0, end; from <= (value ?? "").Length; from = end + 1)
            {
                end = !isWhole && value?.IndexOf(',', from) is { } comma and >= 0 ? comma : (value ?? "").Length;
                var text = value?[from..end] ?? "";
                if (text.Length == 0)
                    throw Bad(name, value ?? "", "one value or several between commas, none of them empty", []);
                if (text.Length > LongestValue)
                    throw Bad(name, text, $"at most {LongestValue} characters a value", []);
                if (text.AsSpan().Count('*') > MostWildcards)
                    throw Bad(name, text, $"at most {MostWildcards} wildcards a value", []);
                if (++seen > most)
                    throw Bad(name, value ?? "", $"at most {most} values", []);
                yield return text;
            }
        }
    }

    /// <summary>Whether a value is a wildcard and nothing else, which filters nothing.</summary>
    public static bool IsStar(string text) => text.Length > 0 && text.AsSpan().IndexOfAnyExcept('*') < 0;

    public int Number(string name, string prefix, int least, int most) => Number(name, Single(name), prefix, least, most);

    public static int Number(string name, string text, string prefix, int least, int most)
    {
        var digits = prefix.Length > 0 && text.StartsWith(prefix, StringComparison.Ordinal) ? text.AsSpan(prefix.Length) : text;
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most
            ? number
            : throw Bad(
                name,
                text,
                prefix.Length > 0 ? $"a whole number such as 2 or {prefix}00002" : $"a whole number from {least} to {most}",
                []
            );
    }

    public long BigNumber(string name) =>
        long.TryParse(Single(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? number
            : throw Bad(name, Single(name), "the number of a publication, 0 or more", []);

    public string Date(string name) =>
        IsDay(Single(name)) ? Single(name) : throw Bad(name, Single(name), "a day that exists, as YYYYMMDD", []);

    public (string From, string To) Days(string name)
    {
        var days = Single(name).Split('-');
        return days.Length <= 2 && days.All(IsDay) && string.CompareOrdinal(days[0], days[^1]) <= 0
            ? (days[0], days[^1])
            : throw Bad(name, Single(name), "a day that exists, as YYYYMMDD, or two of them in order with a hyphen between", []);
    }

    public static bool IsDay(string text) =>
        text.Length == 8 && DateOnly.TryParseExact(text, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _);

    public static Refused Bad(string name, string text, string allowed, IReadOnlyList<NameFault> faults) =>
        new(
            Problems.BadParameter($"The parameter {name} is '{Shown(text)}'; allowed: {allowed}.") with
            {
                Errors = [.. faults.Select(fault => fault.Message)],
            }
        );

    /// <summary>A caller's text as a sentence can hold it.</summary>
    public static string Shown(string text, int most = 80) => ShownText.Plain(text, most);

    /// <summary>
    /// Leaves the reading of one parameter from wherever its fault is found; <see
    /// cref="QueryParameters.Read"/> makes an answer of it.
    /// </summary>
    public sealed class Refused(Problem problem) : Exception
    {
        public Problem Problem => problem;
    }
}
