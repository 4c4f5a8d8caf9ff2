using System.Buffers;
using System.Text;

namespace OpenSdc.Server.Files;

/// <summary>
/// A growing buffer of bytes from the shared pool, written out and emptied again and again. It belongs to one request, which disposes it once; nobody else holds its memory.
/// </summary>
internal sealed class PooledBuffer(int size) : IDisposable
{
    private byte[] bytes = ArrayPool<byte>.Shared.Rent(size);

    public int Length { get; private set; }

    public void Write(ReadOnlySpan<byte> more)
    {
        if (bytes.Length - Length < more.Length)
            Grow(more.Length);
        more.CopyTo(bytes.AsSpan(Length));
        Length += more.Length;
    }

    public void Write(ReadOnlySpan<char> text)
    {
        var most = Encoding.UTF8.GetMaxByteCount(text.Length);
        if (bytes.Length - Length < most)
            Grow(most);
        Length += Encoding.UTF8.GetBytes(text, bytes.AsSpan(Length));
    }

    /// <summary>Sends all of it, a piece at a time: the web server holds no more than that beside it. The response copies it: when this returns, the buffer is the caller's again.</summary>
    public async ValueTask FlushToAsync(HttpContext context, Patience patience)
    {
        var sent = 0;
        do
        {
            var piece = bytes.AsSpan(sent, Math.Min(Length - sent, Patience.LargestFlush));
            context.Response.BodyWriter.Write(piece);
            sent += piece.Length;
            await patience.FlushAsync(context);
        }
        while (sent < Length);

        Length = 0;
    }

    /// <summary>
    /// As <see cref="FlushToAsync"/>, in the middle of a long answer. A client that takes everything at once never lets its flush wait, so that one listing would keep its thread to the end while
    /// others have not begun: where any work waits for a thread it goes first.
    /// </summary>
    public async ValueTask FlushAndGiveWayAsync(HttpContext context, Patience patience)
    {
        await FlushToAsync(context, patience);
        if (ThreadPool.PendingWorkItemCount > 0)
            await Task.Yield();
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref bytes, []) is { Length: > 0 } mine)
            ArrayPool<byte>.Shared.Return(mine);
    }

    private void Grow(int atLeast)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(bytes.Length * 2, Length + atLeast));
        bytes.AsSpan(0, Length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }
}
