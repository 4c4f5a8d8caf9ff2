using System.Text;

namespace OpenSdc.Server.Files.Formats;

/// <summary>
/// Members of records, cut out of the JSON that publication rendered: one column is read instead of sixteen,
/// which costs the driver far more than the cutting does (see docs/decisions/0010-formats.md). It relies on
/// what <see cref="Contract.FileRecord"/> promises: this order of members, without spaces, and a member
/// either there or left out.
/// </summary>
/// <param name="fields">The members that are wanted.</param>
/// <param name="members">All members that records may have, in their order.</param>
internal sealed class ItemParts(IReadOnlyList<string> fields, IReadOnlyList<string> members)
{
    private readonly byte[][] labels = [.. members.Select(name => Encoding.UTF8.GetBytes($"\"{name}\":"))];

    private readonly int[] wanted = [.. fields.Select(field => IndexOf(field, members))];

    // What comes after the last member that is wanted need not be looked at.
    private readonly int needed = fields.Max(field => IndexOf(field, members)) + 1;
    private readonly (int Start, int Length)[] places = new (int, int)[members.Count];
    private byte[] item = [];

    /// <summary>How many members are wanted.</summary>
    public int Count => wanted.Length;

    /// <summary>The value of a wanted member, by its place among them, as JSON; empty where the record leaves it out.</summary>
    public ReadOnlySpan<byte> this[int i]
    {
        get
        {
            var (start, length) = places[wanted[i]];
            return item.AsSpan(start, length);
        }
    }

    /// <summary>The name of a wanted member, with its quotes and colon.</summary>
    public ReadOnlySpan<byte> Label(int i) => labels[wanted[i]];

    /// <summary>Finds the members of a record, which must stay as it is until the next one.</summary>
    public void Cut(byte[] record)
    {
        item = record;
        var rest = record.AsSpan(1);
        for (var i = 0; i < needed; i++)
        {
            ReadOnlySpan<byte> label = labels[i];
            if (!rest.StartsWith(label))
            {
                places[i] = default;
                continue;
            }

            rest = rest[label.Length..];
            var length = rest[0] == '"' ? EndOfText(rest) : rest.IndexOfAny((byte)',', (byte)'}');
            places[i] = (record.Length - rest.Length, length);
            rest = rest[(length + 1)..];
        }
    }

    private static int EndOfText(ReadOnlySpan<byte> text)
    {
        var at = 1;
        while (true)
        {
            at += text[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (text[at] == '"')
                return at + 1;
            at += 2;
        }
    }

    private static int IndexOf(string field, IReadOnlyList<string> members)
    {
        for (var i = 0; i < members.Count; i++)
        {
            if (members[i] == field)
                return i;
        }

        throw new ArgumentException($"{field} is no member of a record.", nameof(field));
    }
}
