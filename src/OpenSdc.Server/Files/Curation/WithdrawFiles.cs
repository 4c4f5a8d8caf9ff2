using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Files.Curation;

/// <summary>The routes that take a wrong file out of the archive, give it out again, and remove its bytes for good.</summary>
internal static class WithdrawFiles
{
    private const string File = "filename";
    private const string Reason = "reason";
    private const string Successor = "superseded_by";
    private const string Token = "token";
    private const int LongestReason = 500;

    /// <summary>
    /// <c>POST /withdraw</c> with <c>filename</c>, <c>reason</c>, and <c>superseded_by</c> where another file
    /// stands for it.
    /// </summary>
    public static async Task<Results<WithdrawalAnswer, Problem>> HandleWithdraw(
        HttpContext context,
        Mission mission,
        Catalogue.Catalogue catalogue,
        Withdrawals withdrawals,
        ServerOptions options,
        TimeProvider clock
    )
    {
        var caller = context.Caller();
        var (given, name, problem) = await ReadAsync(context, mission, [File, Reason, Successor], Reason);
        if (problem is not null)
            return problem;
        if (!caller.Has(Scopes.Admin) && !await IsOwnAsync(name!, caller, withdrawals, options, clock, context.RequestAborted))
            return Problems.Denied(Needs.ToAdminister.Denial);
        var reason = given![Reason];
        // Everybody reads it, on terminals too: what turns or hides the text around it is no part of a reason.
        if (reason.Length > LongestReason || ShownText.Plain(reason) != reason)
            return Problems.BadOrder(
                $"The parameter {Reason} has control or invisible characters, or more than {LongestReason} characters; allowed: one line of visible text."
            );
        string? successor = null;
        if (given.TryGetValue(Successor, out var text))
        {
            if (OrderRules.NameOf(text, mission) is not { } other)
                return Problems.BadOrder(
                    $"The parameter {Successor} is '{ShownText.Of(text)}', which is no name of a file; allowed: the name of a file of the archive."
                );
            successor = other.Key;
            // Whoever may neither read it nor could have sent it learns nothing of it, as if it were not there.
            if (
                !caller.Has(Scopes.Admin)
                && !caller.MayUpload(other)
                && !await catalogue.HasAsync(successor, ReadScope.Of(caller), context.RequestAborted)
            )
                return await RefusalAsync(WithdrawalOutcome.NoSuccessor, name!.Key, withdrawals, context.RequestAborted);
        }

        var outcome = await withdrawals.WithdrawAsync(
            name!.Key,
            reason,
            successor,
            AuditLog.Of(context, AuditAction.Withdraw, name.Key, 200),
            context.RequestAborted
        );
        return outcome == WithdrawalOutcome.Done
            ? new WithdrawalAnswer(name.Key, "withdrawn")
            : await RefusalAsync(outcome, name.Key, withdrawals, context.RequestAborted);
    }

    /// <summary><c>POST /restore-file</c> with <c>filename</c>.</summary>
    public static async Task<Results<WithdrawalAnswer, Problem>> HandleRestore(
        HttpContext context,
        Mission mission,
        Withdrawals withdrawals
    )
    {
        var (_, name, problem) = await ReadAsync(context, mission, [File]);
        if (problem is not null)
            return problem;
        var outcome = await withdrawals.RestoreAsync(
            name!.Key,
            AuditLog.Of(context, AuditAction.RestoreFile, name.Key, 200),
            context.RequestAborted
        );
        return outcome == WithdrawalOutcome.Done
            ? new WithdrawalAnswer(name.Key, "restored")
            : await RefusalAsync(outcome, name.Key, withdrawals, context.RequestAborted);
    }

    /// <summary><c>POST /purge</c> with <c>filename</c>, which answers a token, and then with that <c>token</c> as well.</summary>
    public static async Task<Results<WithdrawalAnswer, Problem>> HandlePurge(
        HttpContext context,
        Mission mission,
        Withdrawals withdrawals,
        IObjectStore store
    )
    {
        var (given, name, problem) = await ReadAsync(context, mission, [File, Token]);
        if (problem is not null)
            return problem;
        if (!given!.TryGetValue(Token, out var token))
        {
            var (prepared, made) = await withdrawals.PreparePurgeAsync(name!.Key, context.RequestAborted);
            return prepared == WithdrawalOutcome.Done
                ? new WithdrawalAnswer(name.Key, "to be purged", made)
                : await RefusalAsync(prepared, name.Key, withdrawals, context.RequestAborted);
        }

        var outcome = await withdrawals.PurgeAsync(
            name!.Key,
            token,
            AuditLog.Of(context, AuditAction.Purge, name.Key, 200),
            context.RequestAborted
        );
        if (outcome != WithdrawalOutcome.Done)
            return await RefusalAsync(outcome, name.Key, withdrawals, context.RequestAborted);
        // The record says first that there is no object any more: what is left of it after a crash goes by the same order.
        await store.RemoveAsync(name.Key, CancellationToken.None);
        return new WithdrawalAnswer(name.Key, "purged");
    }

    private static async Task<(IReadOnlyDictionary<string, string>? Given, FileName? Name, Problem? Problem)> ReadAsync(
        HttpContext context,
        Mission mission,
        string[] known,
        params string[] needed
    )
    {
        var (given, problem) = await OrderBody.ReadAsync(context.Request, known);
        if (given is null)
            return (null, null, problem);
        if (((string[])[File, .. needed]).FirstOrDefault(each => !given.ContainsKey(each)) is { } missing)
            return (
                null,
                null,
                Problems.BadOrder($"The parameter {missing} is missing; needed: {string.Join(", ", (string[])[File, .. needed])}.")
            );
        return OrderRules.NameOf(given[File], mission) is { } name
            ? (given, name, null)
            : (
                null,
                null,
                Problems.BadOrder($"The parameter {File} is '{ShownText.Of(given[File])}', which is no name of a file of this archive.")
            );
    }

    /// <summary>Whether the caller uploaded the file itself, so short a time ago that it may take it back.</summary>
    private static async Task<bool> IsOwnAsync(
        FileName name,
        Caller caller,
        Withdrawals withdrawals,
        ServerOptions options,
        TimeProvider clock,
        CancellationToken cancel
    ) =>
        !caller.IsAnonymous
        && options.WithdrawWindow > 0
        && await withdrawals.PublishedAsync(name.Key, cancel) is var (at, who)
        && who == caller.Name
        && string.CompareOrdinal(at, Catalogue.Catalogue.Text(clock.GetUtcNow().AddSeconds(-options.WithdrawWindow))) >= 0;

    /// <summary>Why an order was not carried out.</summary>
    public static async Task<Problem> RefusalAsync(
        WithdrawalOutcome outcome,
        string key,
        Withdrawals withdrawals,
        CancellationToken cancel
    ) =>
        outcome switch
        {
            WithdrawalOutcome.IsWithdrawn => await withdrawals.FindAsync(key, Audience.All, cancel) is { } tombstone
                ? Problems.NameWithdrawn(tombstone)
                : Problems.NotWithdrawn(key),
            WithdrawalOutcome.IsNot => Problems.NotWithdrawn(key),
            WithdrawalOutcome.IsPurged => Problems.IsPurged(key),
            WithdrawalOutcome.NoSuccessor => Problems.NoSuccessor,
            WithdrawalOutcome.WrongToken => Problems.WrongPurgeToken,
            _ => Problems.NoSuchFile with { Plain = true },
        };
}

/// <summary>What became of a file.</summary>
internal sealed record WithdrawalAnswer(string Key, string State, string? Token = null) : IResult
{
    public Task ExecuteAsync(HttpContext context)
    {
        var token = Token is null ? "" : $",\"token\":{Representation.Quoted(Token)}";
        return TypedResults
            .Text($"{{\"file_path\":{Representation.Quoted(Key)},\"state\":{Representation.Quoted(State)}{token}}}", "application/json")
            .ExecuteAsync(context);
    }
}
