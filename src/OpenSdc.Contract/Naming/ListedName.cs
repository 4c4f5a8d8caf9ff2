using System.Globalization;
using System.Text;

namespace OpenSdc.Contract.Naming;

/// <summary>
/// A name from the values with which the founding document lists a file. They leave out what only some
/// conventions have (repointing, a mission's own fields), so that a name with such a part is not found.
/// </summary>
/// <param name="Instrument">Instrument, or empty.</param>
/// <param name="DataLevel">Data level, or empty.</param>
/// <param name="Descriptor">Descriptor, or empty.</param>
/// <param name="StartDate">Start, <c>YYYYMMDD</c>, or empty.</param>
/// <param name="EndDate">End, <c>YYYYMMDD</c>; the start again where the name has none.</param>
/// <param name="Version">Version as the name writes it.</param>
/// <param name="Extension">Extension without the dot.</param>
public sealed record ListedName(
    string Instrument,
    string DataLevel,
    string Descriptor,
    string StartDate,
    string EndDate,
    string Version,
    string Extension
)
{
    /// <summary>The name, by the first convention of the mission that has one of exactly these values; null where none has.</summary>
    public FileName? Find(Mission mission)
    {
        DateOnly? start = Day(StartDate), end = Day(EndDate);
        foreach (var convention in mission.Conventions)
        {
            // The start stands in the place of an end that a name does not have.
            foreach (var withEnd in (bool[])[StartDate != EndDate, StartDate == EndDate])
            {
                var text = new StringBuilder();
                if (
                    Write(convention.Nodes, start, withEnd ? end : null, text)
                    && FileName.Parse(text.ToString(), mission).Name is { } name
                    && Says(name, start, end)
                )
                    return name;
            }
        }

        return null;
    }

    private bool Says(FileName name, DateOnly? start, DateOnly? end) =>
        (name.Instrument ?? "") == Instrument
        && (name.DataLevel ?? "") == DataLevel
        && (name.Descriptor ?? "") == Descriptor
        && name.StartDate == start
        && (name.EndDate ?? name.StartDate) == end
        && (name.Version ?? "") == Version
        && name.Extension == Extension;

    /// <summary>Writes the pieces of a template; false where one has a field that is not known.</summary>
    private bool Write(Node[] nodes, DateOnly? start, DateOnly? end, StringBuilder text)
    {
        foreach (var node in nodes)
        {
            var piece = node switch
            {
                Literal literal => literal.Text,
                Group { Field.Role: Role.Version } => Version,
                Slot { Field: var field } => field.Role switch
                {
                    Role.Instrument => Instrument,
                    Role.Level => DataLevel,
                    Role.Descriptor => Descriptor,
                    Role.Start => start is { } day ? DayText.Write(field.Kind, day) : "",
                    Role.End => end is { } day ? DayText.Write(field.Kind, day) : "",
                    Role.Version => Version,
                    Role.Extension => Extension,
                    _ => "",
                },
                // The branch with an end where there is one, otherwise the one without anything.
                Choice choice => Branch(choice, start, end),
                _ => "",
            };
            if (piece is null || (piece.Length == 0 && node is not Choice))
                return false;
            text.Append(piece);
        }

        return true;
    }

    private string? Branch(Choice choice, DateOnly? start, DateOnly? end)
    {
        foreach (var branch in choice.Branches)
        {
            var text = new StringBuilder();
            if (Write(branch, start, end, text))
                return text.ToString();
        }

        return null;
    }

    private static DateOnly? Day(string text) =>
        DateOnly.TryParseExact(text, "yyyyMMdd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;
}
