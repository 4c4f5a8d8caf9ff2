using System.Diagnostics;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Page;

/// <summary>The page has no build step; TypeScript reads its modules as they are and checks what their comments say of types.</summary>
public sealed class PageTypesTests
{
    [Fact]
    public async Task The_modules_of_the_page_have_right_types()
    {
        var folder = Path.Combine(PageFilesTests.Root(), "eng/page");
        var compiler = Path.Combine(folder, "node_modules/typescript/bin/tsc");
        if (!File.Exists(compiler))
            SharedData.SkipOrFail("TypeScript is not installed (npm ci in eng/page).");
        using var process = Process.Start(
            new ProcessStartInfo("node", [compiler, "-p", folder])
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            }
        )!;
        var (output, errors) = (
            process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken),
            process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken)
        );
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        (await output + await errors).ShouldBeEmpty();
        process.ExitCode.ShouldBe(0);
    }
}
