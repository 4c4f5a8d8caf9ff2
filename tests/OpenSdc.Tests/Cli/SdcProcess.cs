using System.Diagnostics;
using System.Text;
using Shouldly;

namespace OpenSdc.Tests.Cli;

/// <summary>The executable, run as a process of its own in a temporary folder.</summary>
internal sealed class SdcProcess : IAsyncDisposable
{
    private const string Listens = "OpenSDC listens on ";

    private readonly Process process;
    private readonly StringBuilder output = new();
    private readonly StringBuilder errors = new();
    private readonly TaskCompletionSource<string> address = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource banner = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private SdcProcess(Process process) => this.process = process;

    public int Id => process.Id;

    public string Output => Read(output);

    public string Errors => Read(errors);

    /// <summary>What it says of a start that failed, beside what it did: no failure of a part that only had to end.</summary>
    public string OnlySentence =>
        Errors.Trim().Split('\n').Where(line => !line.Contains(" info: ", StringComparison.Ordinal)).ShouldHaveSingleItem();

    /// <summary>Starts <c>sdc ARGUMENTS</c> in a folder, which is also where it looks for appsettings.json.</summary>
    public static SdcProcess Start(string folder, string arguments, params (string Name, string Value)[] environment) =>
        Start(["dotnet", Path.Combine(AppContext.BaseDirectory, "sdc.dll")], folder, arguments, environment);

    /// <summary>The same, as a terminal starts it: it heeds Ctrl-C also where whoever runs the tests does not.</summary>
    public static SdcProcess StartInTerminal(string folder, string arguments) =>
        Start(["env", "--default-signal=INT", "dotnet", Path.Combine(AppContext.BaseDirectory, "sdc.dll")], folder, arguments);

    /// <summary>The same of another program: a file, and what stands before the arguments.</summary>
    public static SdcProcess Start(string[] program, string folder, string arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program[0], [.. program[1..], .. arguments.Split(' ')])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        // What a person sees in a terminal, unless a test asks for a service's lines.
        start.Environment["OPENSDC_LOG_FORMAT"] = "text";
        foreach (var (name, value) in environment)
            start.Environment[name] = value;

        var child = new Process { StartInfo = start, EnableRaisingEvents = true };
        var sdc = new SdcProcess(child);
        child.OutputDataReceived += (_, line) => sdc.Take(sdc.output, line.Data);
        child.ErrorDataReceived += (_, line) => sdc.Take(sdc.errors, line.Data);
        child.Exited += (_, _) => sdc.EndedTooSoon();
        child.Start();
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        return sdc;
    }

    /// <summary>Starts an archive on a free port and the folder's own data, and waits until it has said where it listens.</summary>
    public static async Task<(SdcProcess Process, string Address)> ServeAsync(string folder, string more = "")
    {
        var sdc = Start(folder, $"serve --urls http://127.0.0.1:0 --data data {more}".TrimEnd());
        return (sdc, await sdc.AddressAsync());
    }

    /// <summary>Where it listens, once it has said all that it says at start.</summary>
    public async Task<string> AddressAsync()
    {
        await banner.Task.WaitAsync(TimeSpan.FromSeconds(60));
        return await address.Task;
    }

    /// <summary>Where it listens, by the first line of a service.</summary>
    public async Task<string> JsonAddressAsync()
    {
        const string Start = "\"Message\":\"OpenSDC listens on ";
        for (var tries = 0; tries < 600 && !Output.Contains(Start, StringComparison.Ordinal) && !process.HasExited; tries++)
            await Task.Delay(100);
        Output.ShouldContain(Start, Case.Sensitive, Errors);
        var from = Output.IndexOf(Start, StringComparison.Ordinal) + Start.Length;
        return Output[from..Output.IndexOf('"', from)];
    }

    public async Task<int> ExitCodeAsync()
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await process.WaitForExitAsync(deadline.Token);
        return process.ExitCode;
    }

    public void Terminate() => Send("TERM");

    /// <summary>Sends a signal, such as INT.</summary>
    public void Send(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, process.Id.ToString()]);
        kill.WaitForExit();
        kill.ExitCode.ShouldBe(0);
    }

    public async ValueTask DisposeAsync()
    {
        if (!process.HasExited)
            process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    private void Take(StringBuilder text, string? line)
    {
        if (line is null)
            return;
        lock (text)
            text.AppendLine(line);
        if (text == output && line.StartsWith(Listens, StringComparison.Ordinal))
            address.TrySetResult(line[Listens.Length..].Trim());
        if (text == output && line.StartsWith("Reference: ", StringComparison.Ordinal))
            banner.TrySetResult();
    }

    private void EndedTooSoon()
    {
        var failure = new InvalidOperationException($"sdc ended before it listened.\n{Output}\n{Errors}");
        if (address.TrySetException(failure))
            _ = address.Task.Exception;
        if (banner.TrySetException(failure))
            _ = banner.Task.Exception;
    }

    private static string Read(StringBuilder text)
    {
        lock (text)
            return text.ToString();
    }
}
