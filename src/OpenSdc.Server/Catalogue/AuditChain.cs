namespace OpenSdc.Server.Catalogue;

/// <summary>
/// Follows the chain of the audit from entry to entry, and says in one sentence where it is broken. Takes the
/// entries in order, all of them, and then the head that the archive says it has; heads that were noted
/// before are looked for on the way.
/// </summary>
/// <param name="from">The place before the first entry that is given: what was dropped last, or where an
/// earlier check ended.</param>
/// <param name="noted">Heads that somebody noted before.</param>
internal sealed class AuditChain(AuditHead from, params IReadOnlyList<AuditHead> noted)
{
    /// <summary>The newest entry that was given.</summary>
    public AuditHead Head { get; private set; } = from;

    /// <summary>What is wrong; null where nothing is so far.</summary>
    public string? Fault { get; private set; } =
        noted
            .Where(each => each.Number == from.Number && each.Hash != from.Hash)
            .Select(each =>
                $"Entry {each.Number} was changed: it had the hash {each.Hash} when the head was noted, and the archive says {from.Hash}."
            )
            .FirstOrDefault();

    /// <summary>Follows a whole chain.</summary>
    /// <param name="head">What the archive says is its head.</param>
    /// <param name="dropped">What it says was dropped last.</param>
    /// <param name="entries">The entries after that, in order; newer ones than the head are left alone.</param>
    /// <param name="noted">Heads that somebody noted before; of what was dropped since nothing can be said.</param>
    /// <param name="cancel">Gives up.</param>
    /// <returns>What is wrong; null where nothing is.</returns>
    public static async Task<string?> VerifyAsync(
        AuditHead head, AuditHead dropped, IAsyncEnumerable<AuditEntry> entries, IReadOnlyList<AuditHead> noted, CancellationToken cancel)
    {
        var chain = new AuditChain(dropped, noted);
        await foreach (var entry in entries.WithCancellation(cancel))
        {
            if (chain.Head.Number >= head.Number || !chain.Follow(entry))
                break;
        }

        return chain.End(head);
    }

    /// <summary>Takes the next entry; false where the chain is broken and nothing more need be given.</summary>
    public bool Follow(AuditEntry entry)
    {
        if (Fault is not null)
            return false;
        if (entry.Number != Head.Number + 1)
            Fault =
                entry.Number > Head.Number
                    ? $"Entry {Head.Number + 1} is missing: {entry.Number} follows {Head.Number}."
                    : $"Entry {entry.Number} stands where {Head.Number + 1} should.";
        else if (entry.HashAfter(Head.Hash) != entry.Hash)
            Fault = $"Entry {entry.Number} was changed, or one before it was: it does not go with its hash.";
        else if (noted.FirstOrDefault(each => each.Number == entry.Number) is { Number: > 0 } head && head.Hash != entry.Hash)
            Fault = $"Entry {entry.Number} was changed: it had the hash {head.Hash} when the head was noted, and has {entry.Hash} now.";
        else
            Head = new(entry.Number, entry.Hash);
        return Fault is null;
    }

    /// <summary>After the last entry.</summary>
    /// <param name="head">What the archive says is its head.</param>
    /// <returns>What is wrong; null where nothing is.</returns>
    public string? End(AuditHead head) =>
        Fault ??=
            head.Number > Head.Number ? $"Entry {Head.Number + 1} is missing: the archive says that {head.Number} is the newest."
            : head != Head ? $"The archive says that {head} is its head, but the entries lead to {Head}."
            : noted
                .Where(each => each.Number > head.Number)
                .Select(each =>
                    $"Entry {each.Number} is missing: it was there when the head was noted, and {head.Number} is the newest now."
                )
                .FirstOrDefault();
}
