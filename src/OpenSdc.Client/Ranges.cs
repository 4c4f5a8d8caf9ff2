using System.Net;
using System.Net.Http.Headers;

namespace OpenSdc.Client;

/// <summary>
/// The rest of a large file, fetched by several requests at once: faster where a network or a server limits each
/// connection. The pieces come in the order of the file, so that what is on the disk is always its beginning, as
/// with one request, and a download that breaks off goes on from there.
/// </summary>
/// <param name="api">Whose places for pieces are shared by all downloads of the client.</param>
/// <param name="url">Where the bytes are.</param>
/// <param name="tag">The tag of the file; a server that has another one sends no piece.</param>
/// <param name="from">Where the first piece begins.</param>
/// <param name="size">Size of the file.</param>
/// <param name="options">How many pieces at once.</param>
/// <param name="clock">Is told of all that moves, and ends all pieces.</param>
internal sealed class Ranges(
    ApiConnection api,
    Uri url,
    EntityTagHeaderValue tag,
    long from,
    long size,
    SdcClientOptions options,
    StallClock clock
) : IAsyncDisposable
{
    private const int LongestPiece = 4 << 20;
    private const int ShortestPiece = 64 << 10;

    private readonly CancellationTokenSource ended = CancellationTokenSource.CreateLinkedTokenSource(clock.Token);

    // In the order of the file. A buffer is its task's until that has ended, then the reader's until it asks for the
    // next piece, and then free for another task of this download. No other download ever has it.
    private readonly Queue<Piece> asked = new();
    private readonly Stack<byte[]> free = new();
    private long next = from;
    private Piece? current;

    /// <summary>Bytes of a piece: small beside the file, and few enough to hold several of them.</summary>
    public static int PieceSize(SdcClientOptions options) =>
        (int)Math.Clamp(options.RangesThreshold / 16, ShortestPiece, LongestPiece);

    /// <summary>The next piece, which holds until the next call; null at the end of the file.</summary>
    /// <exception cref="HttpRequestException">It did not come whole.</exception>
    public async Task<ReadOnlyMemory<byte>?> NextAsync()
    {
        GiveBack();
        while (next < size && asked.Count < options.RangesAtOnce && api.TryTakePlace())
            Ask(hasPlace: true);
        // Where other downloads have all places, one piece goes without.
        if (asked.Count == 0 && next < size)
            Ask(hasPlace: false);
        if (asked.Count == 0)
            return null;
        var buffer = await asked.Peek().Bytes;
        current = asked.Dequeue();
        return buffer.AsMemory(0, current.Length);
    }

    public async ValueTask DisposeAsync()
    {
        await ended.CancelAsync();
        GiveBack();
        while (asked.TryDequeue(out current))
        {
            // Whatever it ended with has been told by the piece before it, or nobody waits for it any more.
            await ((Task)current.Bytes).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            GiveBack();
        }

        ended.Dispose();
    }

    private void Ask(bool hasPlace)
    {
        var length = (int)Math.Min(PieceSize(options), size - next);
        var buffer = free.TryPop(out var used) ? used : new byte[PieceSize(options)];
        asked.Enqueue(new(FetchAsync(next, length, buffer), length, hasPlace));
        next += length;
    }

    private void GiveBack()
    {
        if (current is null)
            return;
        if (current.Bytes.IsCompletedSuccessfully)
            free.Push(current.Bytes.Result);
        if (current.HasPlace)
            api.GivePlaceBack();
        current = null;
    }

    private async Task<byte[]> FetchAsync(long start, int length, byte[] buffer)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, url);
        request.Headers.Range = new RangeHeaderValue(start, start + length - 1);
        request.Headers.IfRange = new RangeConditionHeaderValue(tag);
        using var answer = await api.Bytes.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, ended.Token);
        clock.Beat();
        var range = answer.Content.Headers.ContentRange;
        if (
            answer.StatusCode != HttpStatusCode.PartialContent
            || answer.Content.Headers.ContentEncoding.Count > 0
            || range?.From != start
            || range.To != start + length - 1
            || (range.Length is { } whole && whole != size)
        )
            throw new HttpRequestException($"a piece of the file was asked for, and the answer {(int)answer.StatusCode} is another");
        await using var body = await answer.Content.ReadAsStreamAsync(ended.Token);
        for (var filled = 0; filled < length; )
        {
            var count = await Download.ReadAsync(body, buffer.AsMemory(filled, length - filled), ended.Token);
            if (count == 0)
                throw new HttpRequestException($"a piece of the file ended after {filled} of {length} bytes");
            clock.Beat();
            filled += count;
        }

        return buffer;
    }

    private sealed record Piece(Task<byte[]> Bytes, int Length, bool HasPlace);
}
