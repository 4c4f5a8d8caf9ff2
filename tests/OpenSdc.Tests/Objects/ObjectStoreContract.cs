using System.Security.Cryptography;
using System.Text;
using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>
/// What the comments of <see cref="IObjectStore"/> promise, sentence by sentence; every store is held to it.
/// Here: uploads until they have their names.
/// </summary>
public abstract partial class ObjectStoreContract
{
    private const string Key = "imap/swe/l1a/2026/01/imap_swe_l1a_sci_20260101_v001.pkts";
    private const string Other = "imap/swe/l1a/2026/01/imap_swe_l1a_sci_20260102_v001.pkts";

    private static readonly CancellationToken None = CancellationToken.None;

    private protected abstract Task<StoreUnderTest> MakeAsync();

    [Fact]
    public async Task Only_naming_makes_an_upload_visible()
    {
        await using var made = await MakeAsync();
        var store = made.Store;
        await using var staged = await store.StageApartAsync(Key, None);
        (await IsThereAsync(store)).ShouldBeFalse();
        await staged.WriteAsync("abc"u8.ToArray(), None);
        (await IsThereAsync(store)).ShouldBeFalse();
        await staged.FlushAsync(None);
        (await IsThereAsync(store)).ShouldBeFalse();
        (await store.PlaceAsync(staged, None)).ShouldBe(new PlaceResult(true));
        (await BytesAsync(store, Key)).ShouldBe("abc");
    }

    [Fact]
    public async Task What_is_disposed_before_it_is_named_leaves_nothing()
    {
        await using var made = await MakeAsync();
        foreach (var isFlushed in (bool[])[false, true])
        {
            await using (var staged = await made.Store.StageApartAsync(Key, None))
            {
                staged.Length.ShouldBe(0);
                await staged.WriteAsync(new byte[100_000], None);
                await staged.WriteAsync(new byte[1], None);
                staged.Length.ShouldBe(100_001);
                if (isFlushed)
                {
                    await staged.FlushAsync(None);
                    made.Store.StagingSize().ShouldBe(100_001);
                }
            }

            await ShouldHoldAsync(made.Store);
            (await LeftOverAsync(made.Store)).ShouldBeEmpty();
            made.Store.StagingSize().ShouldBe(0);
        }
    }

    [Fact]
    public async Task A_cancelled_write_leaves_nothing()
    {
        await using var made = await MakeAsync();
        using var cancel = new CancellationTokenSource();
        await using (var staged = await made.Store.StageApartAsync(Key, cancel.Token))
        {
            await staged.WriteAsync(new byte[20 << 20], cancel.Token);
            await cancel.CancelAsync();
            try
            {
                await staged.WriteAsync(new byte[20 << 20], cancel.Token);
                await staged.FlushAsync(cancel.Token);
            }
            catch (OperationCanceledException)
            {
                // A store may notice the cancel or not; what counts is what is left.
            }
        }

        await ShouldHoldAsync(made.Store);
        (await LeftOverAsync(made.Store)).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70_000)]
    [InlineData(8 << 20)]
    [InlineData((20 << 20) + 7)]
    public async Task What_comes_out_is_what_went_in(int size)
    {
        await using var made = await MakeAsync();
        var bytes = RandomNumberGenerator.GetBytes(size);
        await using (var staged = await made.Store.StageApartAsync(Key, None))
        {
            for (var at = 0; at < size; at += 200_003)
                await staged.WriteAsync(bytes.AsMemory(at, Math.Min(200_003, size - at)), None);
            await staged.FlushAsync(None);
            (await made.Store.PlaceAsync(staged, None)).ShouldBe(new PlaceResult(true));
        }

        using var stored = (await made.Store.OpenAsync(Key, None)).ShouldNotBeNull();
        stored.Length.ShouldBe(size);
        stored.Written.ShouldBe(DateTime.UnixEpoch + (DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch), TimeSpan.FromMinutes(1));
        (await ObjectVerifier.Unthrottled.DigestAsync(stored, None)).ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes)));
    }

    [Fact]
    public async Task Naming_a_taken_key_is_an_outcome_and_the_object_stays()
    {
        await using var made = await MakeAsync();
        (await StoreAsync(made.Store, Key, "first")).ShouldBe(new PlaceResult(true));
        (await StoreAsync(made.Store, Key, "second")).ShouldBe(new PlaceResult(false));
        (await BytesAsync(made.Store, Key)).ShouldBe("first");
        await made.PutAsync(Other, "somebody's"u8.ToArray());
        (await StoreAsync(made.Store, Other, "second")).ShouldBe(new PlaceResult(false));
        (await BytesAsync(made.Store, Other)).ShouldBe("somebody's");
        (await LeftOverAsync(made.Store)).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_upload_whose_bytes_are_gone_is_a_failure_and_nothing_is_at_its_key()
    {
        await using var made = await MakeAsync();
        await using var bad = await StagedAsync(made.Store, Key, "bad");
        await made.SpoilAsync(bad);
        var result = await made.Store.PlaceAsync(bad, None);
        result.IsPlaced.ShouldBeFalse();
        (result.Failure is IOException or UnauthorizedAccessException).ShouldBeTrue(result.Failure?.ToString());
        (await IsThereAsync(made.Store)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_key_that_is_taken_back_is_free_again()
    {
        await using var made = await MakeAsync();
        await using (var staged = await StagedAsync(made.Store, Key, "first"))
        {
            (await made.Store.PlaceAsync(staged, None)).ShouldBe(new PlaceResult(true));
            await made.Store.RevertAsync(staged, None);
        }

        (await IsThereAsync(made.Store)).ShouldBeFalse();
        (await StoreAsync(made.Store, Key, "second")).ShouldBe(new PlaceResult(true));
        (await BytesAsync(made.Store, Key)).ShouldBe("second");
    }

    [Fact]
    public async Task What_is_kept_stays_in_staging_until_it_is_removed()
    {
        await using var made = await MakeAsync();
        var staged = await StagedAsync(made.Store, Key, "kept");
        (await made.Store.PlaceAsync(staged, None)).ShouldBe(new PlaceResult(true));
        staged.Keep();
        await staged.DisposeAsync();
        (await LeftOverAsync(made.Store)).ShouldHaveSingleItem().ShouldEndWith("/imap_swe_l1a_sci_20260101_v001.pkts");
        await staged.RemoveAsync();
        (await LeftOverAsync(made.Store)).ShouldBeEmpty();
        (await BytesAsync(made.Store, Key)).ShouldBe("kept");
    }

    [Fact]
    public async Task What_is_left_over_is_told_by_its_age_and_can_be_removed()
    {
        await using var made = await MakeAsync();
        foreach (var key in (string[])[Key, Other])
        {
            await using var staged = await StagedAsync(made.Store, key, "left");
            staged.Keep();
        }

        (await LeftOverAsync(made.Store, DateTimeOffset.UtcNow.AddHours(-1))).ShouldBeEmpty();
        var left = await LeftOverAsync(made.Store, DateTimeOffset.UtcNow.AddHours(1));
        left.Select(Path.GetFileName).Order().ShouldBe([Path.GetFileName(Key), Path.GetFileName(Other)]);
        await made.Store.RemoveLeftOverAsync(left[0], None);
        (await LeftOverAsync(made.Store)).ShouldBe([left[1]]);
        await ShouldHoldAsync(made.Store);
    }

    private static async Task<StagedObject> StagedAsync(IObjectStore store, string key, string text)
    {
        var staged = await store.StageApartAsync(key, None);
        await staged.WriteAsync(Encoding.UTF8.GetBytes(text), None);
        await staged.FlushAsync(None);
        return staged;
    }

    private static async Task<PlaceResult> StoreAsync(IObjectStore store, string key, string text)
    {
        await using var staged = await StagedAsync(store, key, text);
        return await store.PlaceAsync(staged, None);
    }

    private static async Task<bool> IsThereAsync(IObjectStore store)
    {
        using var stored = await store.OpenAsync(Key, None);
        return stored is not null;
    }

    private static async Task<string> BytesAsync(IObjectStore store, string key)
    {
        using var stored = (await store.OpenAsync(key, None)).ShouldNotBeNull();
        var bytes = new byte[stored.Length];
        for (var at = 0; at < bytes.Length;)
            at += await stored.ReadAsync(at, bytes.AsMemory(at), None);
        return Encoding.UTF8.GetString(bytes);
    }

    private static async Task ShouldHoldAsync(IObjectStore store, params string[] keys) =>
        (await store.ListAsync(None).Select(each => each.Key).ToListAsync()).ShouldBe(keys);

    private static async Task<List<string>> LeftOverAsync(IObjectStore store, DateTimeOffset? writtenBefore = null) =>
        await store.LeftOverAsync(writtenBefore, None).ToListAsync();
}
