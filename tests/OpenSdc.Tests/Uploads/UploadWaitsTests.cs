using Microsoft.Extensions.Time.Testing;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Uploads;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>Thousands of requests may wait for one upload: its end is read once, and those that go away wake nobody.</summary>
public sealed class UploadWaitsTests
{
    private const int Many = 3500;

    private readonly FakeTimeProvider clock = new();
    private int reads;

    [Fact]
    public async Task Waits_that_go_away_or_time_out_wake_no_other_and_the_end_is_read_once()
    {
        var waits = Waits();
        using var gone = new CancellationTokenSource();
        var (leaving, short_, staying) = (Begin(waits, 1000), Begin(waits, 1000), Begin(waits, Many));
        var left = leaving.Select(wait => EndAsync(wait, 60, gone.Token)).ToList();
        var over = short_.Select(wait => EndAsync(wait, 5, default)).ToList();
        var rest = staying.Select(wait => EndAsync(wait, 60, default)).ToList();

        await gone.CancelAsync();
        foreach (var each in left)
            await Should.ThrowAsync<OperationCanceledException>(() => each);
        clock.Advance(TimeSpan.FromSeconds(6));
        (await Task.WhenAll(over)).ShouldAllBe(end => end == null);
        rest.ShouldAllBe(each => !each.IsCompleted);
        reads.ShouldBe(0);
        waits.Ids.ShouldBe(["u"]);

        waits.Ended("u");
        (await Task.WhenAll(rest)).ShouldAllBe(end => end!.Value.Upload.State == UploadState.Published);
        reads.ShouldBe(1);
        waits.Ids.ShouldBeEmpty();
    }

    [Fact]
    public async Task Whoever_begins_after_an_end_was_told_waits_for_the_next()
    {
        var waits = Waits();
        using var early = waits.Begin("u");
        waits.Ended("u");
        using var late = waits.Begin("u");
        (early.IsFirst, late.IsFirst).ShouldBe((true, true));
        (await early.EndAsync(TimeSpan.FromSeconds(1), default)).ShouldNotBeNull();
        early.Dispose();
        waits.Ids.ShouldBe(["u"], "the later one still waits");
    }

    private static List<UploadWaits.Wait> Begin(UploadWaits waits, int count) =>
        [.. Enumerable.Range(0, count).Select(_ => waits.Begin("u"))];

    private static async Task<UploadEnd?> EndAsync(UploadWaits.Wait wait, int seconds, CancellationToken cancel)
    {
        using (wait)
            return await wait.EndAsync(TimeSpan.FromSeconds(seconds), cancel);
    }

    private UploadWaits Waits() => new(
        id =>
        {
            Interlocked.Increment(ref reads);
            return Task.FromResult<UploadEnd?>(new UploadEnd(new UploadSession(id, "key", UploadState.Published, default), null));
        },
        clock);
}
