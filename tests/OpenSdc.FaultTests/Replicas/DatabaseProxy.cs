using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Text;

namespace OpenSdc.FaultTests.Replicas;

/// <summary>
/// Stands between a server and PostgreSQL. A message here is all up to the point where the server awaits an
/// answer: a simple query, or what ends in Sync. Statements must come with their text, so the connection
/// string switches their preparation off.
/// </summary>
internal sealed class DatabaseProxy(Crossing crossing, int target) : Proxy(crossing, target)
{
    private const int Startup = 196608;

    protected override Task PassAsync(Stream client, Stream service, CancellationToken cancel)
    {
        // The answers that are due, in order; null is that to the start of the session.
        var due = new ConcurrentQueue<Message?>();
        return BothAsync(token => AskAsync(client, service, due, token), token => AnswerAsync(service, client, due, token), cancel);
    }

    private async Task AskAsync(Stream client, Stream service, ConcurrentQueue<Message?> due, CancellationToken cancel)
    {
        // A request to cancel a statement comes by a connection of its own and has no answer.
        var first = await ReadAsync(client, typed: false, cancel);
        if (BinaryPrimitives.ReadInt32BigEndian(first.AsSpan(4)) == Startup)
            due.Enqueue(null);
        await service.WriteAsync(first, cancel);

        using var unit = new MemoryStream();
        var texts = new List<string>();
        var before = "";
        while (true)
        {
            var frame = await ReadAsync(client, typed: true, cancel);
            unit.Write(frame);
            if (frame[0] == (byte)'P')
                texts.Add(TextAt(frame, Array.IndexOf(frame, (byte)0, 5) + 1));
            else if (frame[0] == (byte)'Q')
                texts.Add(TextAt(frame, 5));
            if (frame[0] is not ((byte)'Q' or (byte)'S' or (byte)'X'))
                continue;
            if (frame[0] != (byte)'X')
            {
                var text = string.Join("; ", texts);
                var isEnd = text.StartsWith("COMMIT", StringComparison.Ordinal) || text.StartsWith("ROLLBACK", StringComparison.Ordinal);
                var message = Crossing.Note(isEnd ? $"{text} after {before}" : text);
                if (!isEnd)
                    before = text;
                texts.Clear();
                if (Crossing.IsArmed(message, after: false) && !await Crossing.FireAsync())
                    return;
                due.Enqueue(message);
            }

            await service.WriteAsync(unit.GetBuffer().AsMemory(0, (int)unit.Length), cancel);
            unit.SetLength(0);
        }
    }

    private async Task AnswerAsync(Stream service, Stream client, ConcurrentQueue<Message?> due, CancellationToken cancel)
    {
        using var answer = new MemoryStream();
        while (true)
        {
            byte[] frame;
            try
            {
                frame = await ReadAsync(service, typed: true, cancel);
            }
            catch (EndOfStreamException)
            {
                // It may have said why it ends the session.
                await client.WriteAsync(answer.GetBuffer().AsMemory(0, (int)answer.Length), cancel);
                return;
            }

            answer.Write(frame);
            if (frame[0] != (byte)'Z')
                continue;
            if (due.TryDequeue(out var message) && message is not null)
            {
                // Inside a transaction nothing lasts that its end does not make last.
                if (frame[5] == (byte)'I' && !IsReading(message.Text))
                    Crossing.Changed(message);
                if (Crossing.IsArmed(message, after: true) && !await Crossing.FireAsync())
                    return;
            }

            await client.WriteAsync(answer.GetBuffer().AsMemory(0, (int)answer.Length), cancel);
            answer.SetLength(0);
        }
    }

    private static bool IsReading(string text) =>
        text.StartsWith("SELECT", StringComparison.Ordinal)
        || text.StartsWith("SET", StringComparison.Ordinal)
        || text.StartsWith("ROLLBACK", StringComparison.Ordinal)
        || text.Length == 0;

    private static string TextAt(byte[] frame, int start)
    {
        var text = Encoding.UTF8.GetString(frame, start, Array.IndexOf(frame, (byte)0, start) - start);
        return string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>One message of the protocol; the first of a connection has no type.</summary>
    private static async Task<byte[]> ReadAsync(Stream from, bool typed, CancellationToken cancel)
    {
        var header = new byte[typed ? 5 : 4];
        await from.ReadExactlyAsync(header, cancel);
        var length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(header.Length - 4));
        var frame = new byte[header.Length + length - 4];
        header.CopyTo(frame, 0);
        await from.ReadExactlyAsync(frame.AsMemory(header.Length), cancel);
        return frame;
    }
}
