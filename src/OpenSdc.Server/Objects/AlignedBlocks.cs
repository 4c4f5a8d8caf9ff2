using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace OpenSdc.Server.Objects;

/// <summary>
/// Memory that a disk takes as it is: blocks that begin where a page does, and never move. There are only so many, so
/// that uploads that come slowly cannot take all memory: whoever finds none left writes what comes as it comes.
/// </summary>
internal sealed class AlignedBlocks(int most)
{
    /// <summary>Bytes of one block: a disk is at its best with about as much at once.</summary>
    public const int Size = 1024 * 1024;

    /// <summary>
    /// What places, lengths and memory are multiples of in writes that pass the page cache by; all common disks are
    /// content with it.
    /// </summary>
    public const int Alignment = 4096;

    // The last one given back is the first one taken: the fewer are touched, the less memory they cost.
    private readonly ConcurrentStack<Memory<byte>> idle = new();
    private int left = most;

    /// <summary>Takes a block; empty memory where there is none.</summary>
    public Memory<byte> Rent()
    {
        if (idle.TryPop(out var block))
            return block;
        if (Interlocked.Decrement(ref left) >= 0)
            return Make();
        Interlocked.Increment(ref left);
        return default;
    }

    /// <summary>Gives a block back; none, where the memory is empty.</summary>
    public void Return(Memory<byte> block)
    {
        if (!block.IsEmpty)
            idle.Push(block);
    }

    private static Memory<byte> Make()
    {
        var bytes = GC.AllocateUninitializedArray<byte>(Size + Alignment, pinned: true);
        var over = (int)(Marshal.UnsafeAddrOfPinnedArrayElement(bytes, 0) % Alignment);
        return bytes.AsMemory(over == 0 ? 0 : Alignment - over, Size);
    }
}
