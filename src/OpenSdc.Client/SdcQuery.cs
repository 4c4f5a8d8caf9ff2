using System.Globalization;

namespace OpenSdc.Client;

/// <summary>
/// What a query asks for: the parameters of <c>GET /query</c>. Null does not filter. Several values of one
/// parameter are a comma list; <c>*</c> stands for any run of characters in texts. The archive checks the values,
/// and a value that it refuses is an <see cref="SdcException"/> with its sentence.
/// </summary>
public sealed record SdcQuery
{
    /// <summary>
    /// Family of the files, such as <c>science</c> (the archive's default), <c>ancillary</c>, <c>spice</c>;
    /// <c>*</c> for all.
    /// </summary>
    public string? Table { get; init; }

    /// <summary>Instrument, such as <c>mag</c>.</summary>
    public string? Instrument { get; init; }

    /// <summary>Data level, such as <c>l1a</c>.</summary>
    public string? DataLevel { get; init; }

    /// <summary>Descriptor, such as <c>burst</c>.</summary>
    public string? Descriptor { get; init; }

    /// <summary>Files whose start date is on or after this day, <c>YYYYMMDD</c>.</summary>
    public string? StartDate { get; init; }

    /// <summary>Files whose <em>start</em> date is on or before this day, <c>YYYYMMDD</c>.</summary>
    public string? EndDate { get; init; }

    /// <summary>Files published on or after this day, UTC, <c>YYYYMMDD</c>.</summary>
    public string? IngestionStartDate { get; init; }

    /// <summary>Files published on or before this day, UTC, <c>YYYYMMDD</c>.</summary>
    public string? IngestionEndDate { get; init; }

    /// <summary>
    /// Version as names write it; <c>*</c> for all versions, <c>latest</c> for the newest of each series.
    /// </summary>
    public string? Version { get; init; }

    /// <summary>Extension without the dot, such as <c>cdf</c>.</summary>
    public string? Extension { get; init; }

    /// <summary>Repointing, such as <c>2</c> or <c>repoint00002</c>.</summary>
    public string? Repointing { get; init; }

    /// <summary>Carrington rotation, such as <c>2290</c>.</summary>
    public string? Cr { get; init; }

    /// <summary>Bare names of single files.</summary>
    public string? FileName { get; init; }

    /// <summary>Only files published after this change of the archive's ledger.</summary>
    public long? SinceSeq { get; init; }

    /// <summary>The archive as it stood after this change of its ledger.</summary>
    public long? AsOf { get; init; }

    /// <summary>
    /// The history in which <see cref="SinceSeq"/> and <see cref="AsOf"/> count; the archive refuses them where
    /// it has another by now.
    /// </summary>
    public string? History { get; init; }

    /// <summary>Only the newest version of each series. Default: false.</summary>
    public bool Latest { get; init; }

    /// <summary>Most records, 1 or more; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>
    /// Other parameters of the archive, by name: <c>sort</c>, <c>overlaps</c>, a mission's own fields.
    /// </summary>
    public IReadOnlyDictionary<string, string> Other { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// The parameters as a query string, escaped and without <c>?</c>. <see cref="Limit"/> is not among them.
    /// </summary>
    /// <returns>Such as <c>instrument=mag&amp;latest=true</c>; empty where nothing filters.</returns>
    public string ToQueryString()
    {
        (string Name, string? Value)[] own =
        [
            ("table", Table), ("instrument", Instrument), ("data_level", DataLevel), ("descriptor", Descriptor), ("start_date", StartDate),
                ("end_date", EndDate),
            ("ingestion_start_date", IngestionStartDate), ("ingestion_end_date", IngestionEndDate), ("version", Version),
                ("extension", Extension), ("repointing", Repointing), ("cr", Cr),
            ("filename", FileName), ("since_seq", SinceSeq?.ToString(CultureInfo.InvariantCulture)),
                ("as_of", AsOf?.ToString(CultureInfo.InvariantCulture)), ("history", History),
            ("latest", Latest ? "true" : null),
        ];
        return string.Join('&', own.Concat(Other.Select(each => (each.Key, (string?)each.Value)))
            .Where(each => each.Item2 is not null)
            .Select(each => $"{Uri.EscapeDataString(each.Item1)}={Uri.EscapeDataString(each.Item2!)}"));
    }
}
