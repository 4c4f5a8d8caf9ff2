using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// What a check found and a repair did, the JSON of <c>sdc fsck --json</c>. Members are only ever added; <see
/// cref="Format"/> counts the times that one changes its meaning.
/// </summary>
internal sealed record FsckReport
{
    public int Format { get; init; } = 1;

    /// <summary>The data folder; where the objects lie in a bucket, that and the prefix.</summary>
    public required string Data { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset Started { get; init; }

    /// <summary>How long it took.</summary>
    public required double Seconds { get; init; }

    /// <summary>Whether every byte was read.</summary>
    public required bool Digest { get; init; }

    /// <summary>Whether a repair was asked for.</summary>
    public required bool Repair { get; init; }

    /// <summary>A word of <see cref="FsckOutcome"/>.</summary>
    public required string Outcome { get; init; }

    /// <summary>Records compared.</summary>
    public required long Records { get; init; }

    /// <summary>Things found in the store, and their bytes.</summary>
    public required long Objects { get; init; }

    public required long ObjectBytes { get; init; }

    /// <summary>Objects read to their end, and the bytes read.</summary>
    public required long FilesRead { get; init; }

    public required long BytesRead { get; init; }

    /// <summary>The newest record before the listing began.</summary>
    public required long SeqBefore { get; init; }

    /// <summary>The newest record after it ended.</summary>
    public required long SeqAfter { get; init; }

    /// <summary>Objects without a record that are younger than the check, and were left to the next one.</summary>
    public required long Young { get; init; }

    /// <summary>How many findings there are of each kind; every kind is there.</summary>
    public required IReadOnlyDictionary<string, long> Counts { get; init; }

    /// <summary>Changes that a repair makes, and how many it may make.</summary>
    public required long Changes { get; init; }

    public required long AllowedChanges { get; init; }

    /// <summary>Changes made.</summary>
    public required long Done { get; init; }

    /// <summary>The log by which the repair can be undone; null where nothing was changed.</summary>
    public string? Log { get; init; }

    /// <summary>Everything found.</summary>
    public required IAsyncEnumerable<FsckFinding> Findings { get; init; }
}

/// <summary>How a check ended, from best to worst.</summary>
internal static class FsckOutcome
{
    public const string Clean = "clean";

    /// <summary>A repair dealt with all that was found.</summary>
    public const string Repaired = "repaired";

    /// <summary>Something is wrong: found in a dry run, or left by a repair.</summary>
    public const string Problems = "problems";

    /// <summary>A repair would have changed more than it may, and changed nothing.</summary>
    public const string Stopped = "stopped";
}

/// <summary>What an undo did, the JSON of <c>sdc fsck --undo LOG --json</c>.</summary>
/// <param name="Undid">The log that was undone.</param>
/// <param name="Undone">Actions undone.</param>
/// <param name="Left">One sentence for each that was not.</param>
/// <param name="Log">The log of the undo itself, by which it can be undone in turn.</param>
internal sealed record FsckUndoReport(string Undid, long Undone, IReadOnlyList<string> Left, string Log);

/// <summary>JSON of the checks, made at compile time.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(FsckFinding))]
[JsonSerializable(typeof(FsckReport))]
[JsonSerializable(typeof(FsckUndoReport))]
[JsonSerializable(typeof(FsckLogLine))]
[JsonSerializable(typeof(FsckPositionLine))]
internal sealed partial class FsckJson : JsonSerializerContext;
