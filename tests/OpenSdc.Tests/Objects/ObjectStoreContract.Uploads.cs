using System.Security.Cryptography;
using System.Text;
using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>Uploads as they come from clients, with a length or without one, that go to their keys.</summary>
public abstract partial class ObjectStoreContract
{
    public static TheoryData<int, bool> Sizes => new()
    {
        { 0, true }, { 1, true }, { 65_536, true }, { 65_537, true }, { 262_144, true }, { 262_145, true }, { (20 << 20) + 7, true },
        { 0, false }, { 1, false }, { 65_537, false }, { 8 << 20, false },
    };

    [Theory]
    [MemberData(nameof(Sizes))]
    public async Task An_upload_is_visible_when_it_is_placed_and_not_before(int size, bool hasLength)
    {
        await using var made = await MakeAsync();
        var bytes = RandomNumberGenerator.GetBytes(size);
        await using (var staged = await made.Store.StageAsync(Key, hasLength ? size : null, None))
        {
            for (var at = 0; at < size; at += 100_003)
                await staged.WriteAsync(bytes.AsMemory(at, Math.Min(100_003, size - at)), None);
            staged.Length.ShouldBe(size);
            (await IsThereAsync(made.Store)).ShouldBeFalse();
            (await made.Store.PlaceAsync(staged, None)).ShouldBe(new PlaceResult(true));
        }

        using var stored = (await made.Store.OpenAsync(Key, None)).ShouldNotBeNull();
        stored.Length.ShouldBe(size);
        (await ObjectVerifier.Unthrottled.DigestAsync(stored, None)).ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        (await LeftOverAsync(made.Store)).ShouldBeEmpty();
        made.Store.StagingSize().ShouldBe(0);
        await made.ShouldHoldNoPartsAsync();
    }

    [Theory]
    [InlineData(10)]
    [InlineData(3 << 20)]
    public async Task An_upload_that_is_not_placed_leaves_nothing(int size)
    {
        await using var made = await MakeAsync();
        foreach (var some in (int[])[size, size / 2])
        {
            await using (var staged = await made.Store.StageAsync(Key, size, None))
                await staged.WriteAsync(new byte[some], None);
            await ShouldHoldAsync(made.Store);
            (await LeftOverAsync(made.Store)).ShouldBeEmpty();
            made.Store.StagingSize().ShouldBe(0);
            await made.ShouldHoldNoPartsAsync();
        }
    }

    [Theory]
    [InlineData(20)]
    [InlineData(1_000_000)]
    public async Task Of_uploads_that_meet_at_one_key_one_is_placed_whole(int size)
    {
        await using var made = await MakeAsync();
        var bytes = Enumerable.Range(0, 8).Select(_ => RandomNumberGenerator.GetBytes(size)).ToList();
        var results = new PlaceResult[bytes.Count];
        await Task.WhenAll(Enumerable.Range(0, bytes.Count).Select(async i =>
        {
            await using var staged = await made.Store.StageAsync(Key, size, None);
            await staged.WriteAsync(bytes[i], None);
            results[i] = await made.Store.PlaceAsync(staged, None);
        }));
        results.ShouldAllBe(each => each.Failure == null);
        results.Count(each => each.IsPlaced).ShouldBe(1);
        using var stored = (await made.Store.OpenAsync(Key, None)).ShouldNotBeNull();
        (await ObjectVerifier.Unthrottled.DigestAsync(stored, None)).ShouldBe(
            Convert.ToHexStringLower(SHA256.HashData(bytes[Array.FindIndex(results, each => each.IsPlaced)]))
        );

        await using var late = await made.Store.StageAsync(Key, size, None);
        await late.WriteAsync(bytes[0], None);
        (await made.Store.PlaceAsync(late, None)).ShouldBe(new PlaceResult(false));
    }

    [Fact]
    public async Task A_cancelled_upload_leaves_nothing()
    {
        await using var made = await MakeAsync();
        using var cancel = new CancellationTokenSource();
        await using (var staged = await made.Store.StageAsync(Key, 40 << 20, cancel.Token))
        {
            await staged.WriteAsync(new byte[20 << 20], cancel.Token);
            await cancel.CancelAsync();
            try
            {
                await staged.WriteAsync(new byte[20 << 20], cancel.Token);
            }
            catch (OperationCanceledException)
            {
                // A store may notice the cancel or not; what counts is what is left.
            }
        }

        await ShouldHoldAsync(made.Store);
        (await LeftOverAsync(made.Store)).ShouldBeEmpty();
    }
}
