using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// Keeps the service from starting on objects without their catalogue, or with another archive's, which a
/// lost file or a wrong setting makes: it would begin a new one beside them, give their numbers to other
/// files, and the archive would look empty instead of damaged; or mark every file as lost, and mix what comes
/// with another archive's objects.
/// </summary>
internal sealed class LostCatalogue(ServerOptions options, IObjectStore store, Catalogue.Catalogue catalogue, IntegrityState integrity)
{
    // A bucket may hold much that is not the archive's; an archive shows itself long before.
    private const int LookedAt = 10_000;

    // Of a catalogue's own objects the first is there; harm to some of them is not the start's to judge.
    private const int LookedFor = 16;

    private string Objects => S3Location.Of(options)?.ToString() ?? Path.Combine(Path.GetFullPath(options.Data), "objects");

    /// <summary>Looks at the data folder before it is opened, and so before anything is made in it.</summary>
    /// <exception cref="SettingException">The folder holds objects and no catalogue, or is a backup.</exception>
    public static void Refuse(string dataFolder)
    {
        var folder = Path.GetFullPath(dataFolder);
        if (File.Exists(Path.Combine(folder, BackupState.FileName)))
            throw new SettingException($"The folder {folder} is a backup; sdc restore makes a data folder from it.");
        var objects = Path.Combine(folder, "objects");
        if (
            !File.Exists(Path.Combine(folder, "catalogue.sqlite"))
            && Directory.Exists(objects)
            && Directory.EnumerateFiles(objects, "*", SearchOption.AllDirectories).Any()
        )
        {
            throw new SettingException(
                $"The data folder {folder} holds files, but no catalogue.sqlite: put the one of the last backup there and run sdc new-history and sdc fsck --repair, or make one from the files with sdc rebuild."
            );
        }
    }

    /// <summary>
    /// Opens the catalogue. Where it and the objects lie apart they must belong together: where it is new, so
    /// must the objects be, and otherwise some of its files must be there.
    /// </summary>
    /// <exception cref="SettingException">It cannot be opened, or the store holds files that it knows nothing
    /// of, or none of its own.</exception>
    public async Task OpenCatalogueAsync(CancellationToken cancel)
    {
        var liesApart = options.Catalogue is not null || options.Objects is not null;
        // Before the file is made, so that a rebuild finds its place free.
        if (liesApart && options.Catalogue is null && !File.Exists(catalogue.Name))
            await RefuseAsync(cancel);
        await catalogue.OpenAsync(cancel);
        if (!liesApart)
            return;
        if (await catalogue.IsNewAsync(cancel))
            await RefuseAsync(cancel);
        else
            await RefuseOthersAsync(cancel);
    }

    /// <summary>
    /// Looks for the newest file, and where it is not there for others, from all of the archive's time: an
    /// older state of the right bucket still has those.
    /// </summary>
    private async Task RefuseOthersAsync(CancellationToken cancel)
    {
        var head = await catalogue.HeadAsync(cancel);
        var missing = new List<string>();
        for (var i = 0; i < LookedFor; i++)
        {
            // What is known to be lost says nothing.
            if (await integrity.BySeqAsync((head * (LookedFor - i) / LookedFor) - 1, 1, cancel) is not [{ Mark: null } file])
                continue;
            // Where the store refuses nothing can be said; what the archive does without its store it does from the beginning.
            if (
                await ObjectVerifier.VerifyLengthAsync(store.OpenAsync, file.ToObject(), cancel)
                is { State: ObjectState.Intact }
                    or { Fault: ObjectFault.Refused }
            )
                return;
            missing.Add(file.Key);
        }

        if (missing.Count > 0)
        {
            throw new SettingException(
                $"The records in {catalogue.Name} are of other files than those in {Objects}: none of {missing.Distinct().Count()} that were looked for is there with the size that was recorded, such as {missing[0]}. "
                + "Mend the setting that is wrong; where the files are gone, sdc fsck --repair marks them as lost.");
        }
    }

    private async Task RefuseAsync(CancellationToken cancel)
    {
        // On a disk the very first upload may have been cut short between its object and its record; recovery ends it.
        if (!store.Capabilities.IsShared && await store.LeftOverAsync(writtenBefore: null, cancel).AnyAsync(cancel))
            return;
        var mission = ArchiveMission.First(options).Load();
        var file = await store
            .ListAsync(cancel)
            .Take(LookedAt)
            .FirstOrDefaultAsync(
                each =>
                    each.What == ListedKind.Object
                    && FileName.Parse(each.Key[(each.Key.LastIndexOf('/') + 1)..], mission).Name?.Key == each.Key,
                cancel
            );
        if (file.Key is null)
            return;
        throw new SettingException(
            $"The records are to lie in {catalogue.Name}, which has none, but {Objects} holds files, such as {file.Key}: mend the setting that is wrong, "
                + "bring the records back from their backup, or make them from the files with sdc rebuild; a new archive needs an empty place for its objects."
        );
    }
}
