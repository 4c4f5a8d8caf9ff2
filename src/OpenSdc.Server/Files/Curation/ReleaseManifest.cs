using System.Globalization;
using System.Text;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Files.Kernels;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Files.Curation;

/// <summary>
/// Reads the manifest of a release: a file of the archive whose name has the days, and whose lines,
/// <c>instrument,data_type,descriptor,true|false</c>, say which files are meant. A line with false is an
/// exception: what it names is left as it is, whatever other lines say.
/// </summary>
internal sealed class ReleaseManifest(Catalogue.Catalogue catalogue, IntegrityState integrity, IObjectStore store)
{
    private const int LargestManifest = 16 * 1024 * 1024;

    /// <exception cref="BareRefusal">There is no such file, or it is no manifest.</exception>
    public async Task<ManifestLines> ReadAsync(string file, Mission mission, Audience audience, CancellationToken cancel)
    {
        if (OrderRules.NameOf(file, mission) is not { } name)
            throw new BareRefusal(400, $"'{ParameterValues.Shown(file)}' is not a valid name of a manifest.");
        if (await integrity.FindAsync(name.Key, ReadScope.Team, cancel) is not { } found)
            throw new BareRefusal(404, $"The manifest {name.Name} is not in the archive.");
        if (name.StartDate is not { } from)
            throw new BareRefusal(400, $"The name of the manifest {name.Name} has no date.");
        var lines = new ManifestLines(catalogue, mission, from, name.EndDate ?? from);
        var text = await TextAsync(name.Key, found, cancel);
        foreach (var (line, number) in text.Split('\n').Select((line, i) => (line.Trim(), i + 1)))
        {
            if (line.Length > 0)
                lines.Add(line, number, isShown: audience == Audience.Team);
        }

        return lines;
    }

    private async Task<string> TextAsync(string key, ServedFile found, CancellationToken cancel)
    {
        var receipt = found.Receipt;
        if (receipt.Size > LargestManifest)
            throw new BareRefusal(
                400,
                string.Create(CultureInfo.InvariantCulture, $"The manifest has {receipt.Size} bytes; allowed: at most {LargestManifest}.")
            );
        var record = new ObjectRecord(key, receipt.Size, receipt.Sha256);
        var (stored, verdict) = found.Mark is null ? await ObjectVerifier.OpenAsync(store.OpenAsync, record, cancel) : (null, default);
        using (stored)
        {
            var bytes = new byte[receipt.Size];
            if (stored is null || (verdict = await ObjectVerifier.FillAsync(stored, record, bytes, cancel)).State != ObjectState.Intact)
                throw new BareRefusal(500, $"The stored bytes of the manifest {key} are lost or damaged.");
            return Encoding.UTF8.GetString(bytes).TrimStart('\uFEFF');
        }
    }
}

/// <summary>The lines of a manifest, and the files that they mean.</summary>
internal sealed class ManifestLines(Catalogue.Catalogue catalogue, Mission mission, DateOnly from, DateOnly to)
{
    private const string All = "all";
    private const string Science = "science";
    private const string Ancillary = "ancillary";

    private readonly List<Line> lines = [];

    /// <exception cref="BareRefusal">The line is malformed.</exception>
    public void Add(string text, int number, bool isShown)
    {
        var parts = text.Split(',', StringSplitOptions.TrimEntries);
        if (
            parts is not [{ Length: > 0 } instrument, { Length: > 0 } type, { Length: > 0 } descriptor, var flag]
            || !bool.TryParse(flag, out var isMeant)
        )
            throw Malformed("instrument,data_type,descriptor,true or false");
        var families = mission.Families.Where(each => each.Name is Science or Ancillary).ToList();
        if (!families.Exists(each => each.Instruments.Contains(instrument)))
            throw Malformed("an instrument of the mission");
        if (type is not (All or Ancillary) && !families.Exists(each => each.DataLevels.Contains(type)))
            throw Malformed($"a data level, {Ancillary} or {All}");
        lines.Add(new(instrument, type, descriptor, isMeant));

        // Who may release and not read learns nothing of the bytes of a file that is not released.
        BareRefusal Malformed(string allowed) => new(400, string.Create(CultureInfo.InvariantCulture,
            $"Line {number} of the manifest is {(isShown ? $"'{ParameterValues.Shown(text)}'" : "malformed")}; allowed: {allowed}."));
    }

    /// <summary>The files that the lines mean and no exception names.</summary>
    /// <param name="newestOnly">Only the newest version of each, as it is at this moment.</param>
    /// <param name="cancel">Ends the reading.</param>
    public async Task<List<long>> FindAsync(bool newestOnly, CancellationToken cancel)
    {
        var (meant, excepted) = (new List<long>(), new HashSet<long>());
        foreach (var line in lines)
        {
            foreach (var file in await OfAsync(line, newestOnly, cancel))
            {
                if (line.IsMeant)
                    meant.Add(file);
                else
                    excepted.Add(file);
            }
        }

        return [.. meant.Where(excepted.Add)];
    }

    private async Task<List<long>> OfAsync(Line line, bool newestOnly, CancellationToken cancel)
    {
        var found = new List<long>();
        if (line.Type != Ancillary && mission.FindFamily(Science) is { } science)
        {
            var query = new FileQuery
            {
                Family = Science,
                Instruments = [line.Instrument],
                DataLevels = line.Type == All ? [] : [line.Type],
                Descriptors = line.Descriptor == All ? [] : [line.Descriptor],
                StartDate = Day.Text(from),
                EndDate = Day.Text(to),
                Latest = newestOnly,
            };
            found.AddRange(await new Catalogue.Releases(catalogue, TimeProvider.System).FindAsync(query, science, cancel));
        }

        // All types are also all ancillary files of the instrument, whatever their descriptors.
        if (line.Type is Ancillary or All && mission.FindFamily(Ancillary) is { } ancillary)
            found.AddRange(await AncillaryAsync(line, ancillary, newestOnly, cancel));
        return found;
    }

    /// <summary>
    /// Ancillary files are valid from their first day to their last, or until the next one of their
    /// descriptor begins where they have none. Of one descriptor and span the newest version counts, whatever
    /// its extension.
    /// </summary>
    private async Task<IEnumerable<long>> AncillaryAsync(Line line, Family family, bool newestOnly, CancellationToken cancel)
    {
        var query = new FileQuery
        {
            Family = family.Name,
            Instruments = [line.Instrument],
            Descriptors = line.Type == All || line.Descriptor == All ? [] : [line.Descriptor],
        };
        var files = new List<(long Seq, string Descriptor, string Start, string? End, string Order)>();
        await using (
            var rows = await catalogue.QueryAsync(
                query,
                ReadScope.Team,
                family,
                "seq, file_path, start_date, end_date, version_order",
                count: false,
                cancel
            )
        )
        {
            while (await rows.ReadAsync(cancel))
                files.Add(
                    (
                        rows.Columns.GetInt64(0),
                        DescriptorOf(rows.Columns.GetString(1)),
                        rows.Columns.GetString(2),
                        rows.Columns.IsDBNull(3) ? null : rows.Columns.GetString(3),
                        rows.Columns.GetString(4)
                    )
                );
        }

        var (first, last) = (Day.Text(from), Day.Text(to));
        var starts = files
            .GroupBy(each => each.Descriptor)
            .ToDictionary(each => each.Key, each => each.Select(file => file.Start).Distinct().Order(StringComparer.Ordinal).ToList());
        var valid = files.Where(each =>
            string.CompareOrdinal(each.Start, last) <= 0
            && (
                each.End is { } end
                    ? string.CompareOrdinal(end, first) >= 0
                    : !starts[each.Descriptor]
                        .Exists(next => string.CompareOrdinal(next, each.Start) > 0 && string.CompareOrdinal(next, first) <= 0)
            )
        );
        return newestOnly
            ? valid
                .GroupBy(each => (each.Descriptor, each.Start, each.End))
                .Select(versions => versions.OrderBy(each => each.Order, StringComparer.Ordinal).ThenBy(each => each.Seq).Last().Seq)
            : valid.Select(each => each.Seq);

        // A file that has come under a convention that the mission has no more has a series of its own.
        string DescriptorOf(string key) => FileName.Parse(Path.GetFileName(key), mission).Name?.Descriptor ?? key;
    }

    private sealed record Line(string Instrument, string Type, string Descriptor, bool IsMeant);
}
