using System.Text.Json;
using System.Text.Json.Serialization;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Page;

/// <summary>What <c>GET /</c> tells programs, and the page: whose archive this is, which families of files it takes, and where its routes are.</summary>
internal sealed class ArchiveIndex(Mission mission, ServerOptions options)
{
    public string Json { get; } = JsonSerializer.Serialize(
        new ArchiveDescription(
            "OpenSDC",
            ProgramVersion.Text,
            mission.Name,
            options.Transfers == Transfers.Direct ? "direct" : "through",
            options.MaxUploadSize,
            [.. mission.Families.Select(family => new FamilyDescription(family.Name, [.. family.Fields, .. family.OwnFields.Select(own => own.Name)], [.. family.Examples]))],
            new Dictionary<string, string>
            {
                ["upload"] = "/upload/{path}",
                ["uploads"] = "/uploads",
                ["query"] = "/query",
                ["coverage"] = "/coverage",
                ["facets"] = "/facets",
                ["download"] = "/download/{path}",
                ["health"] = "/health/ready",
                ["documentation"] = "/docs",
                ["openapi"] = "/openapi/v1.json",
            }),
        IndexJson.Default.ArchiveDescription);
}

/// <param name="Name">The program.</param>
/// <param name="Version">Its version.</param>
/// <param name="Mission">The mission's short name.</param>
/// <param name="Transfers"><c>through</c> or <c>direct</c>: how bytes travel.</param>
/// <param name="MaxUploadSize">Bytes of the largest file in one PUT.</param>
/// <param name="Families">The families of files, in the order in which a name is tried.</param>
/// <param name="Routes">Paths of the routes.</param>
internal sealed record ArchiveDescription(
    string Name, string Version, string Mission, string Transfers, long MaxUploadSize, IReadOnlyList<FamilyDescription> Families, IReadOnlyDictionary<string, string> Routes);

/// <param name="Name">Its name, for the parameter <c>table</c>.</param>
/// <param name="Fields">Which fields its records have, those of the mission's own last.</param>
/// <param name="Examples">Names of files.</param>
internal sealed record FamilyDescription(string Name, IReadOnlyList<string> Fields, IReadOnlyList<string> Examples);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ArchiveDescription))]
internal sealed partial class IndexJson : JsonSerializerContext;
