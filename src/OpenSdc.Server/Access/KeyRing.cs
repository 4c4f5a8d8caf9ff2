using System.Collections.Concurrent;
using System.Collections.Frozen;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Access;

/// <summary>
/// The API keys in memory, and the key that signs URLs. Where several processes share a database, a number
/// there is read again before a request is answered, at most <see cref="LongestAge"/> after the last time:
/// what one process has revoked counts in all of them within that time.
/// </summary>
/// <remarks>
/// The copy belongs to this class. Readers get immutable keys of the moment; a change replaces the whole
/// copy.
/// </remarks>
internal sealed partial class KeyRing(
    ApiKeyTable table,
    AccessMark mark,
    Catalogue.Catalogue catalogue,
    SigningKey signingKey,
    TimeProvider clock,
    ILogger<KeyRing> logger
) : BackgroundService
{
    /// <summary>How old the copy may be when a request is answered by it.</summary>
    public static readonly TimeSpan LongestAge = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan NoteUsesEvery = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim turn = new(1);
    private readonly ConcurrentDictionary<string, DateTimeOffset> uses = new(StringComparer.Ordinal);
    private volatile bool isStale;
    private volatile Copy copy = new("", FrozenDictionary<string, ApiKey>.Empty, FrozenDictionary<string, ApiKey>.Empty, 0);

    /// <summary>Reads the keys. Call once, after the catalogue is open.</summary>
    public Task OpenAsync(CancellationToken cancel) => ReadAgainAsync(cancel);

    /// <summary>Makes sure that the copy is of now, or at most <see cref="LongestAge"/> old.</summary>
    public ValueTask RefreshAsync(CancellationToken cancel) =>
        IsFresh ? ValueTask.CompletedTask : new ValueTask(RefreshOnceAsync(cancel));

    /// <summary>The key of a text, or null.</summary>
    public ApiKey? FindByText(string text) => copy.ByHash.GetValueOrDefault(KeyText.Hash(text));

    /// <summary>The key of an id, or null.</summary>
    public ApiKey? Find(string id) => copy.ById.GetValueOrDefault(id);

    /// <summary>Notes that a key was used; written to the database once a minute.</summary>
    public void Use(ApiKey key) => uses[key.Id] = clock.GetUtcNow();

    public IReadOnlyCollection<ApiKey> All => copy.ById.Values;

    public async Task AddAsync(ApiKey key, AuditEntry audit, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        await ChangeAsync(() => table.AddAsync(key, audit, CancellationToken.None));
        await mark.SetAsync(CancellationToken.None);
    }

    /// <summary>Ends a key; false where there is none of this id.</summary>
    public async Task<bool> RevokeAsync(string id, AuditEntry audit, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var found = false;
        await ChangeAsync(async () => found = await table.RevokeAsync(id, clock.GetUtcNow(), audit, CancellationToken.None));
        return found;
    }

    /// <summary>
    /// Replaces the key that signs URLs: every URL that is out is refused from now on, in other processes
    /// within <see cref="LongestAge"/>.
    /// </summary>
    public async Task RotateUrlsAsync(AuditEntry audit, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        await ChangeAsync(async () =>
        {
            await signingKey.RotateAsync(CancellationToken.None);
            await table.RaiseAsync(audit, clock.GetUtcNow(), CancellationToken.None);
        });
    }

    private bool IsFresh => !isStale && (!catalogue.IsShared || clock.GetElapsedTime(copy.ReadAt) < LongestAge);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(NoteUsesEvery, clock);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await NoteUsesAsync(stoppingToken);
        }
        catch (OperationCanceledException)
        {
            await NoteUsesAsync(CancellationToken.None);
        }
    }

    private async Task NoteUsesAsync(CancellationToken cancel)
    {
        var noted = uses.ToArray();
        if (noted.Length == 0)
            return;
        try
        {
            await table.UsedAsync(noted, cancel);
            foreach (var use in noted)
                uses.TryRemove(use);
        }
        catch (Exception failure) when (catalogue.IsUnavailable(failure))
        {
            LogNotNoted(logger, failure.Message);
        }
    }

    private async Task RefreshOnceAsync(CancellationToken cancel)
    {
        // Of many requests that find the copy too old, the first one reads; the others wait for it.
        await turn.WaitAsync(cancel);
        try
        {
            if (IsFresh)
                return;
            var readAt = clock.GetTimestamp();
            var version = await table.VersionAsync(cancel);
            if (version == copy.Version)
            {
                // Looked at all the same: a process may have ended between replacing it and raising the number.
                await signingKey.OpenAsync(cancel);
                copy = copy with { ReadAt = readAt };
            }
            else
            {
                copy = await ReadAsync(version, readAt, cancel);
            }

            isStale = false;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>
    /// Makes a change and reads what it left, whether or not the caller waits for it: a key that is revoked
    /// ends at once, also where its copy cannot be read now.
    /// </summary>
    private async Task ChangeAsync(Func<Task> change)
    {
        try
        {
            await change();
        }
        finally
        {
            await ReadAgainAsync(CancellationToken.None);
        }
    }

    private async Task ReadAgainAsync(CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            // Until it has been read no request is answered by the copy.
            isStale = true;
            var readAt = clock.GetTimestamp();
            copy = await ReadAsync(await table.VersionAsync(cancel), readAt, cancel);
            isStale = false;
        }
        finally
        {
            turn.Release();
        }
    }

    // The number is read before the keys, so that a change in between is noticed the next time.
    private async Task<Copy> ReadAsync(string version, long readAt, CancellationToken cancel)
    {
        var keys = await table.ListAsync(cancel);
        await signingKey.OpenAsync(cancel);
        return new(
            version,
            keys.ToFrozenDictionary(key => key.Hash, StringComparer.Ordinal),
            keys.ToFrozenDictionary(key => key.Id, StringComparer.Ordinal),
            readAt
        );
    }

    public override void Dispose()
    {
        turn.Dispose();
        base.Dispose();
    }

    private sealed record Copy(string Version, FrozenDictionary<string, ApiKey> ByHash, FrozenDictionary<string, ApiKey> ById, long ReadAt);

    [LoggerMessage(Level = LogLevel.Warning, Message = "When API keys were last used could not be noted: {Reason}")]
    private static partial void LogNotNoted(ILogger logger, string reason);
}
