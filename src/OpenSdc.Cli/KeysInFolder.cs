using Microsoft.Extensions.Logging.Abstractions;
using OpenSdc.Cli.Client;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Cli;

/// <summary>
/// The keys of an archive, in its catalogue: in a data folder that nobody serves, which is made where it is
/// absent, or in a PostgreSQL database, whose servers notice the change within a second.
/// </summary>
internal sealed class KeysInFolder : KeyAdministration
{
    private readonly DataFolder? folder;
    private readonly SqlDialect dialect;
    private readonly Telemetry telemetry = new();
    private readonly Catalogue catalogue;
    private readonly ApiKeyTable table;
    private readonly KeyRing ring;
    private readonly ServerOptions options;

    private KeysInFolder(ServerOptions options, DataFolder? folder, SqlDialect dialect)
    {
        (this.options, this.folder, this.dialect) = (options, folder, dialect);
        catalogue = new Catalogue(dialect, TimeProvider.System, telemetry);
        table = new ApiKeyTable(catalogue);
        var signingKey = folder is null ? SigningKey.Shared(catalogue) : SigningKey.InFolder(folder.Path, NullLogger<SigningKey>.Instance);
        ring = new KeyRing(
            table,
            new AccessMark(catalogue, folder?.Path),
            catalogue,
            signingKey,
            TimeProvider.System,
            NullLogger<KeyRing>.Instance
        );
    }

    /// <exception cref="SettingException">Another process serves the archive, or it cannot be opened.</exception>
    public static async Task<KeysInFolder> OpenAsync(ServerOptions options, CancellationToken cancel)
    {
        var keys = Open(options);
        try
        {
            await keys.catalogue.OpenAsync(cancel);
            await keys.ring.OpenAsync(cancel);
            return keys;
        }
        catch
        {
            keys.Dispose();
            throw;
        }
    }

    public override async Task<IReadOnlyList<KeyInfo>> ListAsync(CancellationToken cancel) =>
        [.. (await table.ListAsync(cancel)).Select(key => KeyInfo.Of(key))];

    public override async Task<KeyInfo> AddAsync(KeyRequest asked, CancellationToken cancel)
    {
        var stored = await new MissionTable(catalogue).NewestAsync(cancel);
        var mission = (
            stored is null ? ArchiveMission.First(options) : new MissionText(stored.Text, "The mission file that the archive keeps")
        ).Load();
        var (key, text, fault) = NewKey.Make(asked, mission, TimeProvider.System.GetUtcNow());
        if (key is null)
            throw new KeyException(fault!, ExitCode.BadSetting);
        await ring.AddAsync(key, AuditEntry.OfLocal(AuditAction.KeyAdded, key.Id) with { Detail = key.Summary }, cancel);
        return KeyInfo.Of(key, text);
    }

    public override async Task RevokeAsync(string id, CancellationToken cancel)
    {
        if (!await ring.RevokeAsync(id, AuditEntry.OfLocal(AuditAction.KeyRevoked, id), cancel))
            throw new KeyException($"{id} is not revoked: {Problems.NoSuchKey.Sentence}", ExitCode.Failed);
    }

    public override Task RotateUrlsAsync(CancellationToken cancel) =>
        ring.RotateUrlsAsync(AuditEntry.OfLocal(AuditAction.SigningKeyRotated, ""), cancel);

    public override void Dispose()
    {
        ring.Dispose();
        catalogue.Dispose();
        telemetry.Dispose();
        (dialect as IDisposable)?.Dispose();
        folder?.Dispose();
    }

    private static KeysInFolder Open(ServerOptions options)
    {
        if (options.Catalogue is { } connection)
            return new KeysInFolder(options, null, new Postgres(connection, TimeProvider.System));
        LostCatalogue.Refuse(options.Data);
        DataFolder data;
        try
        {
            data = DataFolder.Open(options.Data, options.DataMode);
        }
        catch (SettingException served) when (served.InnerException is null)
        {
            throw new SettingException(
                $"{served.Message} The keys of an archive that is being served are administered over HTTP: give --url, and a key with the scope admin in {ArchiveOptions.KeyVariable}.",
                served
            );
        }

        return new KeysInFolder(options, data, new Sqlite(data.CatalogueFile));
    }
}
