using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>Who shares a flush, and whom its failure concerns.</summary>
public sealed class SharedFlushTests : IDisposable
{
    private readonly FlushThreads threads = new(most: 4);
    private readonly SemaphoreSlim begun = new(0);
    private readonly SemaphoreSlim go = new(0);
    private int alone, whole;
    private IOException? failure;

    public void Dispose()
    {
        threads.Dispose();
        begun.Dispose();
        go.Dispose();
    }

    [Theory]
    [InlineData(3, true, 3, 0)]
    [InlineData(4, true, 0, 1)]
    [InlineData(40, true, 0, 1)]
    [InlineData(40, false, 40, 0)]
    public async Task Those_that_waited_for_the_same_one_are_flushed_together(
        int waiting,
        bool canFlushWhole,
        int timesAlone,
        int timesWhole
    )
    {
        using var shared = new SharedFlush(threads, canFlushWhole ? FlushWhole : null);
        var first = shared.RunAsync(shared.Mark, () =>
        {
            begun.Release();
            go.Wait();
        });
        await begun.WaitAsync();
        var tasks = Enumerable.Range(0, waiting).Select(_ => shared.RunAsync(shared.Mark, () => Interlocked.Increment(ref alone))).ToList();
        tasks.ShouldAllBe(task => !task.IsCompleted);
        go.Release();
        await first;
        await Task.WhenAll(tasks);
        (alone, whole).ShouldBe((timesAlone, timesWhole));
    }

    /// <summary>The system tells of a failure once: the flush that fails may be another's than the one whose bytes it was about.</summary>
    [Fact]
    public async Task A_failure_is_one_for_all_that_was_begun_before_it_and_for_nothing_after()
    {
        using var shared = new SharedFlush(threads, FlushWhole);
        var before = shared.Mark;
        failure = new IOException("flush: no room", 28);
        foreach (var task in shared.RunAsync(before, [Alone, Alone, Alone, Alone]))
            (await Should.ThrowAsync<IOException>(task)).HResult.ShouldBe(28);

        failure = null;
        (await Should.ThrowAsync<IOException>(shared.RunAsync(before, Alone))).HResult.ShouldBe(28);
        Should.Throw<IOException>(() => shared.Check(before)).HResult.ShouldBe(28);
        await shared.RunAsync(shared.Mark, Alone);
        shared.Check(shared.Mark);
    }

    [Fact]
    public async Task A_failure_of_one_alone_is_its_own()
    {
        using var shared = new SharedFlush(threads, FlushWhole);
        var (bad, good) = (shared.RunAsync(shared.Mark, () => throw new IOException("flush", 5)), shared.RunAsync(shared.Mark, Alone));
        (await Should.ThrowAsync<IOException>(bad)).HResult.ShouldBe(5);
        await good;
    }

    [Fact]
    public async Task What_several_ask_for_is_flushed_once_after_what_each_does_first()
    {
        using var shared = new SharedFlush(threads, whole: null);
        var blocked = shared.RunAsync(shared.Mark, () =>
        {
            begun.Release();
            go.Wait();
        });
        await begun.WaitAsync();
        var order = new List<string>();
        Task Ask(string what, bool fails = false) => shared.TogetherAsync(shared.Mark, "folder", () => order.Add("flush"), () =>
        {
            order.Add(what);
            if (fails)
                throw new IOException("link", 28);
        });
        var (one, bad, two) = (Ask("one"), Ask("bad", fails: true), Ask("two"));
        go.Release();
        await blocked;
        // Goes on elsewhere than on the thread that is ended below.
        await Task.WhenAll(one, two).ContinueWith(_ => { }, TaskScheduler.Default);
        (one.IsCompletedSuccessfully, two.IsCompletedSuccessfully).ShouldBe((true, true));
        (await Should.ThrowAsync<IOException>(bad)).HResult.ShouldBe(28);
        order.ShouldBe(["one", "bad", "two", "flush"]);
    }

    private void Alone() => Interlocked.Increment(ref alone);

    private void FlushWhole()
    {
        whole++;
        if (failure is not null)
            throw failure;
    }
}
