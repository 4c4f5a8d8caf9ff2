using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>What an object turned out to be beside its record: a kind of fault and its sentence, or nothing to say.</summary>
internal readonly record struct Verdict(string? Kind, string? Sentence)
{
    public static Verdict Sound => default;

    public static Verdict Lost { get; } = new(FsckKind.Lost, "There is no object under its key.");

    public static Verdict NoFile { get; } = new(FsckKind.Lost, "What lies under its key is no file.");

    /// <summary>By the length alone.</summary>
    public static Verdict OfLength(KeptFile record, long length) =>
        length == record.Size ? Sound : new(FsckKind.Size, $"The record says {record.Size} bytes, the object has {length}.");

    /// <summary>By opening the object; where a pace is given, by reading every byte of it.</summary>
    public static async ValueTask<Verdict> OfAsync(KeptFile record, IObjectStore store, FsckPace? pace, CancellationToken cancel)
    {
        try
        {
            using var stored = await store.OpenAsync(record.Key, cancel);
            if (stored is null)
                return Lost;
            if (OfLength(record, stored.Length) is { Kind: not null } other || pace is null)
                return OfLength(record, stored.Length);
            var digest = await ObjectDigest.OfAsync(pace.Apply(stored), cancel);
            return digest == record.Sha256 ? Sound : new(FsckKind.Digest, $"The record says SHA-256 {record.Sha256}, the object has {digest}.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Not a mark's reason: it may be the right of whoever runs the check that fails, and not the object.
            return new(FsckKind.Unreadable, $"Its object cannot be read: {failure.Message}");
        }
    }
}
