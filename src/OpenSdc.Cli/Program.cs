using System.CommandLine;
using OpenSdc.Cli;

var root = new RootCommand("OpenSDC: an open science data archive.")
{
    ServeCommand.Make(), FsckCommand.Make(), BackupCommand.Make(), RestoreCommand.Make(), RebuildCommand.Make(),
};

// Left to itself, the parser ends the process two seconds after a signal, whatever is still on its way; how long to wait is the command's affair.
return await root.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = Timeout.InfiniteTimeSpan });
