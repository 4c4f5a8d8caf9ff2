namespace OpenSdc.Server;

/// <summary>How the settings are read: the text of each becomes a value, and all of them are checked together.</summary>
public static class SettingReader
{
    /// <summary>Reads every setting through <paramref name="value"/>, which gives the text of a setting by its name, or null.</summary>
    /// <exception cref="SettingException">A value cannot be used; the message says which and what is allowed.</exception>
    public static ServerOptions Read(Func<Setting, string?> value) =>
        ReadFrom(setting => value(setting) is { } text ? new SettingValue(text, setting.EnvironmentName) : null);

    /// <summary>The same where values come from several places; a sentence names the place of the wrong one.</summary>
    /// <exception cref="SettingException">A value cannot be used; the message says which and what is allowed.</exception>
    public static ServerOptions ReadFrom(Func<Setting, SettingValue?> value)
    {
        var options = new ServerOptions();
        foreach (var setting in SettingList.All)
        {
            if (value(setting) is not var (text, where))
                continue;
            if (setting.IsSecret && value(SettingList.All.Single(each => each.Name == setting.FileName)) is { } file)
                throw new SettingException(
                    $"The setting {setting.Name} is given itself ({where}) and by a file ({file.Where}); leave one of them out."
                );
            try
            {
                options = setting.Apply(options, text);
            }
            catch (FormatException allowed)
            {
                throw new SettingException(
                    $"The setting {setting.Name} ({where}) {(setting.IsSecret ? "cannot be used as it is" : $"is '{text}'")}; allowed: {allowed.Message}.",
                    allowed
                );
            }
        }

        SettingChecks.Check(options, value);
        return options;
    }
}
