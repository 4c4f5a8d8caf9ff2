using System.Security.Cryptography;
using System.Text;
using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>What has its name: read, listed, set aside.</summary>
public abstract partial class ObjectStoreContract
{
    [Fact]
    public async Task An_object_that_something_else_put_there_can_be_made_durable_and_opened()
    {
        await using var made = await MakeAsync();
        await made.PutAsync(Key, "put"u8.ToArray());
        await made.Store.FlushAsync(Key, None);
        (await BytesAsync(made.Store, Key)).ShouldBe("put");
        (await made.Store.OpenAsync(Other, None)).ShouldBeNull();
    }

    [Fact]
    public async Task Readers_read_at_any_offset_side_by_side()
    {
        await using var made = await MakeAsync();
        var bytes = RandomNumberGenerator.GetBytes(3_000_000);
        await made.PutAsync(Key, bytes);
        using var stored = (await made.Store.OpenAsync(Key, None)).ShouldNotBeNull();
        await Parallel.ForAsync(0, 60, new ParallelOptions { MaxDegreeOfParallelism = 6 }, async (i, _) =>
        {
            var offset = i * 50_021L;
            var buffer = new byte[20_000 + i];
            for (var pieces = 0; pieces < 3 && offset < bytes.Length; pieces++)
            {
                var read = await stored.ReadAsync(offset, buffer, None);
                read.ShouldBeInRange(1, buffer.Length);
                buffer.AsSpan(0, read).SequenceEqual(bytes.AsSpan((int)offset, read)).ShouldBeTrue($"at {offset}");
                offset += read;
            }
        });
        (await stored.ReadAsync(bytes.Length - 1, new byte[10], None)).ShouldBe(1);
        (await stored.ReadAsync(bytes.Length, new byte[10], None)).ShouldBe(0);
        (await stored.ReadAsync(bytes.Length + 5, new byte[10], None)).ShouldBe(0);
    }

    [Fact]
    public async Task What_is_removed_is_gone_and_may_be_removed_again()
    {
        await using var made = await MakeAsync();
        await made.PutAsync(Key, [1, 2, 3]);
        await made.PutAsync(Other, [4]);
        for (var i = 0; i < 2; i++)
            await made.Store.RemoveAsync(Key, None);
        (await made.Store.OpenAsync(Key, None)).ShouldBeNull();
        using var other = (await made.Store.OpenAsync(Other, None)).ShouldNotBeNull();
    }

    [Fact]
    public async Task A_listing_tells_all_that_lies_there_in_ordinal_order_and_nothing_else()
    {
        await using var made = await MakeAsync();
        string[] keys = ["a.b", "a/b", "a/b c+d%20&é", "a0", "imap/b/1/x", "imap/b/10", "imap/b-", "imap/b0", Key, Other, "z"];
        Array.Sort(keys, StringComparer.Ordinal);
        foreach (var key in keys)
            await made.PutAsync(key, Encoding.UTF8.GetBytes(key));
        await using var staged = await StagedAsync(made.Store, "imap/q", "staged");
        await made.PutAsync("imap/x", [1]);
        (await made.Store.QuarantineAsync("imap/x", "imap/x", None)).ShouldBe(Moved.Done);

        var listed = await made.Store.ListAsync(None).ToListAsync();
        listed.Select(each => each.Key).ShouldBe(keys);
        listed.ShouldAllBe(each => each.What == ListedKind.Object && each.Length == Encoding.UTF8.GetByteCount(each.Key));
        listed.ShouldAllBe(each => each.LastWrite > DateTimeOffset.UtcNow.AddMinutes(-2) && each.LastChange >= each.LastWrite);
    }

    [Fact]
    public async Task A_listing_of_more_than_a_page_tells_each_once()
    {
        await using var made = await MakeAsync();
        var keys = Enumerable.Range(0, 2345).Select(i => $"imap/i{i % 3}/l{i % 7}/file_{i:D5}").Order(StringComparer.Ordinal).ToList();
        await Parallel.ForEachAsync(
            keys,
            new ParallelOptions { MaxDegreeOfParallelism = 16 },
            async (key, _) => await made.PutAsync(key, [7])
        );
        (await made.Store.ListAsync(None).Select(each => each.Key).ToListAsync()).ShouldBe(keys);
        (await made.Store.ListAsync(None).Take(5).Select(each => each.Key).ToListAsync()).ShouldBe(keys.Take(5));
    }

    [Fact]
    public async Task What_is_quarantined_is_out_of_the_archive_and_can_come_back()
    {
        await using var made = await MakeAsync();
        await made.PutAsync(Key, "bytes"u8.ToArray());
        (await made.Store.QuarantineAsync(Key, "place", None)).ShouldBe(Moved.Done);
        await ShouldHoldAsync(made.Store);
        (await IsThereAsync(made.Store)).ShouldBeFalse();
        (await made.Store.QuarantineAsync(Key, "place", None)).ShouldBe(Moved.Missing);
        (await made.Store.ReturnAsync("place", Key, None)).ShouldBe(Moved.Done);
        (await BytesAsync(made.Store, Key)).ShouldBe("bytes");
        (await made.Store.ReturnAsync("place", Key, None)).ShouldBe(Moved.Missing);
    }

    [Fact]
    public async Task A_move_never_overwrites()
    {
        await using var made = await MakeAsync();
        await made.PutAsync(Key, "first"u8.ToArray());
        (await made.Store.QuarantineAsync(Key, "place", None)).ShouldBe(Moved.Done);
        await made.PutAsync(Key, "second"u8.ToArray());
        (await made.Store.QuarantineAsync(Key, "place", None)).ShouldBe(Moved.Taken);
        (await made.Store.ReturnAsync("place", Key, None)).ShouldBe(Moved.Taken);
        (await BytesAsync(made.Store, Key)).ShouldBe("second");
        (await made.Store.QuarantineAsync(Key, "another", None)).ShouldBe(Moved.Done);
        (await made.Store.ReturnAsync("place", Key, None)).ShouldBe(Moved.Done);
        (await BytesAsync(made.Store, Key)).ShouldBe("first");
    }

    [Fact]
    public async Task Room_is_a_number_or_unknown()
    {
        await using var made = await MakeAsync();
        (made.Store.FreeBytes ?? 0).ShouldBeGreaterThanOrEqualTo(0);
    }
}
