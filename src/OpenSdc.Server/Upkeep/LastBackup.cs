using System.Globalization;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>When <c>sdc backup</c> last copied a data folder: a file in it, for the metrics of who serves it.</summary>
internal static class LastBackup
{
    private const string FileName = "last-backup";

    /// <summary>Notes a backup that has succeeded; false where the folder cannot be written, which a backup does not need.</summary>
    public static bool TryNote(string folder, DateTimeOffset time)
    {
        var (path, fresh) = (Path.Combine(folder, FileName), Path.Combine(folder, FileName + ".new"));
        try
        {
            File.WriteAllText(fresh, time.ToString("O", CultureInfo.InvariantCulture));
            Posix.Replace(fresh, path);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>When the last one was; null where there was none, or the file says no moment.</summary>
    public static DateTimeOffset? Of(string folder)
    {
        try
        {
            return DateTimeOffset.TryParseExact(
                File.ReadAllText(Path.Combine(folder, FileName)),
                "O",
                CultureInfo.InvariantCulture,
                DateTimeStyles.None,
                out var time
            )
                ? time
                : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
