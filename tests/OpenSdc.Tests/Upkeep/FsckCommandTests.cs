using System.Diagnostics;
using System.Text.Json;
using OpenSdc.Server.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary>The real program: its exit codes and what it prints.</summary>
public sealed class FsckCommandTests
{
    [Fact]
    public async Task Exit_codes_tell_how_it_ended()
    {
        using var archive = await FsckArchive.MakeAsync();
        (await RunAsync(archive)).ShouldSatisfyAllConditions(run => run.Code.ShouldBe(0), run => run.Output.ShouldContain("Clean:"));

        archive.Put("two\nlines");
        archive.Truncate(archive.Keys[0]);
        await Task.Delay(100);
        (await RunAsync(archive)).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(20),
            run => run.Output.ShouldContain("Nothing was changed; --repair would make 2 changes."),
            run => run.Output.ShouldContain("two\\nlines"));
        (await RunAsync(archive, "--repair")).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(22),
            run => run.Output.ShouldContain("would make 2 changes, and --max-changes allows 1. Nothing was changed."));
        (await RunAsync(archive, "--repair", "--max-changes", "2")).Code.ShouldBe(21);
        (await RunAsync(archive, "--repair")).Code.ShouldBe(20);
        var log = Directory.GetFiles(Path.Combine(archive.Folder, "fsck"), "*.log").ShouldHaveSingleItem();
        (await RunAsync(archive, "--undo", log)).Code.ShouldBe(0);
        (await RunAsync(archive, "--undo", log)).Code.ShouldBe(20);
    }

    [Fact]
    public async Task One_of_a_thing_is_one_and_what_is_marked_already_is_not_promised_again()
    {
        using var archive = await FsckArchive.MakeAsync();
        File.Delete(archive.PathOf(archive.Keys[0]));
        (await RunAsync(archive)).Output.ShouldContain("--repair would make 1 change.");
        (await RunAsync(archive, "--repair", "--max-changes", "1")).Output.ShouldContain("Repaired: 1 change made.");
        (await RunAsync(archive)).Output.ShouldContain("Problems found, and none that --repair changes: they are marked already");
    }

    [Theory]
    [InlineData("--max-changes is 'much'", "--repair", "--max-changes", "much")]
    [InlineData("--rate is -1", "--digest", "--rate", "-1")]
    [InlineData("--readers is 0", "--digest", "--readers", "0")]
    [InlineData("goes with it only", "--resume", "file")]
    [InlineData("stands alone", "--undo", "file", "--repair")]
    [InlineData("There is no log", "--undo", "file")]
    [InlineData("holds no archive", "--data", "/nowhere")]
    public async Task A_wrong_argument_gets_a_sentence(string sentence, params string[] arguments)
    {
        using var archive = await FsckArchive.MakeAsync(1);
        (await RunAsync(archive, arguments)).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(2),
            run => run.Error.ShouldContain(sentence));
    }

    [Fact]
    public async Task The_json_has_one_shape()
    {
        using var archive = await FsckArchive.MakeAsync();
        archive.Truncate(archive.Keys[0]);
        archive.Put(FsckArchive.NameOf(5, "other").Key);
        await Task.Delay(100);
        using var json = JsonDocument.Parse((await RunAsync(archive, "--json")).Output);
        json.RootElement.EnumerateObject()
            .Select(member => member.Name)
            .ShouldBe([
                "format",
                "data",
                "started",
                "seconds",
                "digest",
                "repair",
                "outcome",
                "records",
                "objects",
                "object_bytes",
                "files_read",
                "bytes_read",
                "seq_before",
                "seq_after",
                "young",
                "counts",
                "changes",
                "allowed_changes",
                "done",
                "log",
                "findings",
            ]);
        json.RootElement.GetProperty("counts")
            .EnumerateObject()
            .Select(member => member.Name)
            .ShouldBe(["orphan", "misplaced", "foreign", "lost", "size", "digest", "unreadable", "returned", "left-over", "derived"]);
        var finding = json.RootElement.GetProperty("findings").EnumerateArray().First();
        finding
            .EnumerateObject()
            .Select(member => member.Name)
            .ShouldBe(["kind", "key", "action", "detail", "seq", "mark", "size", "sha256", "written", "outcome"]);
        json.RootElement.GetProperty("findings")
            .EnumerateArray()
            .Select(each => each.GetProperty("kind").GetString())
            .ShouldBe(["size", "orphan"], ignoreOrder: true);
        json.RootElement.GetProperty("outcome").GetString().ShouldBe(FsckOutcome.Problems);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(FsckArchive archive, params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "sdc.dll"));
        start.ArgumentList.Add("fsck");
        if (!arguments.Contains("--data"))
            (start.Environment["OPENSDC_DATA"], start.WorkingDirectory) = (archive.Folder, archive.Folder);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
