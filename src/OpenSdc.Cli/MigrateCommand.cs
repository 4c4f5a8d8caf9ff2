using System.CommandLine;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Cli;

/// <summary><c>sdc migrate</c>: moves an archive's records from SQLite to PostgreSQL.</summary>
internal static class MigrateCommand
{
    private const string FromPrefix = "sqlite:";
    private const string ToPrefix = "postgres:";

    private static readonly Option<string> From = new("--from")
    { Description = "The data folder whose catalogue is moved, or the catalogue file in it.", HelpName = "sqlite:PATH", Required = true };

    private static readonly Option<string> To = new("--to")
    { Description = "An empty database, by its connection string.", HelpName = "postgres:CONNECTION", Required = true };

    public static Command Make()
    {
        var command = new Command(
            "migrate",
            "Move an archive's records from SQLite to an empty PostgreSQL database. The archive must not be serving; its objects stay where they are."
        )
        {
            From,
            To,
        };
        command.SetAction(
            (parsed, cancel) =>
                LongTask.RunAsync(
                    progress => RunAsync(parsed.GetValue(From)!, parsed.GetValue(To)!, progress, cancel),
                    "The database is as empty as before; the same command begins again.",
                    cancel
                )
        );
        return command;
    }

    private static async Task<int> RunAsync(string from, string to, UpkeepProgress progress, CancellationToken cancel)
    {
        var path = After(FromPrefix, from, "--from", "sqlite:PATH of a data folder");
        var connection = After(ToPrefix, to, "--to", "postgres:CONNECTION, such as postgres:Host=db.example.org;Database=sdc;Username=sdc");
        if (Postgres.Parse(connection).Fault is { } fault)
            throw new SettingException($"--to cannot be used: {fault}");
        if (SettingOptions.HoldsPassword(connection))
            await Console.Error.WriteLineAsync(SettingOptions.ExposedBy("--to", "as PGPASSWORD, or in a file that PGPASSFILE names"));
        var folderPath = File.Exists(path) ? Path.GetDirectoryName(Path.GetFullPath(path))! : path;
        if (!Directory.Exists(folderPath))
            throw new SettingException($"There is no folder {folderPath}.");
        if (File.Exists(path) && Path.GetFileName(path) != "catalogue.sqlite")
            throw new SettingException($"{path} is not named catalogue.sqlite, as the catalogue of a data folder is.");
        using var folder = DataFolder.Open(folderPath);
        var result = await new Migration(folder, connection, TimeProvider.System, progress).RunAsync(cancel);
        await Console.Out.WriteLineAsync(
            $"The database holds the archive up to publication {result.Seq}: {string.Join(", ", result.Rows.Select(each => $"{each.Value} rows of {each.Key}"))}."
        );
        await Console.Out.WriteLineAsync($"The records are the same on both sides; in their order they have the SHA-256 {result.Sha256}.");
        await Console.Out.WriteLineAsync(
            $"Serve it with --catalogue and the same --data; move {folder.CatalogueFile} away, so that nobody serves the old one."
        );
        return ExitCode.Done;
    }

    private static string After(string prefix, string text, string option, string allowed) =>
        text.StartsWith(prefix, StringComparison.Ordinal) && text.Length > prefix.Length
            ? text[prefix.Length..]
            : throw new SettingException($"{option} is not what it must be; allowed: {allowed}.");
}
