using System.Security.Cryptography;
using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>Whether an object matches its record is answered alike by every store.</summary>
public abstract partial class ObjectStoreContract
{
    /// <summary>More than one piece of a reading.</summary>
    private const int Large = 300_000;

    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    [InlineData(128 * 1024)]
    [InlineData(Large)]
    public async Task An_object_with_the_recorded_bytes_is_intact(int size)
    {
        await using var made = await MakeAsync();
        var (bytes, record) = Recorded(size);
        await made.PutAsync(Key, bytes);
        var read = 0;
        var verifier = new ObjectVerifier { OnRead = count => read += count, BypassesCache = true };
        var copy = new MemoryStream();
        (await verifier.VerifyAsync(made.Store.OpenAsync, record, None, copy.WriteAsync)).ShouldBe(ObjectVerdict.Intact);
        copy.ToArray().ShouldBe(bytes);
        read.ShouldBe(size);
        (await ObjectVerifier.VerifyLengthAsync(made.Store.OpenAsync, record, None)).ShouldBe(ObjectVerdict.Intact);
    }

    [Fact]
    public async Task No_object_is_missing()
    {
        await using var made = await MakeAsync();
        var (_, record) = Recorded(10);
        (await ObjectVerifier.Unthrottled.VerifyAsync(made.Store.OpenAsync, record, None)).State.ShouldBe(ObjectState.Missing);
        (await ObjectVerifier.VerifyLengthAsync(made.Store.OpenAsync, record, None)).State.ShouldBe(ObjectState.Missing);
    }

    [Theory]
    [InlineData(Large, 0)]
    [InlineData(Large, Large - 1)]
    [InlineData(Large, Large + 1)]
    [InlineData(0, 1)]
    public async Task Another_length_is_corrupt_and_seen_without_reading(int recorded, int found)
    {
        await using var made = await MakeAsync();
        var (bytes, record) = Recorded(recorded);
        Array.Resize(ref bytes, found);
        await made.PutAsync(Key, bytes);
        var verifier = new ObjectVerifier { OnRead = _ => throw new InvalidOperationException("It was read.") };
        var verdict = await verifier.VerifyAsync(made.Store.OpenAsync, record, None);
        (verdict.State, verdict.Fault).ShouldBe((ObjectState.Corrupt, ObjectFault.Length));
        verdict.Sentence.ShouldBe($"The record says {recorded} bytes, the object has {found}.");
        (await ObjectVerifier.VerifyLengthAsync(made.Store.OpenAsync, record, None)).ShouldBe(verdict);
    }

    [Theory]
    [InlineData(1000, 0)]
    [InlineData(Large, 0)]
    [InlineData(Large, Large - 1)]
    public async Task One_other_bit_is_corrupt_and_both_digests_are_told(int size, int at)
    {
        await using var made = await MakeAsync();
        var (bytes, record) = Recorded(size);
        bytes[at] ^= 1;
        await made.PutAsync(Key, bytes);
        var verdict = await ObjectVerifier.Unthrottled.VerifyAsync(made.Store.OpenAsync, record, None);
        (verdict.State, verdict.Fault).ShouldBe((ObjectState.Corrupt, ObjectFault.Digest));
        verdict.Sentence.ShouldBe(
            $"The record says SHA-256 {record.Sha256}, the object has {Convert.ToHexStringLower(SHA256.HashData(bytes))}."
        );

        using var stored = await made.Store.OpenAsync(Key, None);
        (await ObjectVerifier.FillAsync(stored!, record, new byte[size], None)).ShouldBe(verdict);
    }

    [Fact]
    public async Task A_cancelled_verification_ends_with_no_verdict()
    {
        await using var made = await MakeAsync();
        var (bytes, record) = Recorded(Large);
        await made.PutAsync(Key, bytes);
        using var cancel = new CancellationTokenSource();
        var read = 0;
        var verifier = new ObjectVerifier
        {
            OnRead = count =>
            {
                read += count;
                cancel.Cancel();
            },
        };
        await Should.ThrowAsync<OperationCanceledException>(async () =>
            await verifier.VerifyAsync(made.Store.OpenAsync, record, cancel.Token)
        );
        read.ShouldBeInRange(1, Large - 1);
    }

    [Fact]
    public async Task An_object_without_a_record_gets_the_digest_of_its_bytes()
    {
        await using var made = await MakeAsync();
        var (bytes, record) = Recorded(Large);
        await made.PutAsync(Key, bytes);
        using var stored = await made.Store.OpenAsync(Key, None);
        (await ObjectVerifier.Unthrottled.DigestAsync(stored!, None)).ShouldBe(record.Sha256);
        (await ObjectVerifier.Unthrottled.VerifyAsync(stored!, record with { Sha256 = null }, None)).ShouldBe(ObjectVerdict.Intact);
    }

    private static (byte[] Bytes, ObjectRecord Record) Recorded(int size)
    {
        var bytes = RandomNumberGenerator.GetBytes(size);
        return (bytes, new ObjectRecord(Key, size, Convert.ToHexStringLower(SHA256.HashData(bytes))));
    }
}
