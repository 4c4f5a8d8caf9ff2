using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;
using Microsoft.Win32.SafeHandles;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Transfer;

/// <summary>
/// What a connection sends, straight to its socket: memory as it was written, and between it parts of files, which the system sends without copying them
/// into this process.
/// </summary>
/// <remarks>
/// <para>The web server's own output goes through a queue and another thread, so that nobody can tell when a byte has reached the socket, and a file could not be sent
/// in its place. Here a flush is done when the system has taken all bytes, in their order, whatever they are.</para>
/// <para>One exception: a short answer is left to a <see cref="SendQueue"/>, which sends those of many connections one after the other. A client on the same machine is then woken
/// once for several; with a call of each for itself a quarter fewer were answered. What comes after it waits for it.</para>
/// <para>Watch for: as every writer of a pipe, it is for one caller at a time. The web server keeps to that.</para>
/// </remarks>
internal sealed class SocketOutput(Socket socket, SendQueue queue) : PipeWriter, IDisposable
{
    // What may be left to the queue: an answer, but not a piece of a long one, for which a client that takes nothing would not be noticed.
    private const int Short = 16 * 1024;

    // One answer's headers and a short body; and what follows where that is not enough.
    private const int FirstBuffer = 4 * 1024;
    private const int NextBuffer = 64 * 1024;

    // Stands for bytes of a file where the web server counts what an answer has of its length. Nobody writes into it or reads from it.
    private static readonly byte[] Placeholder = GC.AllocateUninitializedArray<byte>(FilePart.Most);

    private readonly List<object> parts = []; // ArraySegment<byte> of a rented buffer, or FilePart
    private byte[] buffer = [];
    private int start; // of what is in the buffer and in no part
    private int used;
    private FilePart? offered;
    private bool canceled;
    private byte[] queued = []; // the buffer of a short answer that is in the queue or on its way
    private int queuedLength;
    private Task sending = Task.CompletedTask;
    private TaskCompletionSource? queuedSent;

    /// <summary>Bytes that the socket has taken so far, also of a flush that is under way.</summary>
    public long Sent { get; private set; }

    /// <summary>The socket takes no more.</summary>
    public bool IsBroken { get; private set; }

    public override bool CanGetUnflushedBytes => true;

    public override long UnflushedBytes => used - start + parts.Sum(part => part is FilePart file ? file.Count : ((ArraySegment<byte>)part).Count);

    /// <summary>
    /// Puts a part of a file in an answer's body, as if its bytes were written there. False where what is written to the body does not come out here as it is, as
    /// under TLS or HTTP/2: then nothing was done, and bytes must be written.
    /// </summary>
    /// <param name="body">The body of an answer that has a length and whose headers are written.</param>
    /// <param name="file">At most <see cref="FilePart.Most"/> bytes of a file that stays open until the next flush is done.</param>
    public bool TryWriteFile(PipeWriter body, FilePart file)
    {
        offered = file;
        var memory = body.GetMemory(file.Count);
        var isHere = offered is not null && Placeholder.AsMemory().Equals(memory);
        if (isHere)
            body.Advance(file.Count);
        offered = null;
        return isHere;
    }

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (offered is not null)
            return Placeholder;
        if (buffer.Length - used < Math.Max(sizeHint, 1))
            NextMemory(sizeHint);
        return buffer.AsMemory(used);
    }

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override void Advance(int bytes)
    {
        if (offered is { } file)
        {
            CloseMemory();
            parts.Add(file);
            return;
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)bytes, (uint)(buffer.Length - used), nameof(bytes));
        used += bytes;
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (parts.Count > 0 || used > Short || IsBroken || canceled || !sending.IsCompleted)
            return SendAllAsync(cancellationToken);
        if (used > 0)
        {
            (queued, queuedLength) = (buffer, used);
            (buffer, start, used) = ([], 0, 0);
            queuedSent = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            sending = queuedSent.Task;
            queue.Add(this);
        }

        return new(new FlushResult(isCanceled: false, isCompleted: false));
    }

    /// <summary>Sends the short answer that is in the queue.</summary>
    public void SendQueued()
    {
        var send = SendAsync(queued.AsMemory(0, queuedLength), CancellationToken.None);
        if (send.IsCompleted)
            EndQueued(send);
        else
            _ = WaitForQueuedAsync(send);
    }

    /// <summary>Sends all that was written, and waits until the socket has taken it.</summary>
    public async ValueTask<FlushResult> SendAllAsync(CancellationToken cancel)
    {
        await sending.WaitAsync(cancel);
        if (!IsBroken)
        {
            try
            {
                if (parts.Count == 0)
                    await SendAsync(buffer.AsMemory(start, used - start), cancel);
                else
                    await SendPartsAsync(cancel);
            }
            catch (Exception failure) when (IsEnd(failure))
            {
                // What a pipe's writer hears when nobody reads any more.
                IsBroken = true;
            }
            catch
            {
                // Stopped in the middle: what would come next is not what the client expects.
                IsBroken = true;
                throw;
            }
        }

        Release();
        var result = new FlushResult(canceled, IsBroken);
        canceled = false;
        return result;
    }

    /// <summary>The flush under way says so when it ends: what it has begun to send cannot be taken back.</summary>
    public override void CancelPendingFlush() => canceled = true;

    /// <summary>What is not flushed yet still will be, by the connection's end.</summary>
    public override void Complete(Exception? exception = null)
    {
        if (exception is not null)
            IsBroken = true;
    }

    public void Dispose() => Release();

    private async Task WaitForQueuedAsync(ValueTask send)
    {
        try
        {
            await send;
            EndQueued(ValueTask.CompletedTask);
        }
        catch (Exception failure)
        {
            EndQueued(ValueTask.FromException(failure));
        }
    }

    private void EndQueued(ValueTask send)
    {
        // Told by the next flush; that the connection is gone the web server learns from what it receives.
        if (!send.IsCompletedSuccessfully)
            IsBroken = true;
        ArrayPool<byte>.Shared.Return(queued);
        queued = [];
        queuedSent!.SetResult();
    }

    private static bool IsEnd(Exception failure) => failure is SocketException or ObjectDisposedException or FileNotSentException;

    private async ValueTask SendPartsAsync(CancellationToken cancel)
    {
        CloseMemory();
        for (var i = 0; i < parts.Count; i++)
        {
            if (parts[i] is FilePart file)
            {
                await file.SendAsync(socket, bytes => Sent += bytes, cancel);
                continue;
            }

            // All memory up to the next file in one call.
            var memory = new List<ArraySegment<byte>>();
            for (; i < parts.Count && parts[i] is ArraySegment<byte> segment; i++)
                memory.Add(segment);
            i--;
            if (memory.Count == 1)
                await SendAsync(memory[0], cancel);
            else
                Sent += await socket.SendAsync(memory, SocketFlags.None);
        }
    }

    private async ValueTask SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        while (bytes.Length > 0)
        {
            var sent = await socket.SendAsync(bytes, SocketFlags.None, cancel);
            Sent += sent;
            bytes = bytes[sent..];
        }
    }

    private void NextMemory(int sizeHint)
    {
        CloseMemory();
        var isFirst = parts.Count == 0;
        if (isFirst)
            Release();
        buffer = ArrayPool<byte>.Shared.Rent(Math.Max(sizeHint, isFirst ? FirstBuffer : NextBuffer));
        (start, used) = (0, 0);
    }

    private void CloseMemory()
    {
        if (used > start)
            parts.Add(new ArraySegment<byte>(buffer, start, used - start));
        start = used;
    }

    private void Release()
    {
        var last = buffer;
        foreach (var part in parts)
        {
            if (part is ArraySegment<byte> { Offset: 0, Array: { } array } && array != last)
                ArrayPool<byte>.Shared.Return(array);
        }

        parts.Clear();
        if (last.Length > 0)
            ArrayPool<byte>.Shared.Return(last);
        (buffer, start, used) = ([], 0, 0);
    }
}
