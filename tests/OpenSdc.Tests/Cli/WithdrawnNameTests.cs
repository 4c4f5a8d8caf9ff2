using OpenSdc.Tests.Access;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary>The commands that look for a file by its name say of one that was withdrawn why, and what is there in its place.</summary>
public sealed class WithdrawnNameTests(ClosedArchive closed) : IClassFixture<ClosedArchive>, IDisposable
{
    private const string Gone = "imap_swe_l1_gone_20260901_v001.cdf";
    private const string Next = "imap_swe_l1_gone_20260901_v002.cdf";

    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-withdrawn-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task The_reason_is_told()
    {
        foreach (var name in (string[])[Gone, Next])
        {
            var url = (await closed.Archive.SendAsync($"GET /upload/{name}", headers: closed.Admin)).Json.GetString()!;
            (await closed.Archive.PutAsync(url, [1, 2, 3])).Status.ShouldBe(201);
        }

        (
            await closed.Archive.SendAsync(
                $"POST /withdraw?filename={Gone}&reason=Wrong%20units.&superseded_by={Next}",
                headers: closed.Admin
            )
        ).Status.ShouldBe(200);
        var sentence = $"{RunningArchive.KeyOf(Gone)} was withdrawn: Wrong units. In its place there is {RunningArchive.KeyOf(Next)}.\n";

        foreach (var command in (string[])["download", "info", "verify"])
        {
            foreach (var name in (string[])[Gone, RunningArchive.KeyOf(Gone)])
            {
                var run = await SdcCommand.RunAsync(
                    folder,
                    closed.Archive.Address,
                    [command, name],
                    null,
                    ("OPENSDC_API_KEY", closed.Admin.Item2)
                );
                run.Code.ShouldBe(40, run.Errors);
                run.Errors.ShouldStartWith(sentence);
            }

            var absent = Gone.Replace("v001", "v009", StringComparison.Ordinal);
            (await SdcCommand.RunAsync(folder, closed.Archive.Address, [command, absent])).Errors.ShouldStartWith(
                $"The archive has no file {absent}.\n"
            );
        }
    }
}
