namespace OpenSdc.Cli.Demo;

internal static class DemoArchive
{
    public static Task FillAsync(IServiceProvider services, int count, CancellationToken cancel) => Task.CompletedTask;
}
