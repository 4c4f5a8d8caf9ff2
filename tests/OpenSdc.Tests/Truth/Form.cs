using System.Text.RegularExpressions;
using Shouldly;

namespace OpenSdc.Tests.Truth;

/// <summary>One way in which an answer is written: how it is asked for, what of it is compared, and what that must be.</summary>
/// <param name="Format">The parameter <c>format</c>; null for none.</param>
/// <param name="Accept">The header; null for none.</param>
/// <param name="Truth">The rows as the contract has them written.</param>
public sealed partial record Form(string? Format, string? Accept, Func<IEnumerable<TruthRow>, string> Truth)
{
    public static readonly Form Plain = new(null, null, OpenSdc.Tests.Truth.Truth.Plain);

    public static readonly Form Documented = new(null, "application/json", OpenSdc.Tests.Truth.Truth.Documented);

    public static readonly Form[] Formats =
    [
        new("csv", null, OpenSdc.Tests.Truth.Truth.Csv),
        new("ndjson", "application/json", OpenSdc.Tests.Truth.Truth.Ndjson),
        new("sha256sum", null, OpenSdc.Tests.Truth.Truth.Sha256Sum),
        new("json", "application/json", OpenSdc.Tests.Truth.Truth.Plain),
        new("urls", null, OpenSdc.Tests.Truth.Truth.Urls),
    ];

    public static readonly Form[] All = [Plain, Documented, .. Formats];

    /// <summary>What is compared: the documented body, or all of the answer but hosts, signatures and the escapes of addresses.</summary>
    public string TextOf(Answer answer)
    {
        if (Format is not null || Accept is null)
            return Format == "urls" ? Uri.UnescapeDataString(Signed().Replace(answer.Text, "$1")) : answer.Text;
        answer.Json.GetProperty("statusCode").GetInt32().ShouldBe(200);
        return answer.Json.GetProperty("body").GetString()!;
    }

    [GeneratedRegex(@"^http://[^/]+(/\S+)\?expires=\d+&signature=[\w-]{43}(?=\n)", RegexOptions.Multiline)]
    private static partial Regex Signed();
}
