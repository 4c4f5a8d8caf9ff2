using System.Data.Common;

namespace OpenSdc.Server.Files.Formats;

/// <summary>
/// One absolute signed URL a line, for <c>wget --content-disposition -i -</c> and <c>aria2c -i -</c>. Each is
/// what a download would redirect to, and lives as long; since it says until when, no two answers are the
/// same.
/// </summary>
internal sealed class UrlsFormat(Func<string, string> sign) : IListingFormat
{
    private long unreleased;

    public string ContentType => "text/plain; charset=utf-8";

    public string? FileName => "opensdc-urls.txt";

    public bool IsLasting => false;

    public bool IsOfFetchable => true;

    public string Columns => "file_path, is_public";

    public int PathColumn => 0;

    /// <summary>How many of the files whose URLs were written since the last call are not released.</summary>
    public long TakeUnreleased()
    {
        var count = unreleased;
        unreleased = 0;
        return count;
    }

    public void Begin(PooledBuffer output)
    {
    }

    public void Row(PooledBuffer output, DbDataReader row, bool first)
    {
        output.Write(sign(row.GetString(0)));
        if (row.GetInt64(1) == 0)
            unreleased++;
        output.Write("\n"u8);
    }

    public void End(PooledBuffer output)
    {
    }
}
