using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests;

/// <summary>
/// One upload makes some thirty calls that change the disk. Each of them in turn is the last one before the process ends, is cut in half,
/// or fails; the next upload of the same name then has to find a sound archive. The enumeration ends by itself, with the first number
/// that an upload does not reach.
/// </summary>
public sealed class FailureMatrixTests
{
    private const int MostCalls = 200;

    [Fact]
    public Task A_process_that_ends_before_any_call_leaves_the_file_absent_or_whole() =>
        EndAtEachCallAsync(FaultAction.KillBefore, Shim.AllCalls);

    [Fact]
    public Task A_process_that_ends_in_the_middle_of_any_write_leaves_the_file_absent_or_whole() =>
        EndAtEachCallAsync(FaultAction.KillHalfway, 1 << (int)Call.Write);

    [Theory]
    [InlineData(Shim.InputOutput, 503, true)]
    [InlineData(Shim.NoSpace, 507, false)]
    [InlineData(Shim.ReadOnly, 503, false)]
    public async Task A_call_that_fails_refuses_its_upload_and_nothing_else(int error, int refusal, bool restart)
    {
        using var scene = new Scene();
        await scene.StartAsync();
        var (refused, acknowledged) = (0, 0);
        for (var at = 1; ; at++)
        {
            at.ShouldBeLessThan(MostCalls);
            var (name, content, target) = await scene.NewUploadAsync($"fail{error}-{at:D3}");
            scene.Shim.StartTrace();
            scene.Shim.Arm(at, FaultAction.Fail, error);
            var answer = await scene.PutAsync(target, content);
            var fired = scene.Shim.Fired > 0;
            scene.Shim.Disarm();
            var what = $"errno {error} at call {at}, {scene.Shim.FiredAt}";
            if (!fired)
            {
                answer.Status.ShouldBe(201, what);
                break;
            }

            if (answer.IsReceipt)
            {
                // Something that the acknowledgement does not rely on failed; the trace must say so.
                acknowledged++;
                scene.Expect(Protocol.Violation(scene.Shim.Trace(), answer.Receipt.FilePath), $"acknowledged after {what}");
            }
            else
            {
                refused++;
                // The database reports a full disk by its own code only where a write met it.
                if (
                    answer.Status != refusal
                    && !(answer.Status == 503 && scene.Shim.FiredAt.Contains("catalogue", StringComparison.Ordinal))
                )
                    scene.Fault($"{what}: answered {answer} instead of {refusal}");
                if (!answer.Body.Contains("\"detail\"", StringComparison.Ordinal))
                    scene.Fault($"{what}: the refusal {answer} says no sentence");
                if (await scene.IsVisibleAsync(name))
                    scene.Fault($"{what}: refused, but visible");
            }

            if (!restart)
            {
                await scene.OthersGoOnAsync(what);
            }
            else
            {
                // Right away: what a failed commit left in the log is still there, and is what the start finds.
                await scene.RestartAsync(what);
                // Whether a commit that failed is in the log only the next start can tell; it finishes such
                // an upload from its flushed bytes.
                var inDoubt = scene.Shim.FiredAt.Contains("catalogue", StringComparison.Ordinal);
                if (!answer.IsReceipt && !inDoubt && await scene.IsVisibleAsync(name))
                    scene.Fault($"{what}: refused, but published by the restart");
            }

            await scene.TryAgainAsync(name, content, target, what);
        }

        await scene.RestartAsync("the end");
        await Run.SayAsync($"matrix: errno {error}: {refused} uploads refused, {acknowledged} acknowledged, {scene.Faults.Count} faults");
        scene.Faults.ShouldBeEmpty(string.Join('\n', scene.Faults));
    }

    private static async Task EndAtEachCallAsync(FaultAction action, int kinds)
    {
        using var scene = new Scene();
        await scene.StartAsync();
        var (published, absent, at) = (0, 0, 1);
        for (; ; at++)
        {
            at.ShouldBeLessThan(MostCalls);
            var (name, content, target) = await scene.NewUploadAsync($"{action.ToString().ToLowerInvariant()}-{at:D3}");
            scene.Shim.StartTrace();
            scene.Shim.Arm(at, action, kinds: kinds);
            var answer = await scene.PutOrDieAsync(target, content);
            if (answer is not null)
            {
                scene.Shim.Fired.ShouldBe(0, $"{scene.Shim.FiredAt}: {answer}");
                scene.Shim.Disarm();
                answer.Status.ShouldBe(201);
                break;
            }

            scene.Shim.Disarm();
            var what = $"{action} at call {at}, {scene.Shim.FiredAt}";
            await scene.RestartAsync(what);
            var visible = await scene.IsVisibleAsync(name);
            if (visible)
                published++;
            else
                absent++;
            if (scene.Shim.FiredKind == Call.Send && !visible)
                scene.Fault($"{what}: lost before its answer");
            await scene.TryAgainAsync(name, content, target, what);
        }

        await scene.RestartAsync("the end");
        await Run.SayAsync(
            $"matrix: {action} at each of {at - 1} calls: {published} published, {absent} absent, {scene.Faults.Count} faults"
        );
        scene.Faults.ShouldBeEmpty(string.Join('\n', scene.Faults));
    }
}
