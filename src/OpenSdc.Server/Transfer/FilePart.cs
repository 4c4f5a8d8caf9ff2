using System.Buffers;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Transfer;

/// <summary>A part of an open file on its way to a socket.</summary>
internal sealed class FilePart(SafeFileHandle file, long offset, int count)
{
    /// <summary>The largest part, in bytes.</summary>
    public const int Most = 1024 * 1024;

    // What is sent by hand where the system would have to wait for the socket.
    private const int Step = 64 * 1024;

    public int Count => count;

    /// <summary>Why the file's bytes could not be read; null where they could.</summary>
    public IOException? ReadFailure { get; private set; }

    /// <summary>Sends it all.</summary>
    /// <exception cref="FileNotSentException">The file could not be read, or the socket takes no more.</exception>
    public async ValueTask SendAsync(Socket socket, Action<int> sent, CancellationToken cancel)
    {
        for (var done = 0; done < count;)
        {
            var now = (int)Posix.SendFile(socket.SafeHandle, file, offset + done, count - done, out var error);
            if (now < 0)
            {
                now = error switch
                {
                    // The socket is full: the next bytes wait for it as all others do. Or this file system has no such call.
                    Posix.Again or Posix.Invalid or Posix.NotImplemented => await CopyAsync(socket, offset + done, count - done, cancel),
                    Posix.Interrupted => 0,
                    _ => throw NotSent(Posix.Failure(error, "send a file")),
                };
            }
            else if (now == 0)
            {
                throw NotSent(new EndOfStreamException($"the object ended after {offset + done} bytes"));
            }

            done += now;
            sent(now);
        }
    }

    private async ValueTask<int> CopyAsync(Socket socket, long at, int most, CancellationToken cancel)
    {
        var step = ArrayPool<byte>.Shared.Rent(Math.Min(Step, most));
        try
        {
            int read;
            try
            {
                read = RandomAccess.Read(file, step.AsSpan(0, Math.Min(step.Length, most)), at);
            }
            catch (IOException failure)
            {
                throw NotSent(failure);
            }

            if (read == 0)
                throw NotSent(new EndOfStreamException($"the object ended after {at} bytes"));
            for (var bytes = step.AsMemory(0, read); bytes.Length > 0;)
                bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancel)..];
            return read;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(step);
        }
    }

    private FileNotSentException NotSent(IOException failure)
    {
        if (failure is EndOfStreamException || Disk.IsReadError(failure))
            ReadFailure = failure;
        return new FileNotSentException(failure);
    }
}

/// <summary>A part of a file did not go out whole; the connection can only end.</summary>
internal sealed class FileNotSentException(IOException failure) : Exception(failure.Message, failure);
