using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>An archive opened for upkeep from outside the service, which may be serving it meanwhile.</summary>
internal sealed class OpenArchive : IDisposable
{
    private readonly Telemetry telemetry = new();
    private readonly Sqlite sqlite;
    private readonly DiskObjectStore store;

    /// <param name="options">The settings; of them the mission.</param>
    /// <param name="folder">The data folder, disposed with the archive.</param>
    /// <param name="clock">The time of events.</param>
    /// <param name="catalogueFile">Another catalogue than the folder's own.</param>
    public OpenArchive(ServerOptions options, DataFolder folder, TimeProvider clock, string? catalogueFile = null)
    {
        Folder = folder;
        Mission = options.ReadMission();
        store = new DiskObjectStore(folder.Path);
        sqlite = new Sqlite(catalogueFile ?? folder.CatalogueFile);
        Catalogue = new Catalogue.Catalogue(sqlite, clock, telemetry);
        Soundness = new Soundness(Catalogue, clock);
    }

    public DataFolder Folder { get; }

    public Mission Mission { get; }

    public IObjectStore Store => store;

    public Catalogue.Catalogue Catalogue { get; }

    public Soundness Soundness { get; }

    public void Dispose()
    {
        Catalogue.Dispose();
        sqlite.Dispose();
        store.Dispose();
        telemetry.Dispose();
        Folder.Dispose();
    }
}
