using System.Buffers;
using System.IO.Pipelines;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>The bytes of a PUT on their way: hashed, counted, checked and staged in pieces, whatever they are of.</summary>
internal static class RequestBody
{
    // Large enough that a write and a hash cost more than the calls around them, small enough to stay in a core's cache.
    private const int BufferSize = 256 * 1024;

    /// <summary>Reads the body to its end through the hash and into staging; gives the refusal where it is not what was promised.</summary>
    public static async Task<Problem?> ReadAsync(
        HttpRequest request, RequestDigests digests, StagedObject? staged, StorageWatch.Room? room, Patience patience, long limit)
    {
        var cancel = request.HttpContext.RequestAborted;
        var body = request.BodyReader;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            long total = 0;
            var held = 0;
            for (var done = false; !done;)
            {
                ReadResult read;
                try
                {
                    read = await patience.ReadAsync(body, cancel);
                }
                catch (IOException failure) when (failure is not BadHttpRequestException)
                {
                    // The web server's word for chunks that make no sense; the disk's failures do not come from here.
                    return Problems.BodyCutShort;
                }

                done = read.IsCompleted;
                foreach (var segment in read.Buffer)
                {
                    for (var rest = segment; rest.Length > 0;)
                    {
                        var fits = Math.Min(rest.Length, BufferSize - held);
                        rest.Span[..fits].CopyTo(buffer.AsSpan(held));
                        (held, rest) = (held + fits, rest[fits..]);
                        if (held == BufferSize)
                            held = await TakeAsync(held);
                    }
                }

                total += read.Buffer.Length;
                body.AdvanceTo(read.Buffer.End);
                if (total > limit)
                    return Problems.TooLarge(limit);
                // Others fill the disk as well, and a chunked body does not say how long it will be.
                if (!done && room?.Refusal(BufferSize) is { } noRoom)
                    return noRoom;
            }

            await TakeAsync(held);
            return SurplusBytes.Refusal(request) ?? digests.Mismatch();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        async ValueTask<int> TakeAsync(int count)
        {
            digests.Append(buffer.AsSpan(0, count));
            if (staged is not null && count > 0)
            {
                await staged.WriteAsync(buffer.AsMemory(0, count), cancel);
                room!.Took(count);
            }

            return 0;
        }
    }
}
