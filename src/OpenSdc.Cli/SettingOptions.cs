using System.CommandLine;
using OpenSdc.Server;

namespace OpenSdc.Cli;

/// <summary>
/// The settings of the service as options of a command: the command line wins over the environment, that over
/// <c>appsettings.json</c>.
/// </summary>
internal sealed class SettingOptions
{
    /// <summary>The settings that say where the records and the objects of an archive lie.</summary>
    public static readonly string[] OfArchive =
    [
        "data",
        "data-mode",
        "catalogue",
        "catalogue-file",
        "objects",
        "s3-endpoint",
        "s3-region",
        "s3-path-style",
    ];

    private readonly Dictionary<Setting, Option<string?>> options = [];

    private SettingOptions()
    {
    }

    public static SettingOptions AddTo(Command command, params string[] names)
    {
        var settings = new SettingOptions();
        foreach (var setting in SettingList.All.Where(each => names.Length == 0 || names.Contains(each.Name)))
        {
            var option = new Option<string?>("--" + setting.Name)
            {
                Description = setting.Help + (setting.Default is { } text ? $" Default: {text}." : ""),
                HelpName = setting.Name.ToUpperInvariant(),
            };
            if (setting.IsSwitch)
                option.Arity = ArgumentArity.ZeroOrOne;
            settings.options.Add(setting, option);
            command.Add(option);
        }

        return settings;
    }

    /// <summary>Reads the settings, and restricts what this process writes to whom they name.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="warn">Takes a sentence about what is not wrong but unwise; by default it goes to standard error.</param>
    /// <exception cref="SettingException">A value cannot be used.</exception>
    public ServerOptions Read(ParseResult parsed, Action<string>? warn = null)
    {
        var file = SettingsFile.Read();
        RefuseMisspelt();
        var settings = SettingReader.ReadFrom(setting => OfOption(setting) ?? OfEnvironment(setting) ?? file.Find(setting));
        foreach (var setting in options.Keys.Where(each => each.IsSecret))
        {
            if (OfOption(setting) is { } given && HoldsSecret(setting, given.Text))
                (warn ?? Console.Error.WriteLine)(
                    ExposedBy(given.Where, $"as {setting.EnvironmentName}, or in a file that --{setting.FileName} names")
                );
        }

        FileRights.Restrict(settings);
        return settings;

        SettingValue? OfOption(Setting setting) =>
            !options.TryGetValue(setting, out var option) ? null
            : parsed.GetValue(option) is { } text ? new SettingValue(text, "--" + setting.Name)
            : setting.IsSwitch && parsed.GetResult(option) is { Implicit: false } ? new SettingValue("on", "--" + setting.Name)
            : null;
    }

    /// <summary>What is said of a secret on the command line.</summary>
    public static string ExposedBy(string option, string better) =>
        $"The option {option} holds a secret, which every user of this machine can read in the list of processes; give it {better}.";

    /// <summary>Whether a connection string has a password in it.</summary>
    public static bool HoldsPassword(string connection) =>
        connection
            .Split(';')
            .Any(each => each.Split('=')[0].Trim().ToUpperInvariant() is "PASSWORD" or "PSW" or "PWD" or "SSL PASSWORD" or "SSLPASSWORD");

    private static bool HoldsSecret(Setting setting, string text) => setting.Name != "catalogue" || HoldsPassword(text);

    // An empty variable is one that is not set: files for services and containers leave them so.
    private static SettingValue? OfEnvironment(Setting setting) =>
        Environment.GetEnvironmentVariable(setting.EnvironmentName) is { Length: > 0 } text
            ? new SettingValue(text, setting.EnvironmentName)
            : null;

    /// <summary>
    /// A variable that is nearly a setting is one that somebody believes in force. What is nothing like one
    /// passes: an orchestrator makes variables such as <c>OPENSDC_PORT</c> of the names of its services.
    /// </summary>
    private static void RefuseMisspelt()
    {
        var known = SettingList.All.Select(setting => setting.EnvironmentName).ToList();
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>().Order(StringComparer.Ordinal))
        {
            if (
                name.StartsWith(Setting.EnvironmentPrefix, StringComparison.OrdinalIgnoreCase)
                && !known.Contains(name)
                && known.Find(each => Spelling.IsNear(name.ToUpperInvariant(), each)) is { } meant
            )
                throw new SettingException($"The variable {name} of the environment is no setting; the nearest is {meant}.");
        }
    }
}
