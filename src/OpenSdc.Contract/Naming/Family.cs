namespace OpenSdc.Contract.Naming;

/// <summary>
/// One kind of file (science, ancillary, …): what a query over it may name. The lists are over all of its conventions,
/// old and new, without repeats, in ordinal order.
/// </summary>
public sealed class Family
{
    private readonly VersionForm[] _versions;

    internal Family(string name, IReadOnlyList<string> yieldsTo, Convention[] conventions)
    {
        Name = name;
        YieldsTo = yieldsTo;
        Conventions = conventions;
        Role[] roles = [.. Enum.GetValues<Role>().Where(r => r != Role.None && Array.Exists(conventions, c => Has(c, r)))];
        Fields = [.. roles.Select(Roles.Query)];
        Instruments = ValuesOf(Role.Instrument);
        DataLevels = ValuesOf(Role.Level);
        Descriptors = Array.TrueForAll(conventions, c => c.RecordedValues(Role.Descriptor).Any()) ? ValuesOf(Role.Descriptor) : [];
        Extensions = ValuesOf(Role.Extension);
        _versions = [.. conventions.Select(VersionForm.Of).OfType<VersionForm>()];
        VersionExamples = [.. _versions.Select(form => form.Example).Distinct()];
        Examples = [.. conventions.Select(c => c.Entry.Example).OfType<string>()];
        KeyOrder = new KeyOrder(conventions);
        HighestMajorByDefault = Array.Exists(conventions, c => c.Entry.HighestMajorByDefault);
    }

    /// <summary>The name by which a query asks for the family: <c>science</c>, <c>ancillary</c>, <c>spice</c>, ….</summary>
    public string Name { get; }

    /// <summary>
    /// The standard fields that names of the family have, as a query calls them: <c>instrument</c>,
    /// <c>data_level</c>, <c>start_date</c>, ….
    /// </summary>
    public IReadOnlyList<string> Fields { get; }

    /// <summary>The fields of the mission's own that names of the family have, in the ordinal order of their names.</summary>
    public IReadOnlyList<OwnField> OwnFields =>
        field ??= [
            .. Conventions
                .SelectMany(c => c.Own.Select(each => c.OwnFields[each.Name]))
                .Distinct()
                .OrderBy(each => each.Name, StringComparer.Ordinal),
        ];

    /// <summary>The instruments; empty where the family has none.</summary>
    public IReadOnlyList<string> Instruments { get; }

    /// <summary>The data levels; empty where the family has none.</summary>
    public IReadOnlyList<string> DataLevels { get; }

    /// <summary>
    /// The descriptors, where the mission lists all of them (the types of SPICE kernels); empty where any
    /// convention has free text.
    /// </summary>
    public IReadOnlyList<string> Descriptors { get; }

    /// <summary>The extensions, without the leading dot.</summary>
    public IReadOnlyList<string> Extensions { get; }

    /// <summary>The names that the mission file gives as examples, convention by convention.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>How the names of each convention read, such as <c>imap_&lt;instrument&gt;_YYYYMMDD_vNNN.&lt;extension&gt;</c>.</summary>
    public IReadOnlyList<string> Shapes => [.. Conventions.Select(c => Variant.Shape(c.Nodes))];

    /// <summary>
    /// A version in each form that its names write versions in: <c>v01-01</c>, <c>v001</c>; of kernels
    /// <c>1</c>, <c>v1</c>; empty where no name has one.
    /// </summary>
    public IReadOnlyList<string> VersionExamples { get; }

    /// <summary>Whether a name of the family can have this version, as it is recorded.</summary>
    public bool CanHaveVersion(string text) => Array.Exists(_versions, form => form.Matches(text));

    /// <summary>
    /// Whether a pattern has no character that versions of the family cannot have, where these are more than
    /// numbers with a letter before them.
    /// </summary>
    public bool MayBeVersion(string pattern) => Array.Exists(_versions, form => form.MayBe(pattern));

    /// <summary>Whether lists show by default only the highest major version of each series, of names of some convention.</summary>
    public bool HighestMajorByDefault { get; }

    /// <summary>
    /// What a version that a query gives means: what is recorded so, itself or without the letter that some
    /// names write before it (<c>v01</c> of a kernel is recorded as <c>01</c>); and, where lists show by
    /// default only the highest major, the minor version that a number alone stands for. A pattern is taken
    /// as it is, and, where it says any digit or letter, without that letter too. <c>1</c>, <c>v1</c> and
    /// <c>V001</c> are the same where names have digits of one length. Nothing where no name of the family
    /// can have it.
    /// </summary>
    public VersionMeant Means(string text)
    {
        var isPattern = text.Contains('*', StringComparison.Ordinal);
        var without = _versions
            .Select(form =>
                form.WithoutPrefix(text) is { Length: > 0 } rest && (isPattern ? rest.Any(char.IsAsciiLetterOrDigit) : form.Matches(rest))
                    ? rest
                    : null
            )
            .OfType<string>();
        var recorded = isPattern || CanHaveVersion(text) ? without.Prepend(text) : without;
        if (isPattern || !HighestMajorByDefault)
            return new([.. recorded.Distinct(StringComparer.Ordinal)], null);
        var digits = text.Length > 0 && text[0] is 'v' or 'V' ? text[1..] : text;
        List<string> written = [.. _versions.Select(form => form.Written(digits)).OfType<string>()];
        int? minor = written.Count > 0 && DayText.Numbers(digits, out var number) ? number : null;
        return new([.. recorded.Concat(written).Distinct(StringComparer.Ordinal)], minor);
    }

    /// <summary>What its paths say about the order of its files.</summary>
    public KeyOrder KeyOrder { get; }

    /// <summary>Families that are tried before this one and may take a name that would fit both.</summary>
    internal IReadOnlyList<string> YieldsTo { get; }

    /// <summary>Whether all that the templates of its conventions fix is in lower case.</summary>
    internal bool IsLowerCase => Array.TrueForAll(Conventions, c => c.IsLowerCase);

    internal Convention[] Conventions { get; }

    private static bool Has(Convention convention, Role role) =>
        convention[role] is not null || (role == Role.Descriptor && convention.Constant is not null);

    private string[] ValuesOf(Role role) =>
        [.. Conventions.SelectMany(c => c.RecordedValues(role)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}

/// <summary>What a version in a query stands for.</summary>
/// <param name="Recorded">Versions as they are recorded.</param>
/// <param name="Minor">A minor version, of whatever major; null where the text says more, or nothing.</param>
public sealed record VersionMeant(IReadOnlyList<string> Recorded, int? Minor)
{
    /// <summary>Whether any file can be meant.</summary>
    public bool Any => Recorded.Count > 0 || Minor is not null;
}
