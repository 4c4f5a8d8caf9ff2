using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace OpenSdc.Server.Files;

/// <summary>
/// The parameters of a request with a body, some of which are JSON arrays: each element of an array is one
/// value, whatever commas it holds.
/// </summary>
internal sealed class BodyParameters : QueryCollection
{
    private readonly Dictionary<string, StringValues> given;
    private readonly HashSet<string> arrays = new(StringComparer.Ordinal);

    public BodyParameters(Dictionary<string, StringValues> given)
        : base(given) => this.given = given;

    /// <summary>Whether the values of a parameter are whole, and not lists with commas between.</summary>
    public bool AreWhole(string name) => arrays.Contains(name);

    /// <summary>Called once for each name of the body: the values of the address come first.</summary>
    public void Add(string name, StringValues values) => given[name] = StringValues.Concat(given.GetValueOrDefault(name), values);

    public void AddArray(string name, StringValues elements)
    {
        // What the address gives for the same parameter is a list between commas.
        if (arrays.Add(name) && given.TryGetValue(name, out var lists))
            given[name] = lists.SelectMany(list => (list ?? "").Split(',')).ToArray();
        Add(name, elements);
    }
}
