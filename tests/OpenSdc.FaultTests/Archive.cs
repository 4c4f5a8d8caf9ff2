using System.Diagnostics;
using System.Net;
using System.Text.Json;
using OpenSdc.Client;
using OpenSdc.Contract;

namespace OpenSdc.FaultTests;

/// <summary>An answer of the archive, read to its end.</summary>
internal sealed record Answer(int Status, string Body, Uri? Location)
{
    public bool IsReceipt => Status is 200 or 201;

    public UploadReceipt Receipt => JsonSerializer.Deserialize(Body, ContractJson.Default.UploadReceipt)!;

    public override string ToString() => $"{Status} {(Body.Length > 300 ? Body[..300] : Body)}";
}

/// <summary>The real <c>sdc serve</c> as a process of its own, on a data folder that outlives it.</summary>
internal sealed class Archive : IAsyncDisposable
{
    private const string Listens = "OpenSDC listens on ";

    private readonly Process process;
    private readonly Queue<string> lastLines = new();
    private readonly TaskCompletionSource<Uri?> address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly HttpClient http;
    private bool isDisposed;

    private Archive(Process process)
    {
        this.process = process;
        // A request that hangs is a fault; the longest of them moves 32 MB on a busy disk.
        http = new HttpClient(
            new CutConnections
            {
                InnerHandler = new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = Timeout.InfiniteTimeSpan },
            }
        )
        {
            Timeout = TimeSpan.FromMinutes(2),
        };
        process.OutputDataReceived += (_, line) => Take(line.Data);
        process.ErrorDataReceived += (_, line) => Take(line.Data);
        process.Exited += (_, _) => address.TrySetResult(null);
        process.EnableRaisingEvents = true;
    }

    public Uri Address { get; private set; } = null!;

    /// <summary>From the start of the process to the first 200 of <c>/health/ready</c>.</summary>
    public TimeSpan TimeToReady { get; private set; }

    /// <summary>Set before the signal is sent, so that a client whose request is cut can tell that it was meant.</summary>
    public bool IsKilled { get; private set; }

    public bool HasEnded => process.HasExited;

    public string Log
    {
        get
        {
            lock (lastLines)
                return string.Join('\n', lastLines);
        }
    }

    /// <summary>Memory of the process now, in bytes.</summary>
    public long ResidentSize
    {
        get
        {
            process.Refresh();
            return process.WorkingSet64;
        }
    }

    /// <summary>Starts the archive without waiting for it.</summary>
    public static Archive Launch(string dataFolder, Shim? shim, params string[] settings)
    {
        var start = Run.Sdc(["serve", "--urls", "http://127.0.0.1:0",
            "--data", dataFolder, "--log-format", "text", "--log-level", "warning", .. settings]);
        shim?.Preload(start, dataFolder);
        var archive = new Archive(new Process { StartInfo = start });
        archive.process.Start();
        archive.process.BeginOutputReadLine();
        archive.process.BeginErrorReadLine();
        return archive;
    }

    /// <summary>Starts the archive and waits until it is ready.</summary>
    public static async Task<Archive> StartAsync(string dataFolder, Shim? shim = null, params string[] settings)
    {
        var started = Stopwatch.GetTimestamp();
        var archive = Launch(dataFolder, shim, settings);
        await archive.ReadyAsync();
        archive.TimeToReady = Stopwatch.GetElapsedTime(started);
        return archive;
    }

    public async Task<Answer> SendAsync(
        HttpMethod method,
        string target,
        HttpContent? body = null,
        params (string Name, string Value)[] headers
    )
    {
        using var request = new HttpRequestMessage(method, new Uri(Address, target)) { Content = body };
        foreach (var (name, value) in headers)
            request.Headers.TryAddWithoutValidation(name, value);
        using var response = await http.SendAsync(request);
        return new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers.Location);
    }

    public Task<Answer> GetAsync(string target) => SendAsync(HttpMethod.Get, target);

    /// <summary>Asks for an upload URL; also gives the id of the upload, where it has one.</summary>
    public async Task<(Answer Answer, string Id)> AskAsync(string name)
    {
        using var response = await http.GetAsync(new Uri(Address, $"/upload/{name}"));
        var answer = new Answer((int)response.StatusCode, await response.Content.ReadAsStringAsync(), null);
        if (answer.Status != 200)
            throw new InvalidOperationException($"No upload URL for {name}: {answer}");
        return (answer, response.Headers.TryGetValues("OpenSDC-Upload-Id", out var ids) ? ids.Single() : "");
    }

    /// <summary>The body as it comes, for what is larger than memory should hold.</summary>
    public Task<Stream> OpenAsync(string target) => http.GetStreamAsync(new Uri(Address, target));

    /// <summary>Path and query of a signed upload URL: they stay good when the archive is started again on another port.</summary>
    public async Task<string> UploadTargetAsync(string name)
    {
        var answer = await GetAsync($"/upload/{name}");
        return answer.Status == 200
            ? new Uri(JsonSerializer.Deserialize<string>(answer.Body)!).PathAndQuery
            : throw new InvalidOperationException($"No upload URL for {name}: {answer}");
    }

    public async Task<Answer> UploadAsync(string name, Content content) =>
        await SendAsync(HttpMethod.Put, await UploadTargetAsync(name), content.Body());

    /// <summary>SIGKILL: nothing of the process runs after it.</summary>
    public async Task KillAsync()
    {
        IsKilled = true;
        process.Kill();
        await process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP: the process stands still, and everything that it holds stays held. <see cref="ContinueAsync"/> ends it.</summary>
    public Task StopAsync() => SignalAsync("-STOP");

    /// <summary>SIGCONT.</summary>
    public Task ContinueAsync() => SignalAsync("-CONT");

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [signal, process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0)
            throw new InvalidOperationException($"kill {signal} ended with status {kill.ExitCode}.");
    }

    /// <summary>Waits for an end that a fault brings about.</summary>
    public Task EndAsync() => process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);

    /// <summary>Again means nothing, so that the reason for which a start after it failed is not hidden.</summary>
    public async ValueTask DisposeAsync()
    {
        if (isDisposed)
            return;
        isDisposed = true;
        if (!process.HasExited)
            await KillAsync();
        http.Dispose();
        process.Dispose();
    }

    private async Task ReadyAsync()
    {
        Address = await address.Task.WaitAsync(TimeSpan.FromMinutes(1))
            ?? throw new InvalidOperationException($"The archive ended at its start with status {process.ExitCode}:\n{Log}");
        while (await GetAsync("/health/ready") is { Status: not 200 })
            await Task.Delay(5);
    }

    private void Take(string? line)
    {
        if (line is null)
            return;
        if (line.StartsWith(Listens, StringComparison.Ordinal))
            address.TrySetResult(new Uri(line[Listens.Length..]));
        lock (lastLines)
        {
            lastLines.Enqueue(line);
            if (lastLines.Count > 200)
                lastLines.Dequeue();
        }
    }
}
