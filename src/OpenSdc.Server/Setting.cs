namespace OpenSdc.Server;

/// <summary>One setting: its name as an option, what it is for, its default, and how its text becomes a value.</summary>
public sealed record Setting(string Name, string Help, string? Default, Func<ServerOptions, string, ServerOptions> Apply)
{
    /// <summary>What every setting's name in the environment begins with.</summary>
    public const string EnvironmentPrefix = "OPENSDC_";

    /// <summary>Whether its value may be secret, so that no sentence repeats it.</summary>
    public bool IsSecret { get; init; }

    /// <summary>Whether the option may stand alone on the command line, which then means on.</summary>
    public bool IsSwitch { get; init; }

    /// <summary>Name of the setting by which a secret one comes from a file, e.g. <c>hook-secret-file</c>.</summary>
    public string FileName => Name + "-file";

    /// <summary>Name in the environment, e.g. <c>OPENSDC_PUBLIC_URL</c>.</summary>
    public string EnvironmentName => EnvironmentPrefix + Name.Replace('-', '_').ToUpperInvariant();

    /// <summary>Key in <c>appsettings.json</c>, e.g. <c>OpenSdc:PublicUrl</c>.</summary>
    public string ConfigurationKey =>
        "OpenSdc:" + string.Concat(Name.Split('-').Select(word => char.ToUpperInvariant(word[0]) + word[1..]));
}

/// <summary>The text of a setting and where it stands: an option, a variable, or a key of a file.</summary>
public sealed record SettingValue(string Text, string Where);
