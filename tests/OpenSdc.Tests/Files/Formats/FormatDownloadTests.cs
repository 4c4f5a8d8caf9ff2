using System.Diagnostics;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files.Formats;

/// <summary>
/// What the two lists of lines are for: a real client fetches everything that a query found, and the usual
/// tool checks it.
/// </summary>
public sealed class FormatDownloadTests(FormatArchive formats) : IClassFixture<FormatArchive>
{
    private readonly RunningArchive archive = formats.Archive;

    [Fact]
    public async Task What_curl_fetches_from_the_urls_passes_sha256sum()
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-urls-").FullName;
        try
        {
            await File.WriteAllTextAsync(
                Path.Combine(folder, "urls"),
                (await archive.SendAsync("GET /query?extension=cdf&format=urls")).Text
            );
            await File.WriteAllTextAsync(
                Path.Combine(folder, "sums"),
                (await archive.SendAsync("GET /query?extension=cdf&format=sha256sum")).Text
            );
            var (status, text) = await ShellAsync(folder, "xargs -n 1 curl -sSfOJ < urls && sha256sum -c --strict sums");
            status.ShouldBe(0, text);
            var names = FormatArchive
                .Names.Where(name =>
                    name.EndsWith(".cdf", StringComparison.Ordinal) && !name.Contains("calibration", StringComparison.Ordinal)
                )
                .ToList();
            names.ShouldContain(name => name.Contains(FormatArchive.Hostile, StringComparison.Ordinal));
            text.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldBe(names.Select(name => $"{name}: OK"), ignoreOrder: true);

            await File.AppendAllTextAsync(Path.Combine(folder, names[0]), "x");
            (status, text) = await ShellAsync(folder, "sha256sum -c --strict --quiet sums 2>&1");
            status.ShouldBe(1);
            text.ShouldContain($"{names[0]}: FAILED");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_name_with_a_quote_is_saved_under_its_name()
    {
        const string Name = "imap_hi_l0_\"quoted\",\"\"_20260901_v001.pkts";
        var answer = await archive.SendAsync($"GET {await archive.DownloadUrlAsync(Uri.EscapeDataString(Name))}");
        answer.Bytes.ShouldBe(FormatArchive.BytesOf(Name));
        answer["Content-Disposition"].ShouldBe("attachment; filename=\"imap_hi_l0_\\\"quoted\\\",\\\"\\\"_20260901_v001.pkts\"");
    }

    private static async Task<(int Status, string Output)> ShellAsync(string folder, string command)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash", ["-o", "pipefail", "-c", command])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            UseShellExecute = false,
            Environment = { ["LC_ALL"] = "C" },
        })!;
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return (shell.ExitCode, output);
    }
}
