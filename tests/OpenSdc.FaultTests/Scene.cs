using Xunit;

namespace OpenSdc.FaultTests;

/// <summary>An archive under the shim, with one file in it that must never be harmed, and what a test asks of it around a fault.</summary>
internal sealed class Scene : IDisposable
{
    private const string Bystander = "imap_swe_l1b_bystander_20260101_v001.cdf";

    private readonly TemporaryFolder folder = new();
    private readonly Ledger ledger = new();
    private Archive archive = null!;
    private int uploads;

    public Scene() => Shim = new Shim(folder.Path);

    public Shim Shim { get; }

    public IReadOnlyCollection<string> Faults => ledger.Faults;

    public async Task StartAsync()
    {
        archive = await Archive.StartAsync(folder.Data, Shim);
        var (_, content, target) = await NewUploadAsync(Bystander, isName: true);
        Take(await PutAsync(target, content), Bystander, "the start");
    }

    public void Fault(string sentence) => ledger.Faults.Enqueue(sentence);

    public void Expect(string? violation, string what)
    {
        if (violation is not null)
            Fault($"{what}: {violation}");
    }

    /// <summary>A name in a month of its own, so that its folders are made too, and the target to PUT its bytes to.</summary>
    public async Task<(string Name, Content Content, string Target)> NewUploadAsync(string text, bool isName = false)
    {
        var n = ++uploads;
        var name = isName ? text : $"imap_hi_l1b_{text}_{2027 + (n / 12)}{1 + (n % 12):D2}01_v001.cdf";
        var file = new TrackedFile(name, await archive.UploadTargetAsync(name));
        var content = new Content((ulong)n, 20_000 + n);
        file.Sending(content);
        ledger.Files[name] = file;
        return (name, content, file.Target);
    }

    public Task<Answer> PutAsync(string target, Content content) => archive.SendAsync(HttpMethod.Put, target, content.Body());

    /// <summary>Null where the process ended before it answered.</summary>
    public async Task<Answer?> PutOrDieAsync(string target, Content content)
    {
        try
        {
            return await PutAsync(target, content);
        }
        catch (HttpRequestException)
        {
            await archive.EndAsync();
            return null;
        }
    }

    public async Task<bool> IsVisibleAsync(string name) => (await Inspection.ListAsync(archive, ledger)).ContainsKey(name);

    /// <summary>
    /// While and after one upload fails, what is there is found and fetched, and the next upload is taken or
    /// refused with a sentence.
    /// </summary>
    public async Task OthersGoOnAsync(string what)
    {
        if (archive.HasEnded)
        {
            Fault($"{what}: the archive ended\n{archive.Log}");
            archive = await Archive.StartAsync(folder.Data, Shim);
        }

        Expect(await Inspection.DownloadAsync(archive, Bystander, ledger.Files[Bystander].Receipt!), what);
        var (name, content, target) = await NewUploadAsync($"after-{uploads:D3}");
        var answer = await PutAsync(target, content);
        if (answer.Status == 201)
            Take(answer, name, what);
        else if (answer.Status is not (503 or 507) || !answer.Body.Contains("\"detail\"", StringComparison.Ordinal))
            Fault($"{what}: the next upload was answered {answer}");
    }

    /// <summary>What is there is found, fetched, and told to be so.</summary>
    public async Task ReadsGoOnAsync(string what)
    {
        if (!await IsVisibleAsync(Bystander))
            Fault($"{what}: the file that was there is not found");
        Expect(await Inspection.DownloadAsync(archive, Bystander, ledger.Files[Bystander].Receipt!), what);
        if (await archive.GetAsync("/health/ready") is { Status: not 200 } health)
            Fault($"{what}: not ready: {health}");
    }

    /// <summary>An answer that must be the file's receipt, always the same.</summary>
    public void Take(Answer answer, string name, string what)
    {
        var file = ledger.Files[name];
        var fault = !answer.IsReceipt ? $"{name} was answered {answer}"
            : answer.Status == 201 && file.Receipt is not null ? $"{name} was published twice"
            : file.Accept(answer.Receipt);
        ledger.Count(answer, fault is null ? null : $"{what}: {fault}");
    }

    /// <summary>SIGKILL, where it still lives, and a start; then everything is held against what was acknowledged.</summary>
    public async Task RestartAsync(string what)
    {
        await archive.DisposeAsync();
        archive = await Archive.StartAsync(folder.Data, Shim);
        var before = ledger.Faults.Count;
        await Inspection.AfterRestartAsync(archive, folder.Data, ledger, downloadAll: false);
        await Inspection.WalkAsync(archive, folder.Data, ledger);
        if (ledger.Faults.Count > before)
            Fault($"^ after a restart at {what}");
    }

    /// <summary>The client tries again: published once, acknowledged on flushed bytes; and other bytes are refused from then on.</summary>
    public async Task TryAgainAsync(string name, Content content, string target, string what)
    {
        var answer = await PutAsync(target, content);
        Take(answer, name, $"tried again after {what}");
        if (answer.IsReceipt)
            Expect(Protocol.Violation(Shim.Trace(), answer.Receipt.FilePath), $"tried again after {what}, answered {answer.Status}");
        var other = await PutAsync(target, new Content(ulong.MaxValue, content.Size));
        if (other.Status != 409)
            Fault($"{what}: other bytes were answered {other}");
    }

    public void Dispose()
    {
        archive.DisposeAsync().AsTask().GetAwaiter().GetResult();
        Shim.Dispose();
        folder.Dispose();
    }
}
