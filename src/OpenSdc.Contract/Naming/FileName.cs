namespace OpenSdc.Contract.Naming;

/// <summary>
/// What a file's name says, read by one convention of a mission. A member is null where the name has no such field.
/// Records come from <see cref="Parse"/>; writing one back gives the same name and key.
/// </summary>
public sealed record FileName
{
    /// <summary>
    /// The kind of file: <c>science</c>, <c>ancillary</c>, <c>spice</c>, <c>quicklook</c>, <c>dependency</c>,
    /// <c>release</c>.
    /// </summary>
    public required string Family { get; init; }

    /// <summary>The convention within its family, e.g. <c>A</c>.</summary>
    public required string Convention { get; init; }

    /// <summary>The name as it was given; where case is ignored, in the case in which it was given.</summary>
    public required string Name { get; init; }

    /// <summary>The path of the file in the archive, e.g. <c>imap/codice/l1a/2026/01/imap_codice_…_v01-01.cdf</c>.</summary>
    public required string Key { get; init; }

    /// <summary>The instrument; null for SPICE kernels.</summary>
    public string? Instrument { get; init; }

    /// <summary>The data level; null where the family has none.</summary>
    public string? DataLevel { get; init; }

    /// <summary>The descriptor; for SPICE kernels their type, e.g. <c>attitude_history</c>.</summary>
    public string? Descriptor { get; init; }

    /// <summary>The first day, or the only day that the name has; a year alone stands for its first day.</summary>
    public DateOnly? StartDate { get; init; }

    /// <summary>The last day; only where the name has one.</summary>
    public DateOnly? EndDate { get; init; }

    /// <summary>Whether names of the convention may have a last day, also where this one has none.</summary>
    public bool MayEnd { get; init; }

    /// <summary>When the first data is of, ISO 8601 in UTC, <c>2025-06-01T12:34:56Z</c>; only where the name has a time.</summary>
    public string? StartTime { get; init; }

    /// <summary>When the last data is of, likewise.</summary>
    public string? EndTime { get; init; }

    /// <summary>The number of the repointing.</summary>
    public int? Repointing { get; init; }

    /// <summary>The number of the Carrington rotation.</summary>
    public int? Cr { get; init; }

    /// <summary>The version as the name writes it: <c>v01-01</c>, <c>v001</c>, <c>v001.0002</c>; of a kernel its digits.</summary>
    public string? Version { get; init; }

    /// <summary>The major version; null where the convention has one number only.</summary>
    public int? MajorVersion { get; init; }

    /// <summary>The minor version, or the only number there is.</summary>
    public int? MinorVersion { get; init; }

    /// <summary>
    /// The major version as lists count it that show only the highest by default: 1 where the name has none;
    /// null where the convention lists every major.
    /// </summary>
    public int? CountedMajor { get; init; }

    /// <summary>
    /// What follows the dot after the last field, as the mission file lists it: <c>cdf</c>, <c>ah.bc</c>, <c>spin.csv</c>. Two-part
    /// extensions stay whole, because <c>spin.csv</c> and <c>repoint.csv</c> are different kinds of file.
    /// </summary>
    public required string Extension { get; init; }

    /// <summary>Whether files of its family are released when they are published, in an archive that does not release all.</summary>
    public bool StartsReleased { get; init; } = true;

    /// <summary>What the name says in fields of the mission's own.</summary>
    public OwnValues Own { get; init; } = OwnValues.None;

    /// <summary>
    /// What all versions of a file share beside its product and first day: every other part of its name that
    /// is neither its version nor its end, as field=value pairs. Parts that the mission file lists as outside
    /// the series are not in it.
    /// </summary>
    public required string SeriesParts { get; init; }

    /// <summary>The series for a person: every part of the name in which its versions are the same.</summary>
    public string Series =>
        string.Join(
            ' ',
            (
                (string?[])
                    [
                        Family,
                        Instrument,
                        DataLevel,
                        Descriptor,
                        StartDate?.ToString("yyyyMMdd"),
                        Extension,
                        .. Own.Where(value => value.Field.InProduct).Select(value => $"{value.Field.Name}={value.Text}"),
                    ]
            ).OfType<string>()
        ) + SeriesParts;

    /// <summary>A text that sorts, by its bytes, as the versions of a series do.</summary>
    public required string VersionOrder { get; init; }

    /// <summary>Reads a bare name. A name that fits no convention gets the faults against the one that it comes closest to.</summary>
    public static ParsedName Parse(string name, Mission mission)
    {
        ArgumentNullException.ThrowIfNull(name);
        return mission.Parse(name);
    }

    /// <summary>
    /// Whether a bare name is one of the mission's. It costs less than <see cref="Parse"/> of a name that is
    /// none, since nothing is explained.
    /// </summary>
    public static bool IsValid(string name, Mission mission)
    {
        var work = 0;
        return NameText.IsPlain(name) && mission.Read(name, ref work) is not null;
    }

    /// <summary>
    /// The name and key of this record, built from its fields. Where the fields do not say all that the name says (case is
    /// ignored, or a part is checked but not recorded: the SPICE kernels), the name is the one that the record keeps.
    /// </summary>
    /// <exception cref="ArgumentException">The mission has no such convention, or the record lacks a field of it.</exception>
    public FormattedName Format(Mission mission)
    {
        foreach (var convention in mission.Conventions)
        {
            if (convention.Name != Convention || convention.Family != Family) continue;
            var name = convention.Write(this);
            return new FormattedName(name, convention.Key.Write(new KeyParts(name, Instrument, DataLevel, Descriptor, StartDate, Own)));
        }

        throw new ArgumentException($"The mission '{mission.Name}' has no convention {Family}/{Convention}.", nameof(mission));
    }
}

/// <summary>A name and the key under which its file lies.</summary>
public readonly record struct FormattedName(string Name, string Key);
