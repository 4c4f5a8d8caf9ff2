using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;

namespace OpenSdc.Server.Page;

/// <summary>
/// What <c>GET /</c> tells programs, and the page: whose archive this is, which families of files it takes,
/// where its routes are, and who the caller is to it.
/// </summary>
internal sealed class ArchiveIndex(Mission mission, ServerOptions options, AccessPolicy policy)
{
    private readonly ArchiveDescription described = new(
        "OpenSDC",
        ProgramVersion.Text,
        mission.Name,
        options.Transfers == Transfers.Direct ? "direct" : "through",
        options.MaxUploadSize,
        [
            .. mission.Families.Select(family => new FamilyDescription(
                family.Name,
                [.. family.Fields, .. family.OwnFields.Select(own => own.Name)],
                [.. family.Examples]
            )),
        ],
        new Dictionary<string, string>
        {
            ["upload"] = "/upload/{path}",
            ["uploads"] = "/uploads",
            ["query"] = "/query",
            ["coverage"] = "/coverage",
            ["facets"] = "/facets",
            ["changes"] = "/changes",
            ["download"] = "/download/{path}",
            ["health"] = "/health/ready",
            ["documentation"] = "/docs",
            ["openapi"] = "/openapi/v1.json",
        });

    public string JsonFor(Caller caller) =>
        JsonSerializer.Serialize(described with { Open = policy.IsOpen, Caller = Describe(caller) }, IndexJson.Default.ArchiveDescription);

    private static CallerDescription Describe(Caller caller) =>
        new(
            caller.Name,
            [.. ScopeWords.All.Where(word => caller.Has(ScopeWords.Find(word)!.Value))],
            caller.Expires?.ToString("yyyyMMdd HH:mm:ss", CultureInfo.InvariantCulture),
            caller.Has(Scopes.Upload) && !caller.Has(Scopes.Admin) && caller.Limits.All(each => each.Fields.Count > 0)
                ? [.. caller.Limits.Select(each => each.Fields)]
                : []
        );
}

/// <param name="Name">The program.</param>
/// <param name="Version">Its version.</param>
/// <param name="Mission">The mission's short name.</param>
/// <param name="Transfers"><c>through</c> or <c>direct</c>: how bytes travel.</param>
/// <param name="MaxUploadSize">Bytes of the largest file in one PUT.</param>
/// <param name="Families">The families of files, in the order in which a name is tried.</param>
/// <param name="Routes">Paths of the routes.</param>
internal sealed record ArchiveDescription(
    string Name,
    string Version,
    string Mission,
    string Transfers,
    long MaxUploadSize,
    IReadOnlyList<FamilyDescription> Families,
    IReadOnlyDictionary<string, string> Routes
)
{
    /// <summary>Whether everybody reads everything and may upload.</summary>
    public bool Open { get; init; }

    public CallerDescription? Caller { get; init; }
}

/// <param name="Name">Who sent the request.</param>
/// <param name="Scopes">What it may do: <c>read</c>, <c>upload</c>, <c>release</c>, <c>admin</c>.</param>
/// <param name="Expires">When its credentials end, UTC; null for never.</param>
/// <param name="UploadLimits">Which files it may upload: those whose fields have values that one of these allows; empty for all.</param>
internal sealed record CallerDescription(
    string Name,
    IReadOnlyList<string> Scopes,
    string? Expires,
    IReadOnlyList<IReadOnlyDictionary<string, IReadOnlyList<string>>> UploadLimits
);

/// <param name="Name">Its name, for the parameter <c>table</c>.</param>
/// <param name="Fields">Which fields its records have, those of the mission's own last.</param>
/// <param name="Examples">Names of files.</param>
internal sealed record FamilyDescription(string Name, IReadOnlyList<string> Fields, IReadOnlyList<string> Examples);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ArchiveDescription))]
internal sealed partial class IndexJson : JsonSerializerContext;
