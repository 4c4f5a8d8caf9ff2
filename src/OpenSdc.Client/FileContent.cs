using System.Buffers;
using System.Net;
using Microsoft.Win32.SafeHandles;

namespace OpenSdc.Client;

/// <summary>
/// A stretch of an open file as the body of a request. It may be sent by several requests at once, because it
/// reads by position.
/// </summary>
internal sealed class FileContent(SafeFileHandle file, long offset, long length, StallClock clock, Action<long> sent) : HttpContent
{
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        // Given back at the end of this method; nobody else has it.
        var buffer = ArrayPool<byte>.Shared.Rent(PartFile.BufferSize);
        try
        {
            for (var done = 0L; done < length;)
            {
                var count = await RandomAccess.ReadAsync(file, buffer.AsMemory(0, (int)Math.Min(buffer.Length, length - done)),
                    offset + done, cancellationToken);
                if (count == 0)
                    throw new FileChangedException();
                await stream.WriteAsync(buffer.AsMemory(0, count), cancellationToken);
                done += count;
                clock.Beat();
                sent(done);
            }

            clock.BeatForAnswer();
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    protected override bool TryComputeLength(out long size)
    {
        size = length;
        return true;
    }
}

/// <summary>A file became shorter while it was sent.</summary>
internal sealed class FileChangedException() : Exception("The file became shorter while it was sent.");
