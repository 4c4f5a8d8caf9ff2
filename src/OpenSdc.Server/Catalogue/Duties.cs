using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Background work that only one of an archive's processes does at a time: whoever holds a duty does it, and another takes it over when its time has
/// run out, or at once where the holder has let go of it. A process that has its database to itself holds all of them.
/// </summary>
/// <remarks>
/// Times are those of each process's own clock; with clocks that differ by a second, two processes may hold a duty for that second. So a duty is only
/// for work that does no harm when it is done twice. A holder asks the database again when half its time is over, another when a quarter is.
/// </remarks>
internal sealed class Duties(Catalogue catalogue, TimeProvider clock)
{
    private const string HoldSql = """
        INSERT INTO duties (name, owner, until) VALUES (@p0, @p1, @p2)
        ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE duties.owner = excluded.owner OR duties.until < @p3
        RETURNING owner
        """;

    private const string LetGoSql = "DELETE FROM duties WHERE name = @p0 AND owner = @p1";

    private readonly string me = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    private readonly ConcurrentDictionary<string, (bool Held, DateTimeOffset AskAgain)> known = new();

    /// <summary>Whether there may be another process to hold them.</summary>
    public bool AreShared => catalogue.IsShared;

    /// <summary>Takes a duty or keeps it, and says whether this process holds it: then for at least half the time.</summary>
    /// <param name="duty">Its name.</param>
    /// <param name="time">How long it is held when nobody asks again.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<bool> HoldAsync(string duty, TimeSpan time, CancellationToken cancel)
    {
        // A process that has its database to itself has every duty.
        if (!catalogue.IsShared)
            return true;
        var now = clock.GetUtcNow();
        if (known.TryGetValue(duty, out var answer) && now < answer.AskAgain)
            return answer.Held;
        var until = (now + time).ToUnixTimeMilliseconds();
        var held = await catalogue.WriteAsync(async (session, transaction) =>
            await session.Statement(HoldSql, [duty, me, until, now.ToUnixTimeMilliseconds()], transaction).ExecuteScalarAsync(cancel) is not null, cancel);
        known[duty] = (held, now + (held ? time / 2 : time / 4));
        return held;
    }

    /// <summary>Lets go of a duty, where this process holds it, for another to take it at once.</summary>
    public Task LetGoAsync(string duty, CancellationToken cancel)
    {
        return known.TryRemove(duty, out var answer) && answer.Held ? DeleteAsync() : Task.CompletedTask;

        Task DeleteAsync() => catalogue.WriteAsync(
            async (session, transaction) => await session.Statement(LetGoSql, [duty, me], transaction).ExecuteNonQueryAsync(cancel), cancel);
    }
}
