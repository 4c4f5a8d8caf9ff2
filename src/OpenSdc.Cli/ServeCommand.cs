using System.CommandLine;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using OpenSdc.Server;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Cli;

/// <summary><c>sdc serve</c>: runs the archive until it is told to stop.</summary>
internal static class ServeCommand
{
    public static Command Make()
    {
        var command = new Command("serve", "Run the archive. Every option can also be set in the environment or in appsettings.json.");
        var settings = SettingOptions.AddTo(command);
        var demo = new Option<int>("--demo") { Description = "Fill an empty archive with this many small synthetic files.", HelpName = "N" };
        command.Add(demo);
        command.SetAction((parsed, cancel) => RunAsync(parsed, settings, parsed.GetValue(demo), cancel));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, SettingOptions settings, int demo, CancellationToken cancel)
    {
        try
        {
            var options = settings.Read(parsed);
            await using var app = await ServerApp.BuildAsync(options, TimeProvider.System, cancel);
            await app.StartAsync(cancel);
            await app.Services.GetRequiredService<Recovery>().Done.WaitAsync(cancel);
            var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            if (demo > 0)
                await Demo.DemoArchive.FillAsync(app.Services, demo, cancel);
            await Banner.WriteAsync(Console.Out, app.Services, url, options);
            await app.WaitForShutdownAsync(cancel);
            return ExitCode.Done;
        }
        catch (SettingException fault)
        {
            await Console.Error.WriteLineAsync(fault.Message);
            return ExitCode.BadSetting;
        }
        catch (IOException taken) when (taken.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            await Console.Error.WriteLineAsync($"The archive cannot listen: {taken.Message}");
            return ExitCode.BadSetting;
        }
    }
}
