using System.Text.Json.Serialization;

namespace OpenSdc.Contract;

/// <summary>JSON of the types that cross the wire, made at compile time: snake_case names, nothing by reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FileRecord))]
[JsonSerializable(typeof(UploadReceipt))]
[JsonSerializable(typeof(UploadStatus))]
[JsonSerializable(typeof(PartList))]
[JsonSerializable(typeof(string))]
public sealed partial class ContractJson : JsonSerializerContext;
