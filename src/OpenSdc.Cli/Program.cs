using System.CommandLine;
using System.CommandLine.Invocation;
using OpenSdc.Cli;
using OpenSdc.Cli.Client;
using OpenSdc.Cli.Client.SignIn;
using OpenSdc.Cli.Curation;

var root = new RootCommand("OpenSDC: an open science data archive.")
{
    ServeCommand.Make(),
    FsckCommand.Make(),
    BackupCommand.Make(),
    RestoreCommand.Make(),
    RebuildCommand.Make(),
    MigrateCommand.Make(),
    UploadsCommand.Make(),
    KeysCommand.Make(),
    AuditCommand.Make(),
    MissionCommand.Make(),
    NewHistoryCommand.Make(),
    BucketPolicyCommand.Make(),
};

// What a scientist fetches has the rights that the shell says; what an archive writes is its own.
Command[] ofClients =
[
    QueryCommand.Make(),
    LatestCommand.Make(),
    InfoCommand.Make(),
    CoverageCommand.Make(),
    DownloadCommand.Make(),
    UploadCommand.Make(),
    VerifyCommand.Make(),
    SyncCommand.Make(),
    LoginCommand.Make(),
    LoginCommand.MakeLogout(),
    CompletionCommand.Make(),
];
foreach (var command in ofClients)
    root.Add(command);
foreach (var command in CurationCommands.Make())
    root.Add(command);
var man = ManCommand.Make(root);
root.Add(man);
LeadingOptions.AddTo(root);

var parsed = root.Parse(args);
if (parsed.Errors.Count == 0 && LeadingOptions.Refusal(parsed) is { } refusal)
    return await ClientRun.FailAsync(ExitCode.BadSetting, refusal);
if (LeadingOptions.IsTraced(parsed))
    RequestTrace.Start();
// Before any command writes a file; one that reads the settings does so again by them.
if (!ofClients.Contains(parsed.CommandResult.Command) && parsed.CommandResult.Command != man)
    OpenSdc.Server.FileRights.Restrict(new OpenSdc.Server.ServerOptions());
// The sentence that says what is wrong would drown in the help.
if (parsed.Action is ParseErrorAction error)
{
    error.ShowHelp = args.Length == 0;
    // They go to standard output, where a script expects data.
    error.ShowTypoCorrections = !ofClients.Contains(parsed.CommandResult.Command);
}

// Left to itself, the parser ends the process two seconds after a signal, whatever is still on its way; how
// long to wait is the command's affair.
var code = await MissingLibrary.GuardAsync(() =>
    parsed.InvokeAsync(
        new InvocationConfiguration { ProcessTerminationTimeout = Timeout.InfiniteTimeSpan, EnableDefaultExceptionHandler = false }
    )
);
return parsed.Errors.Count > 0 ? ExitCode.BadSetting : code;
