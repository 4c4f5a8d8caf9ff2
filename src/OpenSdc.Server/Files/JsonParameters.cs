using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Primitives;

namespace OpenSdc.Server.Files;

/// <summary>
/// The parameters of a query out of a JSON object, read as its bytes come. A body that cannot be a query is
/// refused at its first fault, and the time that reading takes grows with the length of the body.
/// </summary>
/// <param name="names">The parameters that there are.</param>
internal sealed class JsonParameters(IEnumerable<string> names)
{
    // The reader begins a text anew whenever more of it has come. For a long text, which may come in many
    // small pieces, that is only done when its length has doubled.
    private const int ShortText = 4096;

    private readonly Dictionary<string, StringValues> members = new(StringComparer.Ordinal);
    private readonly HashSet<string> arrays = new(StringComparer.Ordinal);
    private readonly List<string> values = [];
    private JsonReaderState state;
    private string? name;
    private bool isInArray;
    private long worthReading;

    /// <summary>The members so far; all of them after the last piece.</summary>
    public IReadOnlyDictionary<string, StringValues> Members => members;

    /// <summary>The members that are arrays.</summary>
    public IReadOnlySet<string> Arrays => arrays;

    /// <summary>Whether the last piece was looked at, and not only kept until there is more.</summary>
    public bool HasLooked { get; private set; }

    /// <summary>Reads what has come since the last call.</summary>
    /// <param name="bytes">The bytes that are not yet consumed.</param>
    /// <param name="isLast">Whether no more will come.</param>
    /// <param name="consumed">Up to where they were read; the rest is given again with the next piece.</param>
    /// <returns>The problem with the body, or null.</returns>
    /// <exception cref="JsonException">The body is not JSON.</exception>
    public Problem? Read(ReadOnlySequence<byte> bytes, bool isLast, out SequencePosition consumed)
    {
        consumed = bytes.Start;
        HasLooked = isLast || bytes.Length >= worthReading;
        if (!HasLooked)
            return null;
        var json = new Utf8JsonReader(bytes, isLast, state);
        Problem? problem = null;
        while (problem is null && json.Read())
            problem = Take(ref json);
        state = json.CurrentState;
        consumed = json.Position;
        var rest = bytes.Length - json.BytesConsumed;
        worthReading = rest > ShortText ? 2 * rest : 0;
        return problem;
    }

    private Problem? Take(ref Utf8JsonReader json)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.PropertyName when json.CurrentDepth == 1:
                name = Text(ref json);
                if (name is null)
                    return HalfCharacter;
                if (!names.Contains(name))
                    return Problems.UnknownParameter(ParameterValues.Shown(name), QueryParameters.Names);
                return members.ContainsKey(name)
                    ? Malformed($"has the member {name} more than once; several values of a parameter are an array")
                    : null;
            case JsonTokenType.StartArray when name is not null && !isInArray:
                isInArray = true;
                return null;
            case JsonTokenType.EndArray when isInArray:
                // A client that has no names left must not be given all files there are.
                if (values.Count == 0)
                    return Malformed($"has the member {name}, which is an empty array");
                return EndMember();
            case JsonTokenType.String or JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False when name is not null:
                if (Text(ref json) is not { } value)
                    return HalfCharacter;
                if (values.Count == QueryParameters.MostFiles)
                    return Malformed($"has the member {name} with more than {QueryParameters.MostFiles} values");
                values.Add(value);
                return isInArray ? null : EndMember();
            case JsonTokenType.StartObject or JsonTokenType.EndObject when name is null:
                return null;
            default:
                return name is null
                    ? Malformed("is JSON, but no object")
                    : Malformed($"has the member {name}, which is no text, number, true or false, nor an array of these");
        }
    }

    private Problem? EndMember()
    {
        if (isInArray)
            arrays.Add(name!);
        members.Add(name!, new StringValues([.. values]));
        values.Clear();
        (name, isInArray) = (null, false);
        return null;
    }

    /// <summary>
    /// The text of a name or a value; null where it holds an escape such as <c>\ud800</c> alone, which is
    /// well-formed JSON and no text.
    /// </summary>
    private static string? Text(ref Utf8JsonReader json)
    {
        switch (json.TokenType)
        {
            case JsonTokenType.True:
                return "true";
            case JsonTokenType.False:
                return "false";
            case JsonTokenType.Number:
                return Encoding.ASCII.GetString(json.HasValueSequence ? json.ValueSequence.ToArray() : json.ValueSpan);
            default:
                try
                {
                    return json.GetString();
                }
                catch (InvalidOperationException)
                {
                    return null;
                }
        }
    }

    private static Problem HalfCharacter => Malformed("holds half of a Unicode character");

    private static Problem Malformed(string what) => QueryBody.Malformed(what);
}
