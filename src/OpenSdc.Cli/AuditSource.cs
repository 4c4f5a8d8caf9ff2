using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using OpenSdc.Cli.Client;
using OpenSdc.Server;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Cli;

/// <summary>Where the audit is read: at a server, or in a catalogue, beside a server or without one.</summary>
internal abstract class AuditSource : IDisposable
{
    public abstract Task<(AuditHead Head, AuditHead Dropped)> HeadAsync(CancellationToken cancel);

    public abstract IAsyncEnumerable<AuditEntry> EntriesAsync(AuditFilter filter, long after, long limit, CancellationToken cancel);

    public abstract void Dispose();
}

/// <summary>The audit in a data folder, or in a PostgreSQL database. It is only read.</summary>
internal sealed class AuditInCatalogue(RecordsAlone records) : AuditSource
{
    private readonly AuditTable table = new(records.Catalogue, TimeProvider.System);

    public override async Task<(AuditHead Head, AuditHead Dropped)> HeadAsync(CancellationToken cancel) =>
        await table.HeadAsync(cancel) is var (head, dropped, _) ? (head, dropped) : default;

    public override IAsyncEnumerable<AuditEntry> EntriesAsync(AuditFilter filter, long after, long limit, CancellationToken cancel) =>
        table.EntriesAsync(filter, after, limit, cancel);

    public override void Dispose() => records.Dispose();
}

/// <summary>The audit of a running archive, for a key with the scope admin.</summary>
internal sealed class AuditOverHttp(HttpClient client) : AuditSource
{
    public override async Task<(AuditHead Head, AuditHead Dropped)> HeadAsync(CancellationToken cancel)
    {
        using var answer = await AskAsync("audit/head", cancel);
        var state = JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(cancel), AuditJson.Plain.AuditState);
        return AuditHead.Parse(state?.Head ?? "") is { } head && AuditHead.Parse(state!.Dropped) is { } dropped
            ? (head, dropped)
            : throw NoArchive();
    }

    public override async IAsyncEnumerable<AuditEntry> EntriesAsync(
        AuditFilter filter,
        long after,
        long limit,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        var query = new List<string> { $"after={after}" };
        Add("action", filter.Actions.Count == 0 ? null : string.Join(',', filter.Actions));
        Add("caller", filter.Caller);
        Add("target", filter.Target);
        Add("since", filter.Since is { } since ? since + "Z" : null);
        Add("before", filter.Before is { } before ? before + "Z" : null);
        if (limit < long.MaxValue)
            query.Add($"limit={limit}");
        using var answer = await AskAsync("audit?" + string.Join('&', query), cancel);
        using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(cancel));
        while (await lines.ReadLineAsync(cancel) is { } line)
            yield return AuditEntry.Parse(line) ?? throw NoArchive();

        void Add(string name, string? value)
        {
            if (value is not null)
                query.Add($"{name}={Uri.EscapeDataString(value)}");
        }
    }

    public override void Dispose() => client.Dispose();

    private async Task<HttpResponseMessage> AskAsync(string target, CancellationToken cancel)
    {
        var answer = await client.GetAsync(target, HttpCompletionOption.ResponseHeadersRead, cancel);
        if (answer.IsSuccessStatusCode)
            return answer;
        using (answer)
        {
            var code = answer.StatusCode >= HttpStatusCode.InternalServerError ? ExitCode.ArchiveAway : ExitCode.Refused;
            throw new AuditException(
                $"The archive refuses ({(int)answer.StatusCode}). {await ProblemSentence.OfAsync(answer, cancel)}",
                code
            );
        }
    }

    private AuditException NoArchive() => new($"What answers at {client.BaseAddress} is no archive.", ExitCode.Failed);
}

/// <summary>The audit is refused, or cannot be read; the message is one sentence.</summary>
internal sealed class AuditException(string message, int code) : Exception(message)
{
    /// <summary>What is said to the shell.</summary>
    public int Code => code;
}
