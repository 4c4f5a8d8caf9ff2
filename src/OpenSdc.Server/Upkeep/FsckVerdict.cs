using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>What an object turned out to be beside its record: a kind of fault and its sentence, or nothing to say.</summary>
/// <param name="Kind">A word of <see cref="FsckKind"/>; null where all is well.</param>
/// <param name="Sentence">For the operator; null where all is well.</param>
/// <param name="Mark">What the record is to be marked as by this; null for what says nothing of the bytes, and where all is well.</param>
internal readonly record struct FsckVerdict(string? Kind, string? Sentence, string? Mark)
{
    public static FsckVerdict Sound => default;

    public static FsckVerdict Lost { get; } = new(FsckKind.Lost, "There is no object under its key.", ChangeKind.Lost);

    public static FsckVerdict NoFile { get; } = new(FsckKind.Lost, "What lies under its key is no file.", ChangeKind.Lost);

    /// <summary>By the length alone.</summary>
    public static FsckVerdict OfLength(KeptFile record, long length) =>
        length == record.Size ? Sound : new(FsckKind.Size, $"The record says {record.Size} bytes, the object has {length}.", ChangeKind.Damaged);

    /// <summary>By opening the object; where a pace is given, by reading every byte of it.</summary>
    public static async ValueTask<FsckVerdict> OfAsync(KeptFile record, IObjectStore store, FsckPace? pace, CancellationToken cancel)
    {
        try
        {
            using var stored = await store.OpenAsync(record.Key, cancel);
            if (stored is null)
                return Lost;
            var byLength = OfLength(record, stored.Length);
            if (byLength.Kind is not null || pace is null)
                return byLength;
            var digest = await pace.DigestAsync(stored, cancel);
            return digest == record.Sha256 ? Sound : new(FsckKind.Digest, $"The record says SHA-256 {record.Sha256}, the object has {digest}.", ChangeKind.Damaged);
        }
        catch (IOException failure) when (Disk.IsReadError(failure))
        {
            return new(FsckKind.Unreadable, $"The disk cannot read its object: {failure.Message}", ChangeKind.Damaged);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Not a mark's reason: it may be the right of whoever runs the check that fails, and not the object.
            return new(FsckKind.Unreadable, $"Its object cannot be opened or read: {failure.Message}", Mark: null);
        }
    }
}
