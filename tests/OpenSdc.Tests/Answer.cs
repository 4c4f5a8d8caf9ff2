using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace OpenSdc.Tests;

/// <summary>One answer of the archive, read to its end.</summary>
public sealed partial record Answer(int Status, IReadOnlyDictionary<string, string> Headers, byte[] Bytes)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public JsonElement Json => JsonElement.Parse(Bytes);

    /// <summary>A header's value, or null.</summary>
    public string? this[string header] => Headers.GetValueOrDefault(header);

    /// <summary>
    /// The body as the founding document prints it: the address and the credentials, which differ from run to
    /// run, replaced by a word.
    /// </summary>
    public string Printed(RunningArchive archive) => Print(Text, archive);

    public static string Print(string text, RunningArchive archive) =>
        Credentials().Replace(text.Replace(archive.Address, "http://archive", StringComparison.Ordinal), "?<credentials-string>");

    [GeneratedRegex(@"\?expires=\d{10}&signature=[\w-]{43}(?![\w-])")]
    private static partial Regex Credentials();
}
