using OpenSdc.Server;

namespace OpenSdc.Tests.Access;

/// <summary>A <see cref="ClosedArchive"/> of one test, with settings of its own.</summary>
internal sealed class ConfiguredArchive : ClosedArchive
{
    private readonly Func<ServerOptions, ServerOptions> configure;

    private ConfiguredArchive(Func<ServerOptions, ServerOptions> configure) => this.configure = configure;

    public static async Task<ConfiguredArchive> StartAsync(Func<ServerOptions, ServerOptions>? configure = null)
    {
        var archive = new ConfiguredArchive(configure ?? (options => options));
        await archive.InitializeAsync();
        return archive;
    }

    protected override ServerOptions Configure(ServerOptions options) => configure(options);
}
