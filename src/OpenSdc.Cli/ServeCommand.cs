using System.CommandLine;
using System.Globalization;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Hosting.Systemd;
using OpenSdc.Server;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Cli;

/// <summary><c>sdc serve</c>: runs the archive until it is told to stop.</summary>
internal static partial class ServeCommand
{
    public static Command Make()
    {
        var command = new Command(
            "serve",
            "Run the archive. Every option but --demo and --accept-mission-change can also be set in the environment or in appsettings.json."
        );
        var settings = SettingOptions.AddTo(command);
        var demo = new Option<string?>("--demo")
        {
            Description =
                "Fill an empty archive with this many small synthetic files; where it has a key or an issuer, the older half is released.",
            HelpName = "N",
        };
        command.Add(demo);
        var accept = new Option<bool>("--accept-mission-change")
        {
            Description =
                "Take the mission file that --mission names, or the program's newer one, in place of the one that the archive keeps: where every record is read the same by it.",
        };
        command.Add(accept);
        command.SetAction((parsed, cancel) => RunAsync(parsed, settings, parsed.GetValue(demo), parsed.GetValue(accept), cancel));
        return command;
    }

    private static async Task<int> RunAsync(
        ParseResult parsed,
        SettingOptions settings,
        string? demo,
        bool acceptMission,
        CancellationToken cancel
    )
    {
        try
        {
            var warnings = new List<string>();
            var options = settings.Read(parsed, warnings.Add) with { AcceptMissionChange = acceptMission };
            var demoFiles = Count(demo);
            await using var app = await ServerApp.BuildAsync(options, TimeProvider.System, cancel);
            foreach (var warning in warnings)
                LogUnwise(app.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ServeCommand)), warning);
            // Of systemd, where that has started it (Type=notify); otherwise nothing listens and nothing is said.
            var supervisor = new SystemdNotifier();
            try
            {
                await app.StartAsync(cancel);
                await app.Services.GetRequiredService<Recovery>().Done.WaitAsync(cancel);
                var url = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
                if (demoFiles > 0)
                    await Demo.DemoArchive.FillAsync(app.Services, demoFiles, cancel);
                await Banner.WriteAsync(Console.Out, app.Services, url, options);
                supervisor.Notify(ServiceState.Ready);
            }
            catch
            {
                // What runs beside it is told to end; otherwise the host would take its end for a failure, and say so in the log.
                await app.StopAsync(CancellationToken.None);
                throw;
            }

            using var stopping = app.Lifetime.ApplicationStopping.Register(() => supervisor.Notify(ServiceState.Stopping));
            await app.WaitForShutdownAsync(cancel);
            var how = app.Services.GetRequiredService<Drain>().CutOff switch
            {
                0 => "every request in flight has ended",
                var cut =>
                    $"{LongTask.Count(cut, "request", "requests")} had not ended within drain-timeout ({options.DrainTimeout} s) and {(cut == 1 ? "was" : "were")} cut off",
            };
            if (Logs.IsService(options))
                await ServiceLine.WriteAsync(Console.Out, TimeProvider.System, "OpenSDC has stopped; " + how);
            else
                await Console.Out.WriteLineAsync($"OpenSDC has stopped; {how}.");
            return ExitCode.Done;
        }
        catch (SettingException fault)
        {
            await Console.Error.WriteLineAsync(ShownText.Plain(fault.Message));
            return CodeOf(fault);
        }
        catch (Exception refused)
            when (refused is SocketException or IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException })
        {
            await Console.Error.WriteLineAsync($"The archive cannot listen: {ShownText.Plain(refused.Message)}");
            // Another process has the address now, as the one that this start replaces may still have; a moment later it may be free.
            return refused.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException ? ExitCode.Failed : ExitCode.BadSetting;
        }
    }

    /// <summary>What starts services anew does so after any end but that of a wrong setting, which no other start mends.</summary>
    internal static int CodeOf(SettingException fault) => fault.MayPass ? ExitCode.Failed : ExitCode.BadSetting;

    private static int Count(string? files) =>
        files is null ? 0
        : int.TryParse(files, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count
        : throw new SettingException($"The option --demo is '{files}'; allowed: how many files, such as 500.");

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Sentence}")]
    private static partial void LogUnwise(ILogger logger, string sentence);
}
