using System.Text;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server;

/// <summary>The text of a mission file, from wherever it comes, and the mission that it makes.</summary>
/// <param name="Text">The file's text.</param>
/// <param name="From">What a sentence calls it.</param>
internal sealed record MissionText(string Text, string From)
{
    /// <summary>The copy in a data folder, from which a lost catalogue is made again.</summary>
    public const string FileName = "mission.json";

    /// <summary>The one that is part of the program.</summary>
    public static MissionText BuiltIn { get; } = new(Mission.ImapText, "the built-in mission file");

    public bool IsBuiltIn => Text == BuiltIn.Text;

    /// <summary>The one that the settings name; null where they name none.</summary>
    /// <exception cref="SettingException">It cannot be read.</exception>
    public static MissionText? Given(ServerOptions options) => options.Mission is { } file ? Read(file, $"The mission file {file}") : null;

    /// <summary>The one that a data folder keeps; null where it keeps none.</summary>
    /// <exception cref="SettingException">It cannot be read.</exception>
    public static MissionText? InFolder(string folder) =>
        Path.Combine(Path.GetFullPath(folder), FileName) is var file && File.Exists(file) ? Read(file, $"The mission file {file}") : null;

    /// <exception cref="SettingException">It cannot be used; the sentence says why.</exception>
    public Mission Load()
    {
        if (IsBuiltIn)
            return Mission.Imap;
        try
        {
            using var stream = new MemoryStream(Encoding.UTF8.GetBytes(Text));
            return Mission.Load(stream);
        }
        catch (MissionFileException fault)
        {
            throw new SettingException($"{From} cannot be used: {fault.Message}", fault);
        }
    }

    /// <summary>Whether another text says the same, whatever its comments and spaces.</summary>
    /// <exception cref="SettingException">One of them is not JSON.</exception>
    public bool SaysTheSame(MissionText other)
    {
        try
        {
            return Text == other.Text || Mission.WithoutComments(Text) == Mission.WithoutComments(other.Text);
        }
        catch (MissionFileException fault)
        {
            throw new SettingException($"{From} or {other.From} cannot be used: {fault.Message}", fault);
        }
    }

    /// <summary>Keeps it in a data folder; the one that is there is replaced as a whole.</summary>
    public void Keep(string folder)
    {
        var file = Path.Combine(Path.GetFullPath(folder), FileName);
        if (File.Exists(file) && File.ReadAllText(file) == Text)
            return;
        var partial = file + ".partial";
        File.WriteAllText(partial, Text);
        using (var stream = new FileStream(partial, FileMode.Open, FileAccess.ReadWrite))
            Objects.Posix.Flush(stream.SafeFileHandle, partial);
        Objects.Posix.Replace(partial, file);
        Objects.Posix.FlushFolder(Path.GetDirectoryName(file)!);
    }

    private static MissionText Read(string file, string from)
    {
        try
        {
            return new MissionText(File.ReadAllText(file), from);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"{from} cannot be used: {fault.Message}", fault);
        }
    }
}
