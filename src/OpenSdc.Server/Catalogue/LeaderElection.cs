using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Elects one of an archive's processes for each piece of background work. The leader keeps its role while it
/// asks again in time; another process takes the role over when the term has run out, or at once where the
/// leader resigns. A process that has its database to itself is always the leader.
/// </summary>
/// <remarks>
/// Times are those of each process's own clock: with clocks that differ by a second, two processes may lead
/// for that second. So a role is only for work that does no harm when it is done twice. A leader asks the
/// database again after half its term, any other process after a quarter.
/// </remarks>
internal sealed class LeaderElection(Catalogue catalogue, TimeProvider clock)
{
    private const string LeadSql = """
        INSERT INTO leaders (name, owner, until) VALUES (@p0, @p1, @p2)
        ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE leaders.owner = excluded.owner OR leaders.until < @p3
        RETURNING owner
        """;

    private const string ResignSql = "DELETE FROM leaders WHERE name = @p0 AND owner = @p1";

    private readonly string me = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16));
    private readonly ConcurrentDictionary<string, (bool IsLeader, DateTimeOffset AskAgain)> known = new();

    /// <summary>Whether other processes may stand for election.</summary>
    public bool IsShared => catalogue.IsShared;

    /// <summary>Takes or keeps a role; true where this process leads, and then for at least half the term.</summary>
    /// <param name="role">Its name.</param>
    /// <param name="term">How long the role is kept when nobody asks again.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<bool> IsLeaderAsync(string role, TimeSpan term, CancellationToken cancel)
    {
        if (!catalogue.IsShared)
            return true;
        var now = clock.GetUtcNow();
        if (known.TryGetValue(role, out var answer) && now < answer.AskAgain)
            return answer.IsLeader;
        var until = (now + term).ToUnixTimeMilliseconds();
        var isLeader = await catalogue.WriteAsync(
            async (session, transaction) =>
                await session.Statement(LeadSql, [role, me, until, now.ToUnixTimeMilliseconds()], transaction).ExecuteScalarAsync(cancel)
                    is not null,
            cancel
        );
        known[role] = (isLeader, now + (isLeader ? term / 2 : term / 4));
        return isLeader;
    }

    /// <summary>Gives a role up where this process leads; another process can take it at once.</summary>
    public Task ResignAsync(string role, CancellationToken cancel)
    {
        return known.TryRemove(role, out var answer) && answer.IsLeader ? DeleteAsync() : Task.CompletedTask;

        Task DeleteAsync() =>
            catalogue.WriteAsync(
                async (session, transaction) => await session.Statement(ResignSql, [role, me], transaction).ExecuteNonQueryAsync(cancel),
                cancel
            );
    }
}
