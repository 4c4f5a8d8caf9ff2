using System.Globalization;

namespace OpenSdc.Server.Catalogue;

/// <summary>A mission file as an archive keeps it.</summary>
/// <param name="Number">1 for the one that it was made with; each accepted one after it has the next.</param>
/// <param name="At">When it was taken, UTC, <c>YYYYMMDD HH:MM:SS</c>.</param>
/// <param name="IsBuiltIn">Whether it was the one that is part of the program.</param>
/// <param name="Text">The file's text.</param>
internal sealed record StoredMission(long Number, string At, bool IsBuiltIn, string Text);

/// <summary>The mission files of an archive, the newest of which its names are read by.</summary>
internal sealed class MissionTable(Catalogue catalogue)
{
    private const string NewestSql = "SELECT number, at, built_in, text FROM missions ORDER BY number DESC LIMIT 1";
    private const string AddSql = "INSERT INTO missions (number, at, built_in, text) VALUES (@p0, @p1, @p2, @p3) ON CONFLICT DO NOTHING";
    private const string PathsSql = "SELECT seq, file_path FROM files WHERE seq > @p0 ORDER BY seq LIMIT 5000";

    /// <summary>The newest; null for an archive that has not been started yet.</summary>
    public ValueTask<StoredMission?> NewestAsync(CancellationToken cancel) =>
        catalogue.ReadAsync(
            async session =>
            {
                await using var reader = await session.Statement(NewestSql, []).ExecuteReaderAsync(cancel);
                return await reader.ReadAsync(cancel)
                    ? new StoredMission(reader.GetInt64(0), reader.GetString(1), reader.GetInt64(2) != 0, reader.GetString(3))
                    : null;
            },
            cancel
        );

    /// <summary>Adds one. Of two processes that start at once the first one's stands.</summary>
    public Task AddAsync(StoredMission mission, CancellationToken cancel) =>
        catalogue.WriteAsync(
            (session, transaction) =>
                session
                    .Statement(AddSql, [mission.Number, mission.At, mission.IsBuiltIn ? 1L : 0L, mission.Text], transaction)
                    .ExecuteNonQueryAsync(cancel),
            cancel
        );

    /// <summary>The paths of all files, some thousands at a time.</summary>
    public async IAsyncEnumerable<IReadOnlyList<string>> PathsAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel
    )
    {
        for (var last = 0L; ;)
        {
            var paths = new List<string>();
            await catalogue.ReadAsync(async session =>
            {
                await using var reader = await session.Statement(PathsSql, [last]).ExecuteReaderAsync(cancel);
                while (await reader.ReadAsync(cancel))
                {
                    last = Convert.ToInt64(reader.GetValue(0), CultureInfo.InvariantCulture);
                    paths.Add(reader.GetString(1));
                }

                return true;
            }, cancel);
            if (paths.Count == 0)
                yield break;
            yield return paths;
        }
    }
}
