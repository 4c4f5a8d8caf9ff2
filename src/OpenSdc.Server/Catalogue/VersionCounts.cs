using System.Data.Common;
using System.Runtime.InteropServices;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Which versions there are of each product and extension, and how many files have each of them. Kept, like <see cref="Coverage"/>, by every publication in its own transaction.
/// </summary>
internal sealed class VersionCounts
{
    private static readonly InsertMany Rows = new(
        "INSERT INTO versions (family, instrument, data_level, descriptor, extension, version, major_version, minor_version, files)", columns: 9,
        "ON CONFLICT (family, instrument, data_level, descriptor, extension, version, major_version, minor_version) DO UPDATE SET files = versions.files + excluded.files");

    private readonly Dictionary<Version, long> counts = [];

    /// <summary>Notes a record that was just inserted.</summary>
    public void Add(FileRecord record, string family)
    {
        var version = new Version(Series.Of(record, family), record.Version ?? "", record.MajorVersion ?? -1, record.MinorVersion ?? -1);
        CollectionsMarshal.GetValueRefOrAddDefault(counts, version, out _)++;
    }

    /// <summary>Writes what was noted, inside the transaction that inserted the records.</summary>
    public Task SaveAsync(Session session, DbTransaction transaction, int rowsAtOnce, CancellationToken cancel) => Rows.RunAsync(session, transaction, rowsAtOnce, [.. counts], (each, values) =>
    {
        var ((s, version, major, minor), files) = each;
        ReadOnlySpan<object?> row = [s.Family, s.Instrument, s.DataLevel, s.Descriptor, s.Extension, version, major, minor, files];
        row.CopyTo(values);
    }, cancel);

    /// <summary>One version of one product and extension, as its name writes it and in numbers.</summary>
    private readonly record struct Version(Series Series, string Text, int Major, int Minor);
}
