using System.CommandLine;
using System.CommandLine.Invocation;
using OpenSdc.Cli;

// Before any command writes a file; one that reads the settings does so again by them.
OpenSdc.Server.FileRights.Restrict(new OpenSdc.Server.ServerOptions());

var root = new RootCommand("OpenSDC: an open science data archive.")
{
    ServeCommand.Make(), FsckCommand.Make(), BackupCommand.Make(), RestoreCommand.Make(), RebuildCommand.Make(), MigrateCommand.Make(), UploadsCommand.Make(), MissionCommand.Make(), NewHistoryCommand.Make(),
};

var parsed = root.Parse(args);
// The sentence that says what is wrong would drown in the help.
if (parsed.Action is ParseErrorAction error)
    error.ShowHelp = args.Length == 0;

// Left to itself, the parser ends the process two seconds after a signal, whatever is still on its way; how long to wait is the command's affair.
var code = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = Timeout.InfiniteTimeSpan });
return parsed.Errors.Count > 0 ? ExitCode.BadSetting : code;
