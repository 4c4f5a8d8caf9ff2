using System.Data.Common;

namespace OpenSdc.Server.Files.Formats;

/// <summary>
/// One absolute signed URL a line, for <c>wget --content-disposition -i -</c> and <c>aria2c -i -</c>. Each is what a download would redirect to, and lives as long; since it says until
/// when, no two answers are the same.
/// </summary>
internal sealed class UrlsFormat(Func<string, string> sign) : IListingFormat
{
    public string ContentType => "text/plain; charset=utf-8";

    public string? FileName => "opensdc-urls.txt";

    public bool IsLasting => false;

    public bool IsOfFetchable => true;

    public string Columns => "file_path";

    public int PathColumn => 0;

    public void Begin(PooledBuffer output)
    {
    }

    public void Row(PooledBuffer output, DbDataReader row, bool first)
    {
        output.Write(sign(row.GetString(0)));
        output.Write("\n"u8);
    }

    public void End(PooledBuffer output)
    {
    }
}
