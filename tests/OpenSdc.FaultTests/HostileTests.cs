using OpenSdc.Load.Hostile;
using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests;

/// <summary>
/// A minute of <c>bench/load/hostile.sh</c>: beside slow readers, trickling uploads, refused requests, large
/// bodies and thousands of idle connections good clients get their own answers, right and whole. How long
/// these take, and how much memory the archive does, depends on what else the machine does, and is for the
/// script to measure.
/// </summary>
public sealed class HostileTests
{
    // Idle connections that are wanted, and the files that this process and the archive's open beside them.
    private const int Wanted = 4096;
    private const int Others = 1000;

    [Fact]
    public async Task Good_clients_get_their_answers_beside_hostile_ones()
    {
        var seconds = Run.Number("OPENSDC_HOSTILE_SECONDS", 25);
        // Where a process may open fewer files than that, there are fewer of them.
        var idle = Math.Clamp(Run.MostFiles - Others, Others / 10, Wanted);
        using var folder = new TemporaryFolder();
        // Enough for listings of some ten megabytes.
        await using var archive = await Archive.StartAsync(
            folder.Data,
            shim: null,
            "--demo",
            "12000",
            "--max-connections",
            $"{idle + Others}"
        );
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        long most = 0;
        var run = HostileRun.RunAsync(archive.Address, TimeSpan.FromSeconds(6), TimeSpan.FromSeconds(seconds), idle, deadline.Token);
        while (!run.IsCompleted)
        {
            most = Math.Max(most, archive.ResidentSize);
            await Task.WhenAny(run, Task.Delay(250));
        }

        var outcome = await run;
        await Run.SayAsync(
            $"hostile: {outcome.Answered} answers compared, {outcome.MostIdle} idle connections, {outcome.Refused} with a refused request; "
                + $"hostile clients were answered {string.Join(", ", outcome.Statuses.OrderBy(each => each.Key).Select(each => $"{each.Key}: {each.Value}"))}; memory {most >> 20} MiB"
        );
        outcome.Faults.Count.ShouldBe(0, string.Join('\n', outcome.Faults.Take(5)));
        outcome.WrongStatuses.ShouldBeEmpty();
        outcome.MostIdle.ShouldBe(idle);
        outcome.Refused.ShouldBeGreaterThan(10);
        archive.HasEnded.ShouldBeFalse(archive.Log);
    }
}
