using System.Buffers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenSdc.Server.Catalogue;

/// <summary>One deed in the audit: who did what, when, and from where. Also a line of <c>GET /audit</c>.</summary>
internal sealed record AuditEntry
{
    /// <summary>The most characters of a text in an entry.</summary>
    private const int Longest = 1000;

    private static readonly JsonWriterOptions Written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Its place in the chain: 1, 2, … without gaps; given when it is appended.</summary>
    public long Number { get; init; }

    /// <summary>When it was appended, in UTC: <c>2026-01-01T00:00:00.000Z</c>. Never before the entry before it.</summary>
    public string At { get; init; } = "";

    /// <summary>What was done, one of <see cref="AuditAction"/>.</summary>
    public required string Action { get; init; }

    /// <summary>Who did it, as <c>Caller.Name</c> says; for a command on the data folder <c>local:</c> and the user.</summary>
    public required string Caller { get; init; }

    /// <summary>The client's address; empty where no request did it.</summary>
    public string Client { get; init; } = "";

    /// <summary>The id of the request, as the log has it; empty where none did it.</summary>
    public string Request { get; init; } = "";

    /// <summary>What it was done to: the key of a file, the id of an API key, or the method and pattern of a route.</summary>
    public string Target { get; init; } = "";

    /// <summary>The status that the request was answered with; 0 where no request did it.</summary>
    public long Status { get; init; }

    /// <summary>How often it was done: more than 1 only for denied attempts.</summary>
    public long Count { get; init; } = 1;

    /// <summary>More about it, such as a reason or the change of the ledger; may be empty.</summary>
    public string Detail { get; init; } = "";

    /// <summary>SHA-256 over the hash of the entry before and all of the above, in hexadecimal digits.</summary>
    public string Hash { get; init; } = "";

    /// <summary>Who does something by a command on the data folder: the user of this machine.</summary>
    public static string LocalCaller => $"local:{Environment.UserName}";

    /// <summary>The entry of a deed of a command in a catalogue that it opened itself.</summary>
    public static AuditEntry OfLocal(string action, string target) => new() { Action = action, Caller = LocalCaller, Target = target };

    /// <summary>
    /// The entry of an upload that was interrupted after its last byte and is finished now; who sent it is
    /// not known any more.
    /// </summary>
    public static AuditEntry OfRecovery(string key) => new() { Action = AuditAction.Upload, Caller = "recovery", Target = key };

    /// <summary>The same with a text of its own in the place of each that cannot be stored or is too long.</summary>
    public AuditEntry Plain() => this with
    {
        Caller = ShownText.Plain(Caller, Longest),
        Client = ShownText.Plain(Client, Longest),
        Request = ShownText.Plain(Request, Longest),
        Target = ShownText.Plain(Target, Longest),
        Detail = ShownText.Plain(Detail, Longest),
    };

    /// <summary>
    /// The hash of this entry after another one: SHA-256 of the UTF-8 text <c>["hash
    /// before",number,"at","action","caller","client","request","target",status,count,"detail"]</c>, a JSON
    /// array without spaces in which nothing is escaped that JSON does not ask for.
    /// </summary>
    public string HashAfter(string before)
    {
        var text = new ArrayBufferWriter<byte>(512);
        using (var json = new Utf8JsonWriter(text, Written))
        {
            json.WriteStartArray();
            json.WriteStringValue(before);
            json.WriteNumberValue(Number);
            foreach (var part in (ReadOnlySpan<string>)[At, Action, Caller, Client, Request, Target])
                json.WriteStringValue(part);
            json.WriteNumberValue(Status);
            json.WriteNumberValue(Count);
            json.WriteStringValue(Detail);
            json.WriteEndArray();
        }

        return Convert.ToHexStringLower(SHA256.HashData(text.WrittenSpan));
    }

    /// <summary>The entry as one line of NDJSON.</summary>
    public string ToLine() => JsonSerializer.Serialize(this, AuditJson.Plain.AuditEntry);

    /// <summary>The entry of a line; null where it is none.</summary>
    public static AuditEntry? Parse(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, AuditJson.Plain.AuditEntry);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>What an entry can tell of.</summary>
internal static class AuditAction
{
    public const string Upload = "upload";
    public const string Mend = "mend";
    public const string Release = "release";
    public const string Unrelease = "unrelease";
    public const string Withdraw = "withdraw";
    public const string RestoreFile = "restore-file";
    public const string Purge = "purge";
    public const string KeyAdded = "key-added";
    public const string KeyRevoked = "key-revoked";
    public const string SigningKeyRotated = "signing-key-rotated";
    public const string Download = "download";
    public const string Denied = "denied";
    public const string Restored = "restored";
    public const string Dropped = "audit-dropped";

    public static readonly string[] All =
    [
        Upload,
        Mend,
        Release,
        Unrelease,
        Withdraw,
        RestoreFile,
        Purge,
        KeyAdded,
        KeyRevoked,
        SigningKeyRotated,
        Download,
        Denied,
        Restored,
        Dropped,
    ];
}

/// <summary>JSON of the audit.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(AuditEntry))]
[JsonSerializable(typeof(AuditState))]
internal sealed partial class AuditJson : JsonSerializerContext
{
    public static AuditJson Plain { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
