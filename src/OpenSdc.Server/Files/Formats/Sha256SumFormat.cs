using System.Data.Common;

namespace OpenSdc.Server.Files.Formats;

/// <summary>
/// The lines that <c>sha256sum -c</c> checks: digest, two spaces, name. The name is bare, since that is what
/// a download is saved under, and no two files of an archive share one: a file's path is built from its name.
/// Names hold neither backslash nor control characters, so none needs the escape that the tool knows.
/// </summary>
internal sealed class Sha256SumFormat : IListingFormat
{
    public string ContentType => "text/plain; charset=utf-8";

    public string? FileName => "opensdc-sha256sum.txt";

    public bool IsOfFetchable => true;

    public string Columns => "sha256, file_path";

    public int PathColumn => 1;

    public void Begin(PooledBuffer output)
    {
    }

    public void Row(PooledBuffer output, DbDataReader row, bool first)
    {
        output.Write(row.GetFieldValue<byte[]>(0));
        output.Write("  "u8);
        var path = row.GetFieldValue<byte[]>(1).AsSpan();
        output.Write(path[(path.LastIndexOf((byte)'/') + 1)..]);
        output.Write("\n"u8);
    }

    public void End(PooledBuffer output)
    {
    }
}
