using System.CommandLine;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Cli;

/// <summary><c>sdc mission</c>: what a mission file says of names, and which one an archive keeps.</summary>
internal static class MissionCommand
{
    public static Command Make() =>
        new("mission", "Try out a mission file on names, or show the one that an archive keeps.") { MakeCheck(), MakeShow() };

    private static Command MakeCheck()
    {
        var file = new Argument<string>("FILE") { Description = "The mission file; built-in for the one that is part of the program." };
        var names = new Argument<string[]>("NAMES")
        {
            Description = "File names to explain; - for a name a line on standard input.",
            Arity = ArgumentArity.ZeroOrMore,
        };
        var command = new Command(
            "check",
            "Check a mission file, and say of each name what it means, its key, its series and its place in the order of versions, or what is wrong with it."
        )
        {
            file,
            names,
        };
        command.SetAction((parsed, cancel) => GuardedAsync(() => CheckAsync(parsed.GetValue(file)!, parsed.GetValue(names) ?? [], cancel)));
        return command;
    }

    private static Command MakeShow()
    {
        var command = new Command("show", "Print the mission file that an archive keeps. The archive may be serving.");
        var settings = SettingOptions.AddTo(command, "data", "catalogue", "catalogue-file");
        command.SetAction((parsed, cancel) => GuardedAsync(() => ShowAsync(settings.Read(parsed), cancel)));
        return command;
    }

    private static async Task<int> GuardedAsync(Func<Task<int>> run)
    {
        try
        {
            return await run();
        }
        catch (SettingException fault)
        {
            await Console.Error.WriteLineAsync(ShownText.Plain(fault.Message));
            return ExitCode.BadSetting;
        }
    }

    private static async Task<int> CheckAsync(string file, string[] names, CancellationToken cancel)
    {
        if (file != "built-in" && !File.Exists(file))
            throw new SettingException($"There is no file {file}.");
        var mission = (file == "built-in" ? MissionText.BuiltIn : MissionText.Given(new ServerOptions { Mission = file })!).Load();
        var good = true;
        await foreach (var name in NamesAsync(names, cancel))
            good &= NameReport.Write(Console.Out, name, mission);
        if (names.Length == 0)
        {
            foreach (var family in mission.Families)
                await Console.Out.WriteLineAsync($"{family.Name}: {string.Join(", ", family.Shapes)}");
        }

        return good ? ExitCode.Done : ExitCode.NotNames;
    }

    private static async IAsyncEnumerable<string> NamesAsync(
        string[] names,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel
    )
    {
        foreach (var name in names)
        {
            if (name != "-")
            {
                yield return name;
                continue;
            }

            while (await Console.In.ReadLineAsync(cancel) is { } line)
            {
                if (line.Length > 0)
                    yield return line;
            }
        }
    }

    private static async Task<int> ShowAsync(ServerOptions options, CancellationToken cancel)
    {
        using var records = await RecordsAlone.JoinAsync(options, cancel);
        var catalogue = records.Catalogue;
        var stored = await new MissionTable(catalogue).NewestAsync(cancel)
            ?? throw new SettingException($"The archive in {catalogue.Name} keeps no mission file yet; it takes one at its first start.");
        await Console.Error.WriteLineAsync(
            $"The archive in {catalogue.Name} has this mission file since {stored.At}{(stored.Number > 1 ? $"; it is number {stored.Number} of those it has had" : "")}."
        );
        await Console.Out.WriteAsync(stored.Text);
        return ExitCode.Done;
    }
}
