using OpenSdc.Server.Files;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

public sealed class SharedHashingTests
{
    private static readonly DateTime Written = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Those_that_ask_at_once_share_one_hashing_and_those_that_ask_later_do_not(bool isRight)
    {
        using var hashing = new SharedHashing();
        var end = new TaskCompletionSource<bool>();
        var hashings = 0;
        Task<bool> Hash()
        {
            hashings++;
            return end.Task;
        }

        var asked = Enumerable.Range(0, 10).Select(_ => hashing.IsIntactAsync(1, Written, Hash, CancellationToken.None)).ToList();
        asked.ShouldAllBe(each => !each.IsCompleted);
        end.SetResult(isRight);
        (await Task.WhenAll(asked)).ShouldAllBe(each => each == isRight);
        hashings.ShouldBe(1);

        (await hashing.IsIntactAsync(1, Written, Hash, CancellationToken.None)).ShouldBe(isRight);
        hashings.ShouldBe(2);
    }

    [Fact]
    public async Task Another_file_is_another_hashing()
    {
        using var hashing = new SharedHashing();
        var end = new TaskCompletionSource<bool>();
        var first = hashing.IsIntactAsync(1, Written, () => end.Task, CancellationToken.None);
        (await hashing.IsIntactAsync(1, Written.AddSeconds(1), () => Task.FromResult(false), CancellationToken.None)).ShouldBeFalse();
        end.SetResult(true);
        (await first).ShouldBeTrue();
    }

    [Fact]
    public async Task One_that_goes_away_leaves_the_others_waiting()
    {
        using var hashing = new SharedHashing();
        var end = new TaskCompletionSource<bool>();
        using var gone = new CancellationTokenSource();
        var first = hashing.IsIntactAsync(1, Written, () => end.Task, gone.Token);
        var second = hashing.IsIntactAsync(1, Written, () => end.Task, gone.Token);
        var third = hashing.IsIntactAsync(1, Written, () => end.Task, CancellationToken.None);
        await gone.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => second);
        first.IsCompleted.ShouldBeFalse("its file is being read");
        end.SetResult(true);
        (await third).ShouldBeTrue();
        (await first).ShouldBeTrue();
    }

    [Fact]
    public async Task A_hashing_that_fails_is_tried_again_by_the_next()
    {
        using var hashing = new SharedHashing();
        await Should.ThrowAsync<IOException>(() =>
            hashing.IsIntactAsync(1, Written, () => throw new IOException("gone"), CancellationToken.None)
        );
        (await hashing.IsIntactAsync(1, Written, () => Task.FromResult(true), CancellationToken.None)).ShouldBeTrue();
    }
}
