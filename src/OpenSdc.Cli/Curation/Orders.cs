using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Primitives;
using OpenSdc.Cli.Client;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Files;
using OpenSdc.Server.Files.Curation;
using OpenSdc.Server.Files.Kernels;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Cli.Curation;

/// <summary>
/// Carries out what changes who may see files: over HTTP, or in a data folder that nobody serves. A sentence
/// says what was done.
/// </summary>
internal abstract class Orders : IDisposable
{
    /// <summary>Releases what a query lists, or takes it back.</summary>
    public abstract Task<string> ReleaseAsync(bool release, IReadOnlyList<KeyValuePair<string, string>> filters, CancellationToken cancel);

    /// <summary>Releases what a manifest of the archive says, or takes it back.</summary>
    public abstract Task<string> ReleaseByManifestAsync(bool release, string manifest, CancellationToken cancel);

    /// <summary>Carries out an order about one file: <c>withdraw</c>, <c>restore-file</c> or <c>purge</c>.</summary>
    public abstract Task<string> FileAsync(string order, IReadOnlyDictionary<string, string> parameters, CancellationToken cancel);

    public abstract void Dispose();

    protected static string Released(bool release, long files, long changed)
    {
        var others = files == changed ? "" : $"; {LongTask.Count(files - changed, "other was", "others were")} so already";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{LongTask.Count(files, "file", "files")} meant, {changed} {(release ? "released" : "taken back")}{others}."
        );
    }
}

/// <summary>An order was refused. The message is for the operator.</summary>
internal sealed class OrderRefusedException(string message) : Exception(message);

/// <summary>Over HTTP, with the caller's key.</summary>
internal sealed class RemoteOrders(HttpClient client) : Orders
{
    public override async Task<string> ReleaseAsync(
        bool release,
        IReadOnlyList<KeyValuePair<string, string>> filters,
        CancellationToken cancel
    )
    {
        using var answer = await client.PostAsync(release ? "release" : "unrelease", new FormUrlEncodedContent(filters), cancel);
        using var json = await ReadAsync(answer, cancel);
        return Released(release, json.RootElement.GetProperty("files").GetInt64(), json.RootElement.GetProperty("changed").GetInt64());
    }

    public override async Task<string> ReleaseByManifestAsync(bool release, string manifest, CancellationToken cancel)
    {
        using var answer = await client.GetAsync(
            $"release?release_type={(release ? "release" : "unrelease")}&manifest_file={Uri.EscapeDataString(manifest)}",
            cancel
        );
        using var json = await ReadAsync(answer, cancel);
        return json.RootElement.GetString() ?? "";
    }

    public override async Task<string> FileAsync(string order, IReadOnlyDictionary<string, string> parameters, CancellationToken cancel)
    {
        using var answer = await client.PostAsync(order, new FormUrlEncodedContent(parameters), cancel);
        using var json = await ReadAsync(answer, cancel);
        var token = json.RootElement.TryGetProperty("token", out var given)
            ? $" Its token is {given.GetString()}: repeat the command with --token to remove the bytes for good."
            : "";
        return $"{json.RootElement.GetProperty("file_path").GetString()} is {json.RootElement.GetProperty("state").GetString()}.{token}";
    }

    public override void Dispose() => client.Dispose();

    private static async Task<JsonDocument> ReadAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        if (answer.IsSuccessStatusCode)
            return JsonDocument.Parse(await answer.Content.ReadAsByteArrayAsync(cancel));
        throw new OrderRefusedException(
            $"The archive refuses it ({(int)answer.StatusCode}). {await ProblemSentence.OfAsync(answer, cancel)}"
        );
    }
}

/// <summary>In the data folder itself, while nobody serves it.</summary>
internal sealed class LocalOrders : Orders
{
    private readonly OpenArchive archive;
    private readonly Releases releases;
    private readonly Withdrawals withdrawals;

    private LocalOrders(OpenArchive archive) =>
        (this.archive, releases, withdrawals) = (
            archive,
            new Releases(archive.Catalogue, TimeProvider.System),
            new Withdrawals(archive.Catalogue, TimeProvider.System)
        );

    /// <exception cref="SettingException">There is no archive, or it is served.</exception>
    public static async Task<LocalOrders> OpenAsync(ServerOptions options, CancellationToken cancel)
    {
        if (OpenArchive.MissingCatalogue(options) is { } missing)
            throw new SettingException($"There is no catalogue {missing}.");
        var opened = await OpenArchive.OpenAsync(options, TimeProvider.System, cancel);
        try
        {
            if (opened.IsServed)
                throw new SettingException(
                    $"The archive in {opened.Name} is served, or may be; leave --data out, and send the order to its address with a key in OPENSDC_API_KEY."
                );
            await opened.Catalogue.JoinAsync(cancel);
            await opened.ReadMissionAsync(cancel);
            return new LocalOrders(opened);
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    public override async Task<string> ReleaseAsync(
        bool release,
        IReadOnlyList<KeyValuePair<string, string>> filters,
        CancellationToken cancel
    )
    {
        var given = new QueryCollection(
            filters.GroupBy(each => each.Key).ToDictionary(each => each.Key, each => new StringValues([.. each.Select(pair => pair.Value)]))
        );
        var (request, problem) = QueryParameters.Read(given, archive.Mission);
        if (request is null)
            throw new OrderRefusedException(problem!.Sentence);
        var result = await releases.SetAsync(
            await releases.FindAsync(request.Query, request.Family, cancel),
            release,
            OfRelease(release, "query"),
            cancel
        );
        return Released(release, result.Files, result.Changed);
    }

    private static AuditEntry OfRelease(bool release, string target) =>
        AuditEntry.OfLocal(release ? AuditAction.Release : AuditAction.Unrelease, target);

    public override async Task<string> ReleaseByManifestAsync(bool release, string manifest, CancellationToken cancel)
    {
        try
        {
            var lines = await new ReleaseManifest(archive.Catalogue, archive.Integrity, archive.Store).ReadAsync(
                manifest,
                archive.Mission,
                Audience.Team,
                cancel
            );
            var result = await releases.SetAsync(
                await lines.FindAsync(newestOnly: release, cancel),
                release,
                OfRelease(release, $"manifest {manifest}"),
                cancel
            );
            return Released(release, result.Files, result.Changed);
        }
        catch (BareRefusal refusal)
        {
            throw new OrderRefusedException(refusal.Message);
        }
    }

    public override async Task<string> FileAsync(string order, IReadOnlyDictionary<string, string> parameters, CancellationToken cancel)
    {
        var name = NameOf(parameters["filename"]);
        switch (order)
        {
            case "withdraw":
                var successor = parameters.TryGetValue("superseded_by", out var other) ? NameOf(other).Key : null;
                await RequireAsync(
                    await withdrawals.WithdrawAsync(
                        name.Key,
                        parameters["reason"],
                        successor,
                        AuditEntry.OfLocal(AuditAction.Withdraw, name.Key),
                        cancel
                    )
                );
                return $"{name.Key} is withdrawn.";
            case "restore-file":
                await RequireAsync(await withdrawals.RestoreAsync(name.Key, AuditEntry.OfLocal(AuditAction.RestoreFile, name.Key), cancel));
                return $"{name.Key} is restored.";
            case "purge" when parameters.TryGetValue("token", out var token):
                await RequireAsync(await withdrawals.PurgeAsync(name.Key, token, AuditEntry.OfLocal(AuditAction.Purge, name.Key), cancel));
                await archive.Store.RemoveAsync(name.Key, CancellationToken.None);
                return $"{name.Key} is purged.";
            default:
                var (outcome, made) = await withdrawals.PreparePurgeAsync(name.Key, cancel);
                await RequireAsync(outcome);
                return $"{name.Key} is to be purged. Its token is {made}: repeat the command with --token to remove the bytes for good.";
        }

        async Task RequireAsync(WithdrawalOutcome outcome)
        {
            if (outcome != WithdrawalOutcome.Done)
                throw new OrderRefusedException((await WithdrawFiles.RefusalAsync(outcome, name.Key, withdrawals, cancel)).Sentence);
        }
    }

    public override void Dispose() => archive.Dispose();

    private FileName NameOf(string text) =>
        OrderRules.NameOf(text, archive.Mission)
        ?? throw new OrderRefusedException($"'{ShownText.Of(text)}' is no name of a file of this archive.");
}
