using OpenSdc.Server;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Cli;

/// <summary>
/// The catalogue of an archive that may be serving, without its objects: these may be in a store that cannot be
/// reached from here.
/// </summary>
internal sealed class RecordsAlone : IDisposable
{
    private readonly DataFolder? folder;
    private readonly SqlDialect dialect;
    private readonly Telemetry telemetry = new();

    private RecordsAlone(DataFolder? folder, SqlDialect dialect)
    {
        (this.folder, this.dialect) = (folder, dialect);
        Catalogue = new Catalogue(dialect, TimeProvider.System, telemetry);
    }

    public Catalogue Catalogue { get; }

    /// <exception cref="SettingException">There is no catalogue, or it is another program's.</exception>
    public static async Task<RecordsAlone> JoinAsync(ServerOptions options, CancellationToken cancel)
    {
        var records = Open(options);
        try
        {
            await records.Catalogue.JoinAsync(cancel);
            return records;
        }
        catch
        {
            records.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Catalogue.Dispose();
        telemetry.Dispose();
        (dialect as IDisposable)?.Dispose();
        folder?.Dispose();
    }

    private static RecordsAlone Open(ServerOptions options)
    {
        if (options.Catalogue is { } connection)
            return new RecordsAlone(null, new Postgres(connection, TimeProvider.System));
        var data = DataFolder.Join(options.Data, holdsObjects: false);
        if (File.Exists(data.CatalogueFile))
            return new RecordsAlone(data, new Sqlite(data.CatalogueFile));
        data.Dispose();
        throw new SettingException($"There is no catalogue {data.CatalogueFile}.");
    }
}
