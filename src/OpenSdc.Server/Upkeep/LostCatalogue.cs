namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Keeps the service from starting on objects without their catalogue: it would begin a new one beside them, give their numbers to other files, and
/// the archive would look empty instead of damaged.
/// </summary>
internal static class LostCatalogue
{
    /// <exception cref="SettingException">The folder holds objects and no catalogue, or is a backup.</exception>
    public static void Refuse(string dataFolder)
    {
        var folder = Path.GetFullPath(dataFolder);
        if (File.Exists(Path.Combine(folder, BackupState.FileName)))
            throw new SettingException($"The folder {folder} is a backup; sdc restore makes a data folder from it.");
        var objects = Path.Combine(folder, "objects");
        if (!File.Exists(Path.Combine(folder, "catalogue.sqlite")) && Directory.Exists(objects) && Directory.EnumerateFiles(objects, "*", SearchOption.AllDirectories).Any())
        {
            throw new SettingException(
                $"The data folder {folder} holds files, but no catalogue.sqlite: put the one of the last backup there and run sdc fsck --repair, or make one from the files with sdc rebuild.");
        }
    }
}
