using System.Diagnostics;
using System.Net;

namespace OpenSdc.Load;

/// <summary>
/// Starts a command, asks a URL every few milliseconds until it answers 200, ends the command with SIGTERM; prints the time of each
/// run.
/// </summary>
internal static class StartTime
{
    public static async Task<int> Run(Arguments options)
    {
        var url = new Uri(options.Text("url"));
        if (options.Rest.Length == 0)
            throw new UsageException("No command after --");
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        await Answers(client, new Uri("http://127.0.0.1:9/"));

        for (var run = 0; run < options.Number("runs", 5); run++)
        {
            var info = new ProcessStartInfo(options.Rest[0], options.Rest.AsSpan(1).ToArray())
            {
                UseShellExecute = false,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            var started = Stopwatch.GetTimestamp();
            using var process = Process.Start(info) ?? throw new LoadFailedException("The command did not start");
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            try
            {
                while (!await Answers(client, url))
                {
                    if (process.HasExited || Stopwatch.GetElapsedTime(started) > TimeSpan.FromMinutes(1))
                        throw new LoadFailedException("The command ended, or a minute passed, before it was ready");
                    await Task.Delay(2);
                }

                Console.WriteLine($"{Stopwatch.GetElapsedTime(started).TotalMilliseconds:F0}");
            }
            finally
            {
                if (!process.HasExited)
                {
                    using var kill = Process.Start("kill", ["-TERM", process.Id.ToString()]);
                    await kill.WaitForExitAsync();
                    await process.WaitForExitAsync();
                }
            }
        }

        return 0;
    }

    private static async Task<bool> Answers(HttpClient client, Uri url)
    {
        try
        {
            using var response = await client.GetAsync(url);
            return response.StatusCode == HttpStatusCode.OK;
        }
        catch (HttpRequestException)
        {
            return false; // Not listening yet.
        }
    }
}
