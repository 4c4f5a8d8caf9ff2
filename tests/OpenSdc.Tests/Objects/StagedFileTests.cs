using System.Security.Cryptography;
using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>An upload is collected in blocks and written past the page cache; what lies there in the end is what came.</summary>
public sealed class StagedFileTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
    private readonly DiskObjectStore store;

    public StagedFileTests() => store = new DiskObjectStore(folder);

    public void Dispose()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(4096, 4096)]
    [InlineData(64 * 1024 - 1, 1000)]
    [InlineData(64 * 1024 + 1, 1000)]
    [InlineData(AlignedBlocks.Size, 65_536)]
    [InlineData(AlignedBlocks.Size + 1, 70_001)]
    [InlineData(3 * AlignedBlocks.Size + 4096, 3_000_000)]
    [InlineData(5 * AlignedBlocks.Size - 1, 5_000)]
    public async Task Any_number_of_bytes_in_pieces_of_any_size(int size, int piece) => await ShouldStoreAsync(size, piece);

    [Fact]
    public async Task Also_where_others_have_all_the_blocks()
    {
        var others = new List<StagedObject>();
        try
        {
            for (var i = 0; i < 60; i++)
            {
                others.Add(await store.StageAsync($"imap/other{i}", null, CancellationToken.None));
                await others[^1].WriteAsync(new byte[1], CancellationToken.None);
            }

            others[0].Written.ShouldBe(0, "it has a block");
            others[^1].Written.ShouldBe(1, "it has none");
            await ShouldStoreAsync(AlignedBlocks.Size + 5000, 70_001);
            // One block, which is all that is left, must do.
            await others[0].DisposeAsync();
            await ShouldStoreAsync(4 * AlignedBlocks.Size + 1, 70_001);
        }
        finally
        {
            foreach (var other in others)
                await other.DisposeAsync();
        }

        await ShouldStoreAsync(4 * AlignedBlocks.Size + 1, 70_001);
    }

    private async Task ShouldStoreAsync(int size, int piece)
    {
        var bytes = RandomNumberGenerator.GetBytes(size);
        var key = $"imap/{Guid.NewGuid():N}";
        await using (var staged = await store.StageAsync(key, null, CancellationToken.None))
        {
            for (var at = 0; at < size; at += piece)
                await staged.WriteAsync(bytes.AsMemory(at, Math.Min(piece, size - at)), CancellationToken.None);
            staged.Length.ShouldBe(size);
            await staged.FlushAsync(CancellationToken.None);
            staged.Written.ShouldBe(size);
            (await store.PlaceAsync(staged, CancellationToken.None)).IsPlaced.ShouldBeTrue();
        }

        (await File.ReadAllBytesAsync(Path.Combine(folder, "objects", key))).AsSpan().SequenceEqual(bytes).ShouldBeTrue();
        store.StagingSize().ShouldBeLessThan(100);
    }
}
