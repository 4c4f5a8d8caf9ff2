using System.Buffers;
using System.Text;

namespace OpenSdc.Server.Files;

/// <summary>
/// A growing buffer of bytes in pieces from the shared pool, written out and emptied again and again. It
/// belongs to one request, which disposes it once; nobody else holds its memory.
/// </summary>
/// <remarks>
/// Pieces are never copied together and stay below the size of the large object heap: pages of some
/// megabytes, of which as many are in memory as there are places for listings, would otherwise cost twice
/// their length, and arrays of each size on the way to it stay in the pool.
/// </remarks>
internal sealed class PooledBuffer : IDisposable
{
    private const int PieceSize = 64 * 1024;

    private readonly Queue<(byte[] Bytes, int Used)> full = new();
    private byte[] bytes = ArrayPool<byte>.Shared.Rent(PieceSize);
    private int used;

    public int Length { get; private set; }

    public void Write(ReadOnlySpan<byte> more)
    {
        while (more.Length > 0)
        {
            if (used == bytes.Length)
                BeginPiece();
            var fits = Math.Min(more.Length, bytes.Length - used);
            more[..fits].CopyTo(bytes.AsSpan(used));
            more = more[fits..];
            used += fits;
            Length += fits;
        }
    }

    public void Write(ReadOnlySpan<char> text)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (most > PieceSize)
        {
            Write(Encoding.UTF8.GetBytes(text.ToArray()));
            return;
        }

        if (bytes.Length - used < most)
            BeginPiece();
        var written = Encoding.UTF8.GetBytes(text, bytes.AsSpan(used));
        used += written;
        Length += written;
    }

    /// <summary>
    /// Sends all of it, a piece at a time, and gives each piece back as soon as the response has copied it: a
    /// page that is read slowly costs what is left of it. When this returns, the buffer is the caller's
    /// again.
    /// </summary>
    public async ValueTask FlushToAsync(HttpContext context, StallTimeout stallTimeout)
    {
        var unsent = 0;
        while (full.TryDequeue(out var piece))
        {
            context.Response.BodyWriter.Write(piece.Bytes.AsSpan(0, piece.Used));
            ArrayPool<byte>.Shared.Return(piece.Bytes);
            Length -= piece.Used;
            unsent += piece.Used;
            if (unsent <= StallTimeout.LargestFlush - PieceSize)
                continue;
            await stallTimeout.FlushAsync(context);
            unsent = 0;
        }

        context.Response.BodyWriter.Write(bytes.AsSpan(0, used));
        (used, Length) = (0, 0);
        await stallTimeout.FlushAsync(context);
    }

    /// <summary>
    /// As <see cref="FlushToAsync"/>, in the middle of a long answer. A client that takes everything at once
    /// never lets its flush wait, so that one listing would keep its thread to the end while others have not
    /// begun: where any work waits for a thread it goes first.
    /// </summary>
    public async ValueTask FlushAndGiveWayAsync(HttpContext context, StallTimeout stallTimeout)
    {
        await FlushToAsync(context, stallTimeout);
        if (ThreadPool.PendingWorkItemCount > 0)
            await Task.Yield();
    }

    public void Dispose()
    {
        while (full.TryDequeue(out var piece))
            ArrayPool<byte>.Shared.Return(piece.Bytes);
        if (Interlocked.Exchange(ref bytes, []) is { Length: > 0 } mine)
            ArrayPool<byte>.Shared.Return(mine);
    }

    private void BeginPiece()
    {
        full.Enqueue((bytes, used));
        bytes = ArrayPool<byte>.Shared.Rent(PieceSize);
        used = 0;
    }
}
