using OpenSdc.Cli;
using OpenSdc.Server;
using OpenSdc.Server.Access;
using OpenSdc.Server.Upkeep;
using OpenSdc.Tests.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>
/// An archive that had access control does not start open by itself, whatever became of its keys, its issuer
/// and its catalogue.
/// </summary>
public sealed class AccessMarkTests : IDisposable
{
    private readonly BackupSteps steps = new();
    private readonly string data = Directory.CreateTempSubdirectory("opensdc-").FullName;

    public void Dispose()
    {
        steps.Dispose();
        Directory.Delete(data, recursive: true);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Without_its_issuer_it_does_not_start(bool onPostgres)
    {
        var catalogue = onPostgres ? PostgresServer.NewDatabase() : null;
        await ServeAsync(data, options => options with { Catalogue = catalogue });
        await ServeAsync(data, options => Issued(options) with { Catalogue = catalogue });
        await ShouldBeRefusedAsync(data, options => options with { Catalogue = catalogue });
        // It does not end the mark to open the archive once.
        await ServeAsync(data, options => options with { Catalogue = catalogue, Open = true });
        await ShouldBeRefusedAsync(data, options => options with { Catalogue = catalogue });
        await AddKeyAsync(catalogue);
        await ServeAsync(data, options => options with { Catalogue = catalogue });
    }

    [Fact]
    public async Task Rebuilt_it_does_not_start_without_a_key()
    {
        await using (var archive = await RunningArchive.StartAsync(options => options with { Open = false }, folder: data))
            await archive.UploadAsync("naif0012.tls", [1]);
        LoseCatalogue();
        await steps.RebuildAsync(data);
        await ServeAsync(data);

        await AddKeyAsync();
        LoseCatalogue();
        await steps.RebuildAsync(data);
        await ShouldBeRefusedAsync(data);
        // A folder that keeps nothing but the objects does not tell.
        LoseCatalogue();
        foreach (var file in Directory.EnumerateFiles(data))
            File.Delete(file);
        await steps.RebuildAsync(data);
        await ShouldBeRefusedAsync(data);
        (await RefusalAsync(data, options => Issued(options))).ShouldBeNull();
    }

    [Fact]
    public async Task Restored_or_moved_to_another_database_it_does_not_start_without_its_issuer()
    {
        await ServeAsync(data, Issued);
        await steps.BackUpAsync(data);
        await steps.RestoreAsync();
        await ShouldBeRefusedAsync(steps.Restored);

        var database = PostgresServer.NewDatabase();
        using (var folder = DataFolder.Open(data))
            await new Migration(folder, database, TimeProvider.System, new UpkeepProgress()).RunAsync(CancellationToken.None);
        // Not by the mark of the data folder alone, which another machine may not have.
        File.Delete(Path.Combine(data, "access-control"));
        await ShouldBeRefusedAsync(data, options => options with { Catalogue = database });
    }

    private static ServerOptions Issued(ServerOptions options) =>
        options with
        {
            OidcIssuer = "http://127.0.0.1:9",
            OidcAudience = "the-archive",
        };

    private static async Task ServeAsync(string folder, Func<ServerOptions, ServerOptions>? configure = null) =>
        (await RefusalAsync(folder, configure)).ShouldBeNull();

    private static async Task ShouldBeRefusedAsync(string folder, Func<ServerOptions, ServerOptions>? configure = null) =>
        (await RefusalAsync(folder, configure)).ShouldSatisfyAllConditions(
            refusal => refusal.ShouldNotBeNull(),
            refusal => refusal!.ShouldContain("sdc keys add --admin"),
            refusal => refusal!.ShouldContain("--open"),
            refusal => refusal!.ShouldContain("oidc-issuer")
        );

    private static async Task<string?> RefusalAsync(string folder, Func<ServerOptions, ServerOptions>? configure)
    {
        try
        {
            await using var archive = await RunningArchive.StartAsync(
                options => (configure ?? (each => each))(options with { Open = false }),
                folder: folder
            );
            return null;
        }
        catch (SettingException refusal)
        {
            return refusal.Message;
        }
    }

    private async Task AddKeyAsync(string? catalogue = null)
    {
        using var keys = await KeysInFolder.OpenAsync(new ServerOptions { Data = data, Catalogue = catalogue }, CancellationToken.None);
        await keys.AddAsync(new KeyRequest { Owner = "the first", Scopes = ["admin"] }, CancellationToken.None);
    }

    private void LoseCatalogue()
    {
        foreach (var file in Directory.EnumerateFiles(data, "catalogue.sqlite*"))
            File.Delete(file);
    }
}
