using System.CommandLine;
using OpenSdc.Server;

namespace OpenSdc.Cli;

/// <summary>The settings of the service as options of a command: the command line wins over the environment, that over <c>appsettings.json</c>.</summary>
internal sealed class SettingOptions
{
    private const string Section = "OpenSdc";

    private readonly Dictionary<Setting, Option<string?>> options = [];

    private SettingOptions()
    {
    }

    public static SettingOptions AddTo(Command command, params string[] names)
    {
        var settings = new SettingOptions();
        foreach (var setting in ServerOptions.Settings.Where(each => names.Length == 0 || names.Contains(each.Name)))
        {
            var option = new Option<string?>("--" + setting.Name)
            {
                Description = setting.Help + (setting.Default is { } text ? $" Default: {text}." : ""),
                HelpName = setting.Name.ToUpperInvariant(),
            };
            settings.options.Add(setting, option);
            command.Add(option);
        }

        return settings;
    }

    /// <exception cref="SettingException">A value cannot be used.</exception>
    public ServerOptions Read(ParseResult parsed)
    {
        var file = ReadFile();
        RefuseMisspelt();
        return ServerOptions.Read(setting =>
            (options.TryGetValue(setting, out var option) ? parsed.GetValue(option) : null)
            ?? Environment.GetEnvironmentVariable(setting.EnvironmentName)
            ?? file[setting.ConfigurationKey]);
    }

    /// <summary>
    /// A variable that is nearly a setting is one that somebody believes in force. What is nothing like one passes: an orchestrator makes variables such as <c>OPENSDC_PORT</c> of the names of
    /// its services.
    /// </summary>
    private static void RefuseMisspelt()
    {
        var known = ServerOptions.Settings.Select(setting => setting.EnvironmentName).ToList();
        foreach (var name in Environment.GetEnvironmentVariables().Keys.Cast<string>().Order(StringComparer.Ordinal))
        {
            if (name.StartsWith(Setting.EnvironmentPrefix, StringComparison.OrdinalIgnoreCase) && !known.Contains(name) && known.Find(each => Spelling.IsNear(name.ToUpperInvariant(), each)) is { } meant)
                throw new SettingException($"The variable {name} of the environment is no setting; the nearest is {meant}.");
        }
    }

    private static IConfigurationRoot ReadFile()
    {
        IConfigurationRoot file;
        try
        {
            file = new ConfigurationBuilder().SetBasePath(Directory.GetCurrentDirectory()).AddJsonFile("appsettings.json", optional: true).Build();
        }
        catch (InvalidDataException fault)
        {
            throw new SettingException($"The file appsettings.json cannot be read: {fault.InnerException?.Message ?? fault.Message}", fault);
        }

        var section = file.GetSection(Section);
        if (section.Value is { } text)
            throw new SettingException($"The file appsettings.json gives {Section} the value '{text}'; allowed: an object whose members are settings.");
        if (section.GetChildren().FirstOrDefault(child => child.GetChildren().Any()) is { } list)
            throw new SettingException($"The file appsettings.json gives {list.Path} a list or an object; allowed: one text or number.");
        var known = ServerOptions.Settings.Select(setting => setting.ConfigurationKey).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var unknown = section.GetChildren().FirstOrDefault(child => !known.Contains(child.Path));
        return unknown is null
            ? file
            : throw new SettingException(
                $"The file appsettings.json names the setting {unknown.Path}, which does not exist; allowed: {string.Join(", ", known.Order(StringComparer.Ordinal))}.");
    }
}
