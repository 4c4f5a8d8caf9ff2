using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace OpenSdc.Server.Files.Kernels;

/// <summary>
/// The parameters of a route of the live service, each given once. What cannot be read is refused in the live
/// service's words: a bare JSON string.
/// </summary>
internal sealed class KernelParameters
{
    private readonly IQueryCollection given;

    /// <param name="given">What was given.</param>
    /// <param name="documented">The parameters that the refusal of an unknown one lists.</param>
    /// <param name="others">Parameters that installed clients send as well.</param>
    /// <exception cref="BareRefusal">One is not known, or is given more than once.</exception>
    public KernelParameters(IQueryCollection given, IReadOnlyList<string> documented, IReadOnlyList<string> others)
    {
        this.given = given;
        foreach (var (name, values) in given)
        {
            if (!documented.Contains(name) && !others.Contains(name))
                throw new BareRefusal(
                    400,
                    $"{ParameterValues.Shown(name)} is not a valid query parameter. Valid query parameters are: [{string.Join(", ", documented.Select(each => $"'{each}'"))}]"
                );
            if (values.Count > 1 && name != "file_types")
                throw Invalid(name, values.ToString());
        }
    }

    /// <summary>The value of a parameter; null where it is absent or empty.</summary>
    public string? Text(string name) => given.TryGetValue(name, out var values) && values.ToString() is { Length: > 0 } text ? text : null;

    /// <summary>The words of a comma list or of a repeated parameter.</summary>
    public string[] Words(string name) =>
        Text(name)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [];

    /// <summary>True or false, in any case; false where it is absent.</summary>
    public bool Flag(string name) => Text(name) is { } text && (bool.TryParse(text, out var value) ? value : throw Invalid(name, text));

    /// <summary>A day, <c>YYYYMMDD</c>.</summary>
    public DateTime? Day(string name) => Text(name) is not { } text ? null : DayOf(text) ?? throw Invalid(name, text);

    /// <summary>A moment in seconds of TDB past J2000.</summary>
    public double? Seconds(string name) =>
        Text(name) is not { } text ? null : EphemerisTime.Parse(text) ?? throw new BareRefusal(400, "Expected start/end times in ET.");

    /// <summary>A moment in seconds of TDB past J2000, or a day, of which the first or the last second is meant.</summary>
    public double? SecondsOrDay(string name, bool isEnd) =>
        Text(name) is { Length: 8 } text && DayOf(text) is { } day
            ? EphemerisTime.Of(isEnd ? day.AddDays(1).AddSeconds(-1) : day)
            : Seconds(name);

    /// <summary>Refuses a range whose end is before its start: its empty list would hide the slip.</summary>
    public void RequireOrder<T>(T? from, T? to, params ReadOnlySpan<string> endNames) where T : struct, IComparable<T>
    {
        if (from is not { } start || to is not { } end || start.CompareTo(end) <= 0)
            return;
        foreach (var name in endNames)
        {
            if (Text(name) is { } text)
                throw Invalid(name, text);
        }
    }

    public static BareRefusal Invalid(string name, string? value) =>
        new(400, $"Invalid value for {name}: {ParameterValues.Shown(value ?? "")}");

    private static DateTime? DayOf(string text) =>
        DateTime.TryParseExact(
            text,
            "yyyyMMdd",
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var day
        )
            ? day
            : null;
}

/// <summary>Leaves a route of the live service with its own form of an error: a status and a JSON string.</summary>
internal sealed class BareRefusal(int status, string sentence) : Exception(sentence)
{
    public BareText Answer => new(status, "application/json", Representation.Quoted(Message));
}

/// <summary>A bare answer, whatever the <c>Accept</c> header says.</summary>
internal sealed record BareText(int Status, string ContentType, string Text) : IResult, IStatusCodeHttpResult
{
    int? IStatusCodeHttpResult.StatusCode => Status;

    public Task ExecuteAsync(HttpContext context) =>
        TypedResults.Text(Text, ContentType, System.Text.Encoding.UTF8, Status).ExecuteAsync(context);

    /// <summary>A list whose items are written one by one.</summary>
    public static BareText List<T>(IEnumerable<T> items, Action<Utf8JsonWriter, T> write)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartArray();
            foreach (var item in items)
                write(json, item);
            json.WriteEndArray();
        }

        return new(200, "application/json", System.Text.Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length));
    }
}
