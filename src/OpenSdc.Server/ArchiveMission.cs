using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server;

/// <summary>
/// The mission by whose file an archive reads its names. It is stored at the archive's first start and counts
/// from then on, whatever a later start names: another one is only taken where that is asked for, and no
/// record would be read otherwise by it.
/// </summary>
internal sealed partial class ArchiveMission(
    ServerOptions options,
    Catalogue.Catalogue catalogue,
    TimeProvider clock,
    ILogger<ArchiveMission> logger
)
{
    private readonly MissionTable table = new(catalogue);
    private Mission? mission;

    public Mission Mission => mission ?? throw new InvalidOperationException("The mission is read after the catalogue is open.");

    /// <summary>The mission of an archive that has not been started yet.</summary>
    /// <exception cref="SettingException">Its file cannot be used.</exception>
    public static MissionText First(ServerOptions options) =>
        MissionText.InFolder(options.Data) ?? MissionText.Given(options) ?? MissionText.BuiltIn;

    /// <summary>
    /// Reads the stored mission, or stores the first one. Call once, after the catalogue is open and before a
    /// name is read.
    /// </summary>
    /// <exception cref="SettingException">The settings name another one, or one that cannot be
    /// used.</exception>
    public async Task OpenAsync(CancellationToken cancel)
    {
        var given = MissionText.Given(options);
        if (await table.NewestAsync(cancel) is null)
        {
            var first = First(options);
            first.Load();
            await AddAsync(1, first, cancel);
        }

        var stored = (await table.NewestAsync(cancel))!;
        var kept = new MissionText(stored.Text, $"The mission file that the archive in {catalogue.Name} keeps");
        var newest = given ?? (options.AcceptMissionChange && stored.IsBuiltIn ? MissionText.BuiltIn : null);
        if (newest is not null && !newest.SaysTheSame(kept))
            kept = await TakeAsync(kept, stored, newest, cancel);
        else if (newest is null && stored.IsBuiltIn && !kept.SaysTheSame(MissionText.BuiltIn))
            LogNewer(logger, stored.At);
        mission = kept.Load();
        // Where the archive keeps anything in a data folder, a catalogue that is lost can be made again from it alone.
        if (options is { Catalogue: null } or { Objects: null })
            kept.Keep(options.Data);
    }

    private async Task<MissionText> TakeAsync(MissionText kept, StoredMission stored, MissionText other, CancellationToken cancel)
    {
        var (old, next) = (kept.Load(), other.Load());
        if (!options.AcceptMissionChange)
        {
            throw new SettingException(
                $"{other.From} is not the one that the archive in {catalogue.Name} keeps, of the mission {old.Name}, stored {stored.At}. "
                + "Leave the setting mission out, or start once with --accept-mission-change, which compares every record first.");
        }

        await MissionChange.RefuseAsync(table, old, next, other.From, cancel);
        await AddAsync(stored.Number + 1, other, cancel);
        LogTaken(logger, next.Name, old.Name);
        return other;
    }

    private Task AddAsync(long number, MissionText text, CancellationToken cancel) =>
        table.AddAsync(new StoredMission(number, Catalogue.Catalogue.Text(clock.GetUtcNow()), text.IsBuiltIn, text.Text), cancel);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "the program brings a newer built-in mission file than the one of {At} that the archive keeps and goes on with; --accept-mission-change takes the newer one where every record is read the same by it"
    )]
    private static partial void LogNewer(ILogger logger, string at);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "the archive keeps another mission file from now on, of the mission {Mission}; it was {Before}"
    )]
    private static partial void LogTaken(ILogger logger, string mission, string before);
}
