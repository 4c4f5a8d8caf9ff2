using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>A row of <c>files</c> that is about to be inserted.</summary>
/// <param name="Record">The record.</param>
/// <param name="Name">What its name says.</param>
/// <param name="Product">The id of its product.</param>
/// <param name="Change">The kind of its change: published, or adopted.</param>
/// <param name="IsPublic">Whether it is released from its first moment on.</param>
/// <param name="Who">Who uploaded it.</param>
internal sealed record NewRow(FileRecord Record, FileName Name, long Product, string Change, bool IsPublic, string? Who = null)
{
    /// <summary>What is noted of it for the team.</summary>
    public VersionNote Team { get; } = new();

    /// <summary>What is noted of it for the public; null where it is not released.</summary>
    public VersionNote? Public { get; } = IsPublic ? new() : null;

    /// <summary>
    /// What all versions of the file share: every part of its name that is neither its version nor its end.
    /// The product stands for the words.
    /// </summary>
    public string Series { get; } = string.Create(CultureInfo.InvariantCulture, $"{Product} {Record.StartDate}{Name.SeriesParts}");

    /// <summary>A text that sorts as the versions do.</summary>
    public string VersionOrder => Name.VersionOrder;

    /// <summary>The major version as the default of lists counts it; null where the convention lists every major.</summary>
    public int? CountedMajor => Name.CountedMajor;

    /// <summary>The record as <c>/query</c> answers it.</summary>
    public string? Item { get; set; }

    /// <summary>How many days the file goes on after its first.</summary>
    public long Days =>
        Record is { StartDate: { } first, EndDate: { } last } && string.CompareOrdinal(first, last) < 0
            ? Day.Of(last).DayNumber - Day.Of(first).DayNumber
            : 0;
}
