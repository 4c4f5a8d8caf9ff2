using System.Text;

namespace OpenSdc.Contract.Naming;

/// <summary>Writes a name from a record, by the template that read it.</summary>
internal static class NameWriter
{
    /// <exception cref="ArgumentException">The record lacks a field of the template.</exception>
    public static string Write(Node[] nodes, FileName record)
    {
        var text = new StringBuilder();
        Write(nodes, record, text);
        return text.ToString();
    }

    private static void Write(Node[] nodes, FileName record, StringBuilder text)
    {
        foreach (var node in nodes)
        {
            switch (node)
            {
                case Literal literal:
                    text.Append(literal.Text);
                    break;
                case Slot slot:
                    text.Append(
                        Text(slot.Field, record) ?? throw new ArgumentException($"The record has no {slot.Field.Title}.", nameof(record))
                    );
                    break;
                case Group group:
                    if (Array.TrueForAll(group.Parts, p => p is Literal or Slot { Field.Length: > 0 })) Write(group.Parts, record, text);
                    else text.Append(record.Version);
                    break;
                case Choice choice:
                    Write(Array.Find(choice.Branches, b => Has(b, record)) ?? [], record, text);
                    break;
            }
        }
    }

    /// <summary>Whether the record has what a branch writes: the first such branch is the one that was read.</summary>
    private static bool Has(Node[] nodes, FileName record) => Array.TrueForAll(nodes, n => n switch
    {
        Slot slot => Text(slot.Field, record) is not null,
        Group group => Has(group.Parts, record),
        Choice choice => Array.Exists(choice.Branches, b => Has(b, record)),
        _ => true,
    });

    private static string? Text(Field field, FileName record) => field.Role switch
    {
        Role.Instrument => record.Instrument,
        Role.Level => record.DataLevel,
        Role.Descriptor => record.Descriptor,
        Role.Start => record.StartDate is { } day ? DayText.Write(field.Kind, day) : null,
        Role.End => record.EndDate is { } day ? DayText.Write(field.Kind, day) : null,
        Role.StartTime => record.StartTime is { } time ? TimeText.Write(field.Kind, time.AsSpan(11)) : null,
        Role.EndTime => record.EndTime is { } time ? TimeText.Write(field.Kind, time.AsSpan(11)) : null,
        Role.Repointing => Padded(field, record.Repointing),
        Role.Cr => Padded(field, record.Cr),
        Role.Major => Padded(field, record.MajorVersion),
        Role.Minor => Padded(field, record.MinorVersion),
        Role.Version => record.Version,
        Role.Extension => record.Extension,
        _ => record.Own[field.Name] is { } value ? OwnText.AsWritten(field, value) : null,
    };

    private static string? Padded(Field field, int? number) => number?.ToString($"D{Math.Max(1, field.Width)}");
}
