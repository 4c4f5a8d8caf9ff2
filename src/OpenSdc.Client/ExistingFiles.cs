using OpenSdc.Contract;

namespace OpenSdc.Client;

/// <summary>What a download does with a file that is there already.</summary>
internal static class ExistingFiles
{
    /// <summary>
    /// The digest of a local file that agrees and is left; null where the file is to be fetched.
    /// </summary>
    public static async Task<string?> CompareAsync(FileRecord record, string path, ExistingFile existing, CancellationToken cancel)
    {
        if (Directory.Exists(path))
            throw new SdcException(SdcError.LocalFile, $"{path} is a folder, so that the file cannot be there.");
        if (!File.Exists(path))
            return existing == ExistingFile.Verify ? throw new SdcException(SdcError.LocalFile, $"{path} is absent.") : null;
        if (existing == ExistingFile.Overwrite)
            return null;
        if (existing == ExistingFile.Error)
            throw new SdcException(SdcError.LocalFile, $"{path} is there already.");
        if (record.Size < 0 || new FileInfo(path).Length == record.Size)
        {
            var digest = await PartFile.DigestAsync(path, cancel);
            if (record.Sha256.Length == 64 ? digest == record.Sha256 : record.Size >= 0)
                return digest;
        }

        return existing == ExistingFile.Refresh ? null
            : throw new SdcException(SdcError.LocalFile, $"{path} differs from the archive's file.");
    }
}
