namespace OpenSdc.Contract.Naming;

/// <summary>
/// A mission's names: the families of its files and the conventions of each, read from a mission file. It is loaded once,
/// never changes, and is safe to share. How the file is written: <c>docs/mission-file.md</c>.
/// </summary>
public sealed class Mission
{
    private static readonly Lazy<Mission> Embedded = new(() =>
    {
        using var json = OpenImap();
        return Load(json);
    });

    // By what follows the last dot of a name, in any case: most conventions need not be tried at all.
    private readonly Dictionary<string, Convention[]>.AlternateLookup<ReadOnlySpan<char>> _byEnding;

    internal Mission(string name, string root, IReadOnlyDictionary<string, string> olderRoots, IReadOnlyList<Family> families)
    {
        Name = name;
        Root = root;
        OlderRoots = olderRoots;
        Families = families;
        Conventions = [.. families.SelectMany(f => f.Conventions)];
        var byEnding = Conventions
            .SelectMany(
                c => c[Role.Extension]!.Values,
                (c, extension) => (Convention: c, Ending: extension[(extension.LastIndexOf('.') + 1)..])
            )
            .GroupBy(e => e.Ending, e => e.Convention, StringComparer.OrdinalIgnoreCase)
            .ToDictionary(g => g.Key, g => g.Distinct().ToArray(), StringComparer.OrdinalIgnoreCase);
        _byEnding = byEnding.GetAlternateLookup<ReadOnlySpan<char>>();
    }

    /// <summary>The mission that OpenSDC is made for; its file is part of this assembly.</summary>
    public static Mission Imap => Embedded.Value;

    /// <summary>The text of its file.</summary>
    public static string ImapText
    {
        get
        {
            using var text = new StreamReader(OpenImap());
            return text.ReadToEnd();
        }
    }

    /// <summary>The mission's short name, e.g. <c>imap</c>.</summary>
    public string Name { get; }

    /// <summary>The folder with which every key starts, e.g. <c>imap/</c>. A download path may leave it out.</summary>
    public string Root { get; }

    /// <summary>What is said of SPICE kernels; null where the mission has none.</summary>
    public KernelRules? Kernels { get; init; }

    /// <summary>The fields of its own that templates of the mission have, in the ordinal order of their names.</summary>
    public IReadOnlyList<OwnField> OwnFields { get; init; } = [];

    /// <summary>The families in the order in which a name is tried.</summary>
    public IReadOnlyList<Family> Families { get; }

    /// <summary>Roots of keys that clients used before, and what each stands for now.</summary>
    internal IReadOnlyDictionary<string, string> OlderRoots { get; }

    internal Convention[] Conventions { get; }

    /// <summary>Reads a mission file.</summary>
    /// <exception cref="MissionFileException">The file cannot be used; one sentence says what is wrong with which part.</exception>
    public static Mission Load(Stream json) => MissionLoader.Load(json);

    /// <summary>The text of a mission file as JSON without comments and spaces, so that two that say the same are the same.</summary>
    /// <exception cref="MissionFileException">It is not JSON.</exception>
    public static string WithoutComments(string text) => MissionLoader.WithoutComments(text);

    private static Stream OpenImap() => typeof(Mission).Assembly.GetManifestResourceStream("imap.mission.json")!;

    /// <summary>The family of a name that a query gives, or null.</summary>
    public Family? FindFamily(string name)
    {
        foreach (var family in Families)
            if (string.Equals(family.Name, name, StringComparison.Ordinal)) return family;
        return null;
    }

    internal ParsedName Parse(string name)
    {
        var work = 0;
        return Parse(name, ref work);
    }

    /// <summary><see cref="FileName.Parse"/>; <paramref name="work"/> counts the steps taken.</summary>
    internal ParsedName Parse(string name, ref int work)
    {
        if (!NameText.IsPlain(name)) return new ParsedName { Faults = NameText.Faults(name) };
        return Read(name, ref work) is { } record ? new ParsedName { Name = record } : Explanation.Of(name, this, ref work);
    }

    /// <summary>The record of a name that is plain text, or null.</summary>
    internal FileName? Read(string name, ref int work)
    {
        var ending = name.AsSpan(name.LastIndexOf('.') + 1);
        if (!_byEnding.TryGetValue(ending, out var conventions)) return null;
        foreach (var convention in conventions)
            if (convention.Read(name, ref work) is { } record) return record;
        return null;
    }
}
