using System.Text.Json.Serialization;

namespace OpenSdc.Client;

/// <summary>
/// JSON that only the client has, made at compile time. What it shares with the server is in
/// <see cref="OpenSdc.Contract.ContractJson"/>.
/// </summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(IReadOnlyList<CoverageBin>))]
[JsonSerializable(typeof(UploadStart))]
internal sealed partial class ClientJson : JsonSerializerContext;

/// <summary>The body of <c>POST /uploads</c>.</summary>
internal sealed record UploadStart(string Filename, long Size, string Sha256);
