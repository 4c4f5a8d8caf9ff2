using System.Text;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Access;

/// <summary>
/// The mark that an archive had a key or an issuer. With it the archive never starts open by itself, even
/// where that key or issuer is gone. It is a row of the table <c>shared</c>, which backup, restore and
/// migrate take along; and, where the archive has a data folder, a file there, which outlives the catalogue.
/// </summary>
internal sealed class AccessMark(Catalogue.Catalogue catalogue, string? dataFolder)
{
    private const string FileName = "access-control";
    private const string FindSql = "SELECT value FROM shared WHERE name = 'access-control'";
    private const string SetSql = "INSERT INTO shared (name, value) VALUES ('access-control', 'configured') ON CONFLICT DO NOTHING";

    private string? File => dataFolder is null ? null : Path.Combine(dataFolder, FileName);

    /// <summary>Whether the archive ever had access control.</summary>
    public async ValueTask<bool> IsSetAsync(CancellationToken cancel) => System.IO.File.Exists(File) || await IsRecordedAsync(cancel);

    /// <summary>Sets the mark; setting it twice changes nothing.</summary>
    public async Task SetAsync(CancellationToken cancel)
    {
        if (File is { } file && !System.IO.File.Exists(file))
            Write(file);
        if (!await IsRecordedAsync(cancel))
            await catalogue.WriteAsync(
                (session, transaction) => session.Statement(SetSql, [], transaction).ExecuteNonQueryAsync(cancel),
                cancel
            );
    }

    private ValueTask<bool> IsRecordedAsync(CancellationToken cancel) =>
        catalogue.ReadAsync(async session => await session.Statement(FindSql, []).ExecuteScalarAsync(cancel) is not null, cancel);

    private static void Write(string file)
    {
        try
        {
            // A mark that a crash cut short is one as well.
            using var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
            stream.Write(
                Encoding.UTF8.GetBytes(
                    "This archive had an API key or an issuer. sdc serve does not start it open to everybody, unless --open is given.\n"
                )
            );
            stream.Flush();
            Posix.Flush(stream.SafeFileHandle, file);
            Posix.FlushFolder(Path.GetDirectoryName(file)!);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"The file {file} cannot be made: {failure.Message}", failure);
        }
    }
}
