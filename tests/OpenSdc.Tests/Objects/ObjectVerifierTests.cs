using System.Security.Cryptography;
using Microsoft.Extensions.Time.Testing;
using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>What a verification makes of an object that fails or changes while it is read, and how fast it reads.</summary>
public sealed class ObjectVerifierTests : IDisposable
{
    private const int InputOutput = 5, NotPermitted = 13;
    private const int Size = 300_000;

    private static readonly CancellationToken None = CancellationToken.None;

    private readonly string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
    private readonly byte[] bytes = RandomNumberGenerator.GetBytes(Size);
    private readonly ObjectRecord record;

    public ObjectVerifierTests()
    {
        record = new ObjectRecord("key", Size, Convert.ToHexStringLower(SHA256.HashData(bytes)));
        File.WriteAllBytes(path, bytes);
    }

    public void Dispose() => File.Delete(path);

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    [InlineData(-Size)]
    public async Task A_file_that_changes_its_length_while_it_is_read_is_corrupt(int change)
    {
        var changed = false;
        var verdict = await ObjectVerifier.Unthrottled.VerifyAsync(Open, record, None, (_, _) =>
        {
            if (!changed)
                SetLength(Size + change);
            changed = true;
            return ValueTask.CompletedTask;
        });
        changed.ShouldBeTrue();
        (verdict.State, verdict.Fault).ShouldBe((ObjectState.Corrupt, ObjectFault.Length));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public async Task A_file_without_a_record_that_changes_its_length_while_it_is_read_has_no_digest(int change)
    {
        using var stored = new DiskObject(path);
        var verifier = new ObjectVerifier { OnRead = _ => SetLength(Size + change) };
        (await Should.ThrowAsync<IOException>(async () => await verifier.DigestAsync(stored, None))).Message.ShouldBe(
            "The object changed its length while it was read."
        );
    }

    [Theory]
    [InlineData(InputOutput)]
    [InlineData(NotPermitted)]
    public async Task What_cannot_be_read_or_opened_is_unreadable_and_tells_whether_the_medium_failed(int errno)
    {
        var fault = errno == InputOutput ? ObjectFault.ReadError : ObjectFault.Refused;
        var failure = new IOException("no", errno);
        var verdicts = new[]
        {
            await ObjectVerifier.Unthrottled.VerifyAsync((_, _) => throw failure, record, None),
            await ObjectVerifier.VerifyLengthAsync((_, _) => throw failure, record, None),
            await ObjectVerifier.Unthrottled.VerifyAsync((_, _) => new(new Failing(failure)), record, None),
        };
        verdicts.ShouldAllBe(each => each.State == ObjectState.Unreadable && each.Fault == fault && each.Failure == failure);
        var refused = verdicts[0];
        if (fault == ObjectFault.Refused)
            Should.Throw<IOException>(() => refused.ThrowIfRefused()).ShouldBe(failure);
        else
            refused.ThrowIfRefused().ShouldBe(refused);
        Should.Throw<IOException>(() => refused.ThrowIfUnreadable()).ShouldBe(failure);
    }

    [Fact]
    public async Task An_object_of_a_bucket_that_is_replaced_while_it_is_read_is_unreadable_and_corrupt_the_next_time()
    {
        using var bucket = await CephServer.OpenBucketAsync();
        using var store = new S3ObjectStore(bucket);
        await bucket.PutAsync(bucket.ObjectKey(record.Key), bytes);
        var verdict = await ObjectVerifier.Unthrottled.VerifyAsync(async (key, cancel) =>
        {
            var stored = await store.OpenAsync(key, cancel);
            // Gives up the request that opened it, which would read the old bytes to their end.
            await stored!.ReadAsync(100, new byte[10], cancel);
            await bucket.PutAsync(bucket.ObjectKey(key), bytes[1..]);
            return stored;
        }, record, None);
        (verdict.State, verdict.Fault).ShouldBe((ObjectState.Unreadable, ObjectFault.Refused));
        (await ObjectVerifier.Unthrottled.VerifyAsync(store.OpenAsync, record, None)).State.ShouldBe(ObjectState.Corrupt);
    }

    [Fact]
    public async Task A_copy_that_cannot_be_written_is_no_verdict_on_the_object()
    {
        var failure = new IOException("No space left on device", InputOutput);
        (
            await Should.ThrowAsync<IOException>(async () =>
                await ObjectVerifier.Unthrottled.VerifyAsync(Open, record, None, (_, _) => throw failure)
            )
        ).ShouldBe(failure);
    }

    [Fact]
    public async Task A_range_is_read_without_a_digest_and_ends_where_the_file_does()
    {
        using var stored = new DiskObject(path);
        using var range = ObjectReading.Unhashed(stored, record, 10, 20);
        var buffer = new byte[100];
        (await range.ReadAsync(buffer, None)).ShouldBe(20);
        buffer[..20].ShouldBe(bytes[10..30]);
        range.Verdict.ShouldBe(ObjectVerdict.Intact);
        (await range.ReadAsync(buffer, None)).ShouldBe(0);

        SetLength(15);
        using var cut = ObjectReading.Unhashed(stored, record, 10, 20);
        (await cut.ReadAsync(buffer, None)).ShouldBe(5);
        cut.Verdict.ShouldBeNull();
        (await cut.ReadAsync(buffer, None)).ShouldBe(0);
        cut.Verdict.ShouldNotBeNull().Sentence.ShouldBe($"The record says {Size} bytes, the object has 15.");
    }

    [Fact]
    public async Task All_readers_of_a_throttle_together_keep_its_rate_and_save_nothing_up()
    {
        var clock = new FakeTimeProvider();
        var throttle = new ReadThrottle(1000, clock);
        var (one, two) = (throttle.TookAsync(500, None).AsTask(), throttle.TookAsync(500, None).AsTask());
        clock.Advance(TimeSpan.FromMilliseconds(499));
        one.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await one;
        two.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromMilliseconds(500));
        await two;

        clock.Advance(TimeSpan.FromHours(1));
        var later = throttle.TookAsync(1000, None).AsTask();
        clock.Advance(TimeSpan.FromMilliseconds(999));
        later.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromMilliseconds(1));
        await later;
    }

    [Fact]
    public async Task An_object_costs_time_of_its_own_and_without_a_rate_nothing_waits()
    {
        var clock = new FakeTimeProvider();
        var throttle = new ReadThrottle(1000, clock) { PerObject = TimeSpan.FromSeconds(1) };
        var missing = new ObjectVerifier { Throttle = throttle }.VerifyAsync((_, _) => new((StoredObject?)null), record, None).AsTask();
        clock.Advance(TimeSpan.FromMilliseconds(999));
        missing.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromMilliseconds(1));
        (await missing).ShouldBe(ObjectVerdict.Missing);

        ReadThrottle.None.TookAsync(int.MaxValue, None).AsTask().IsCompletedSuccessfully.ShouldBeTrue();
        ReadThrottle.None.EndObjectAsync(None).AsTask().IsCompletedSuccessfully.ShouldBeTrue();
    }

    [Fact]
    public async Task A_verification_that_waits_for_its_rate_can_be_cancelled()
    {
        using var cancel = new CancellationTokenSource();
        var verifier = new ObjectVerifier { Throttle = new ReadThrottle(1, new FakeTimeProvider()) };
        var waiting = verifier.VerifyAsync(Open, record, cancel.Token).AsTask();
        waiting.IsCompleted.ShouldBeFalse();
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => waiting);
    }

    private ValueTask<StoredObject?> Open(string key, CancellationToken cancel) => new(new DiskObject(path));

    private void SetLength(long length)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        file.SetLength(length);
    }

    private sealed class Failing(IOException failure) : StoredObject
    {
        public override long Length => Size;

        public override DateTime Written => default;

        public override ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancel) => throw failure;

        public override void Dispose()
        {
        }
    }
}
