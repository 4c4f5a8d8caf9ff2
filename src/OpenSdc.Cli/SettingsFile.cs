using System.Text.Json;
using OpenSdc.Server;

namespace OpenSdc.Cli;

/// <summary>
/// The file <c>appsettings.json</c> of the working directory. Whatever in it would have no effect ends the
/// start: somebody believes it in force.
/// </summary>
internal sealed class SettingsFile
{
    private const string Name = "appsettings.json";
    private const string Section = "OpenSdc";

    private readonly IConfigurationRoot file;
    private readonly string path;

    private SettingsFile(IConfigurationRoot file, string path) => (this.file, this.path) = (file, path);

    /// <summary>Reads it; where there is none, no setting is in it.</summary>
    /// <exception cref="SettingException">It cannot be read, or says something that is no setting.</exception>
    public static SettingsFile Read()
    {
        var folder = Directory.GetCurrentDirectory();
        var name = Path.Combine(folder, Name);
        try
        {
            var root = new ConfigurationBuilder().SetBasePath(folder).AddJsonFile(Name, optional: true).Build();
            Refuse(root, name);
            return new SettingsFile(root, name);
        }
        catch (Exception fault) when (fault is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"The file {name} cannot be read: {Reason(fault)}", fault);
        }
    }

    public SettingValue? Find(Setting setting) =>
        file[setting.ConfigurationKey] is { } text ? new SettingValue(text, $"{setting.ConfigurationKey} in {path}") : null;

    private static void Refuse(IConfigurationRoot root, string name)
    {
        if (root.GetChildren().FirstOrDefault(child => !string.Equals(child.Key, Section, StringComparison.OrdinalIgnoreCase)) is { } other)
            throw new SettingException(
                $"The file {name} has the member {other.Key}, which nothing reads; allowed: {Section}, an object whose members are settings."
            );
        var section = root.GetSection(Section);
        if (section.Value is { } text)
            throw new SettingException(
                $"The file {name} gives {Section} the value '{text}'; allowed: an object whose members are settings."
            );
        if (section.GetChildren().FirstOrDefault(child => child.GetChildren().Any()) is { } list)
            throw new SettingException($"The file {name} gives {list.Path} a list or an object; allowed: one text or number.");
        var known = SettingList.All.Select(setting => setting.ConfigurationKey).ToHashSet(StringComparer.OrdinalIgnoreCase);
        if (section.GetChildren().FirstOrDefault(child => !known.Contains(child.Path)) is { } unknown)
            throw new SettingException(
                $"The file {name} names the setting {unknown.Path}, which does not exist; allowed: {string.Join(", ", known.Order(StringComparer.Ordinal))}."
            );
    }

    /// <summary>What the parser says, with the line where it stands: it counts from 0.</summary>
    private static string Reason(Exception fault)
    {
        for (var cause = fault; cause is not null; cause = cause.InnerException)
        {
            if (cause is JsonException { LineNumber: { } line } broken)
                return $"line {line + 1} is not JSON: {broken.Message.Split(" LineNumber:")[0]}";
        }

        return fault.GetBaseException().Message;
    }
}
