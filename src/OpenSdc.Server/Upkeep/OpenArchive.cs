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

    public OpenArchive(ServerOptions options, DataFolder folder, TimeProvider clock)
    {
        Folder = folder;
        Mission = options.ReadMission();
        store = new DiskObjectStore(folder.Path);
        sqlite = new Sqlite(folder.CatalogueFile);
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
