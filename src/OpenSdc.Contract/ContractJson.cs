using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenSdc.Contract;

/// <summary>JSON of the types that cross the wire, made at compile time: snake_case names, nothing by reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(FileRecord))]
[JsonSerializable(typeof(UploadReceipt))]
[JsonSerializable(typeof(UploadStatus))]
[JsonSerializable(typeof(PartList))]
[JsonSerializable(typeof(UploadList))]
[JsonSerializable(typeof(string))]
public sealed partial class ContractJson : JsonSerializerContext
{
    /// <summary>The same for answers with URLs, whose <c>&amp;</c> is left as it is, so that they can be cut out of the text.</summary>
    public static ContractJson WithUrls { get; } =
        new(
            new JsonSerializerOptions
            {
                PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
                Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );
}
