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
        FieldsOfAll = [.. roles.Where(r => Array.TrueForAll(conventions, c => Has(c, r))).Select(Roles.Query)];
        Instruments = ValuesOf(Role.Instrument);
        DataLevels = ValuesOf(Role.Level);
        Descriptors = Array.TrueForAll(conventions, c => c.RecordedValues(Role.Descriptor).Any()) ? ValuesOf(Role.Descriptor) : [];
        Extensions = ValuesOf(Role.Extension);
        _versions = [.. conventions.Select(VersionForm.Of).OfType<VersionForm>()];
        VersionExamples = [.. _versions.Select(form => form.Example).Distinct()];
        Examples = [.. conventions.Select(c => c.Entry.Example).OfType<string>()];
        KeyOrder = new KeyOrder(conventions);
    }

    /// <summary>The name by which a query asks for the family: <c>science</c>, <c>ancillary</c>, <c>spice</c>, ….</summary>
    public string Name { get; }

    /// <summary>The fields that names of the family have, as a query calls them: <c>instrument</c>, <c>data_level</c>, <c>start_date</c>, ….</summary>
    public IReadOnlyList<string> Fields { get; }

    /// <summary>Those of them that each of its conventions has.</summary>
    public IReadOnlyList<string> FieldsOfAll { get; }

    /// <summary>The instruments; empty where the family has none.</summary>
    public IReadOnlyList<string> Instruments { get; }

    /// <summary>The data levels; empty where the family has none.</summary>
    public IReadOnlyList<string> DataLevels { get; }

    /// <summary>The descriptors, where the mission lists all of them (the types of SPICE kernels); empty where any convention has free text.</summary>
    public IReadOnlyList<string> Descriptors { get; }

    /// <summary>The extensions, without the leading dot.</summary>
    public IReadOnlyList<string> Extensions { get; }

    /// <summary>The names that the mission file gives as examples, convention by convention.</summary>
    public IReadOnlyList<string> Examples { get; }

    /// <summary>A version in each form that its names write versions in: <c>v01-01</c>, <c>v001</c>; of kernels <c>1</c>, <c>v1</c>; empty where no name has one.</summary>
    public IReadOnlyList<string> VersionExamples { get; }

    /// <summary>Whether a name of the family can have this version, as it is recorded.</summary>
    public bool CanHaveVersion(string text) => Array.Exists(_versions, form => form.Matches(text));

    /// <summary>
    /// What a version that a query gives is recorded as: itself, or without the letter that some names write before it (<c>v01</c> of a kernel is recorded as <c>01</c>). A pattern is taken as
    /// it is, and, where it says any digit, without that letter too. Empty where no name of the family can have it.
    /// </summary>
    public IEnumerable<string> RecordedVersions(string text)
    {
        var isPattern = text.Contains('*', StringComparison.Ordinal);
        var without = _versions.Select(form => form.WithoutPrefix(text) is { Length: > 0 } rest && (isPattern ? rest.Any(char.IsAsciiDigit) : form.Matches(rest)) ? rest : null).OfType<string>();
        return (isPattern || CanHaveVersion(text) ? without.Prepend(text) : without).Distinct(StringComparer.Ordinal);
    }

    /// <summary>What its paths say about the order of its files.</summary>
    public KeyOrder KeyOrder { get; }

    /// <summary>Families that are tried before this one and may take a name that would fit both.</summary>
    internal IReadOnlyList<string> YieldsTo { get; }

    internal Convention[] Conventions { get; }

    private static bool Has(Convention convention, Role role) =>
        convention[role] is not null || (role == Role.Descriptor && convention.Constant is not null);

    private string[] ValuesOf(Role role) =>
        [.. Conventions.SelectMany(c => c.RecordedValues(role)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
