using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// An archive opened for upkeep from outside the service, which may be serving it meanwhile, on this machine
/// or on others.
/// </summary>
internal sealed class OpenArchive : IDisposable
{
    private readonly Telemetry telemetry = new();
    private readonly DataFolder? data;
    private readonly S3Location? bucket;
    private readonly SqlDialect dialect;

    private OpenArchive(
        ServerOptions options,
        DataFolder? folder,
        S3Location? location,
        IObjectStore store,
        SqlDialect dialect,
        TimeProvider clock
    )
    {
        (data, bucket, this.dialect) = (folder, location, dialect);
        WorkFolder = Path.GetFullPath(options.Data);
        Mission = ArchiveMission.First(options).Load();
        Store = store;
        Catalogue = new Catalogue.Catalogue(dialect, clock, telemetry);
        Integrity = new IntegrityState(Catalogue, clock);
    }

    /// <summary>What it is called in reports and logs: the data folder, or the bucket and prefix where its objects lie in one.</summary>
    public string Name => bucket?.ToString() ?? WorkFolder;

    /// <summary>The data folder; of an archive that keeps nothing on this machine, where upkeep keeps its logs.</summary>
    public string WorkFolder { get; }

    /// <summary>
    /// The mission that the archive keeps; of one without a catalogue the one that its data folder keeps, or
    /// the settings name.
    /// </summary>
    public Mission Mission { get; private set; }

    public IObjectStore Store { get; }

    public Catalogue.Catalogue Catalogue { get; }

    public IntegrityState Integrity { get; }

    /// <summary>Whether a process serves it now; what several machines share is always taken to be served.</summary>
    public bool IsServed => data?.IsServed() ?? true;

    /// <param name="options">The settings; of them those of the store and the catalogue, and the mission.</param>
    /// <param name="clock">The time of events.</param>
    /// <param name="cancel">Ends the waiting for a store.</param>
    /// <param name="catalogueFile">Another catalogue than the archive's own.</param>
    /// <exception cref="SettingException">There is no archive.</exception>
    public static async Task<OpenArchive> OpenAsync(
        ServerOptions options,
        TimeProvider clock,
        CancellationToken cancel,
        string? catalogueFile = null
    )
    {
        var folder = Join(options);
        try
        {
            SqlDialect records = options.Catalogue is { } connection
                ? new Postgres(connection, clock)
                : new Sqlite(catalogueFile ?? folder!.CatalogueFile);
            return new OpenArchive(options, folder, S3Location.Of(options), await StoreAsync(options, clock, cancel), records, clock);
        }
        catch
        {
            folder?.Dispose();
            throw;
        }
    }

    /// <summary>Reads the mission that the archive keeps, and how it releases files, once its catalogue is joined.</summary>
    public async Task ReadMissionAsync(CancellationToken cancel)
    {
        await Catalogue.ReadReleasesAllAsync(cancel);
        if (await new MissionTable(Catalogue).NewestAsync(cancel) is { } stored)
            Mission = new MissionText(stored.Text, $"The mission file that the archive in {Name} keeps").Load();
    }

    /// <summary>The store of an archive's objects alone, for upkeep that brings its own catalogue; disposed by the caller.</summary>
    /// <exception cref="SettingException">It is not there or cannot be used.</exception>
    public static async Task<IObjectStore> StoreAsync(ServerOptions options, TimeProvider clock, CancellationToken cancel) =>
        S3Location.Of(options) is { } location
            ? new S3ObjectStore(await S3Opening.JoinAsync(location, clock, cancel))
            : new DiskObjectStore(Path.GetFullPath(options.Data));

    /// <summary>The file of the catalogue where it is missing; null where there is one, and where it is a database elsewhere.</summary>
    public static string? MissingCatalogue(ServerOptions options)
    {
        using var folder = Join(options);
        return folder is null || options.Catalogue is not null || File.Exists(folder.CatalogueFile) ? null : folder.CatalogueFile;
    }

    public void Dispose()
    {
        Catalogue.Dispose();
        (dialect as IDisposable)?.Dispose();
        (Store as IDisposable)?.Dispose();
        telemetry.Dispose();
        data?.Dispose();
    }

    /// <summary>The data folder of an archive that keeps anything in one.</summary>
    private static DataFolder? Join(ServerOptions options) =>
        options is { Objects: not null, Catalogue: not null } ? null : DataFolder.Join(options.Data, holdsObjects: options.Objects is null);
}
