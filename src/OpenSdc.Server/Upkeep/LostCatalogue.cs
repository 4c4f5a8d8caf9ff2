using OpenSdc.Contract.Naming;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Keeps the service from starting on objects without their catalogue, which a lost file or a wrong setting makes: it would begin a new one beside them, give their
/// numbers to other files, and the archive would look empty instead of damaged.
/// </summary>
internal sealed class LostCatalogue(ServerOptions options, IObjectStore store, Catalogue.Catalogue catalogue, Mission mission)
{
    // A bucket may hold much that is not the archive's; an archive shows itself long before.
    private const int LookedAt = 10_000;

    /// <summary>Looks at the data folder before it is opened, and so before anything is made in it.</summary>
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

    /// <summary>Opens the catalogue. Where it and the objects lie apart, and it is new, the objects must be as well.</summary>
    /// <exception cref="SettingException">It cannot be opened, or the store holds files that it knows nothing of.</exception>
    public async Task OpenCatalogueAsync(CancellationToken cancel)
    {
        var liesApart = options.Catalogue is not null || options.Objects is not null;
        // Before the file is made, so that a rebuild finds its place free.
        if (liesApart && options.Catalogue is null && !File.Exists(catalogue.Name))
            await RefuseAsync(cancel);
        await catalogue.OpenAsync(cancel);
        if (liesApart && await catalogue.IsNewAsync(cancel))
            await RefuseAsync(cancel);
    }

    private async Task RefuseAsync(CancellationToken cancel)
    {
        // On a disk the very first upload may have been cut short between its object and its record; recovery ends it.
        if (store.Direct is null && await store.LeftOverAsync(writtenBefore: null, cancel).AnyAsync(cancel))
            return;
        var file = await store.ListAsync(cancel).Take(LookedAt)
            .FirstOrDefaultAsync(each => each.What == ListedKind.Object && FileName.Parse(each.Key[(each.Key.LastIndexOf('/') + 1)..], mission).Name?.Key == each.Key, cancel);
        if (file.Key is null)
            return;
        var objects = S3Location.Of(options)?.ToString() ?? Path.Combine(Path.GetFullPath(options.Data), "objects");
        throw new SettingException(
            $"The records are to lie in {catalogue.Name}, which has none, but {objects} holds files, such as {file.Key}: mend the setting that is wrong, "
            + "bring the records back from their backup, or make them from the files with sdc rebuild; a new archive needs an empty place for its objects.");
    }
}
