using System.Data.Common;

namespace OpenSdc.Server.Files.Formats;

/// <summary>
/// Writes records as JSON objects: whole, as they were rendered at publication, or only the members asked
/// for, in the order asked. A member that the whole record leaves out, an end date that the name does not
/// have, is left out here too.
/// </summary>
internal sealed class RecordWriter(IReadOnlyList<string> fields, IReadOnlyList<string> members)
{
    public const string Columns = "item, file_path";
    public const int PathColumn = 1;

    private readonly ItemParts? parts = fields.Count == 0 || fields.SequenceEqual(members) ? null : new ItemParts(fields, members);

    public void Write(PooledBuffer output, DbDataReader row)
    {
        var item = row.GetFieldValue<byte[]>(0);
        if (parts is null)
        {
            output.Write(item);
            return;
        }

        parts.Cut(item);
        output.Write("{"u8);
        var first = true;
        for (var i = 0; i < parts.Count; i++)
        {
            var value = parts[i];
            if (value.IsEmpty)
                continue;
            if (!first)
                output.Write(","u8);
            first = false;
            output.Write(parts.Label(i));
            output.Write(value);
        }

        output.Write("}"u8);
    }
}
