using System.Globalization;
using System.Text;

namespace OpenSdc.FaultTests.Replicas;

/// <summary>
/// Stands between a server and the S3 gateway. A message here is a request: its method, what it is about, and
/// the parameters that say which kind it is. A body is passed on as it comes.
/// </summary>
internal sealed class StoreProxy(Crossing crossing, int target, string bucket) : Proxy(crossing, target)
{
    private const int LongestHead = 64 * 1024;

    private static readonly byte[] HeadEnd = "\r\n\r\n"u8.ToArray();

    public Uri Address => new($"http://127.0.0.1:{Port.ToString(CultureInfo.InvariantCulture)}");

    protected override Task PassAsync(Stream client, Stream service, CancellationToken cancel)
    {
        var current = new Current();
        return BothAsync(token => AskAsync(client, service, current, token), token => AnswerAsync(service, client, current, token), cancel);
    }

    private async Task AskAsync(Stream client, Stream service, Current current, CancellationToken cancel)
    {
        var buffer = new byte[LongestHead];
        var filled = 0;
        while (true)
        {
            int end;
            while ((end = buffer.AsSpan(0, filled).IndexOf(HeadEnd)) < 0)
            {
                var read = await client.ReadAsync(buffer.AsMemory(filled), cancel);
                if (read == 0)
                    return;
                filled += read;
            }

            end += HeadEnd.Length;
            var head = Encoding.ASCII.GetString(buffer, 0, end);
            var left = Length(head);
            var message = Crossing.Note(Describe(head));
            if (!head.StartsWith("GET", StringComparison.Ordinal) && !head.StartsWith("HEAD", StringComparison.Ordinal))
                Crossing.Changed(message);
            if (Crossing.IsArmed(message, after: false) && !await Crossing.FireAsync())
                return;
            current.Set(message, isHead: head.StartsWith("HEAD", StringComparison.Ordinal));
            await service.WriteAsync(buffer.AsMemory(0, end), cancel);
            var early = (int)Math.Min(left, filled - end);
            await service.WriteAsync(buffer.AsMemory(end, early), cancel);
            left -= early;
            filled -= end + early;
            buffer.AsSpan(end + early, filled).CopyTo(buffer);
            for (int read; left > 0; left -= read)
            {
                read = await client.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancel);
                if (read == 0)
                    return;
                await service.WriteAsync(buffer.AsMemory(0, read), cancel);
            }
        }
    }

    private async Task AnswerAsync(Stream service, Stream client, Current current, CancellationToken cancel)
    {
        var buffer = new byte[LongestHead];
        using var held = new MemoryStream();
        int read;
        while ((read = await service.ReadAsync(buffer, cancel)) > 0)
        {
            var (message, isHead) = current.Get();
            if (!Crossing.IsArmed(message, after: true))
            {
                await client.WriteAsync(buffer.AsMemory(0, read), cancel);
                continue;
            }

            held.Write(buffer, 0, read);
            var text = Encoding.Latin1.GetString(held.GetBuffer(), 0, (int)held.Length);
            // Not an answer yet, but the word to go on.
            if (
                text.StartsWith("HTTP/1.1 100", StringComparison.Ordinal)
                && text.IndexOf("\r\n\r\n", StringComparison.Ordinal) is >= 0 and var interim
            )
            {
                await client.WriteAsync(held.GetBuffer().AsMemory(0, interim + 4), cancel);
                text = text[(interim + 4)..];
                held.SetLength(0);
                held.Write(Encoding.Latin1.GetBytes(text));
            }

            if (!IsWhole(text, isHead))
                continue;
            if (!await Crossing.FireAsync())
                return;
            await client.WriteAsync(held.GetBuffer().AsMemory(0, (int)held.Length), cancel);
            held.SetLength(0);
        }
    }

    private static bool IsWhole(string answer, bool isHead)
    {
        if (answer.IndexOf("\r\n\r\n", StringComparison.Ordinal) is not (>= 0 and var end))
            return false;
        var head = answer[..end];
        if (isHead || head.Contains(" 204 ", StringComparison.Ordinal) || head.Contains(" 304 ", StringComparison.Ordinal))
            return true;
        return head.Contains("chunked", StringComparison.OrdinalIgnoreCase)
            ? answer.EndsWith("0\r\n\r\n", StringComparison.Ordinal)
            : answer.Length - end - 4 >= Length(head + "\r\n");
    }

    private static long Length(string head)
    {
        const string Name = "\r\nContent-Length:";
        var at = head.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return 0;
        var start = at + Name.Length;
        return long.Parse(head.AsSpan(start, head.IndexOf('\r', start) - start).Trim(), CultureInfo.InvariantCulture);
    }

    /// <summary>The same for the same step of any upload: names and ids are left out.</summary>
    private string Describe(string head)
    {
        var line = head[..head.IndexOf('\r', StringComparison.Ordinal)].Split(' ');
        var (path, query) = line[1].Split('?', 2) is [var left, var right] ? (left, right) : (line[1], "");
        var about = path.TrimEnd('/') == "/" + bucket ? "the bucket"
            : path.Contains("/.staging/try-", StringComparison.Ordinal) ? "the trial"
            : path.Contains("/.staging/", StringComparison.Ordinal) ? "staging"
            : "the key";
        var kinds = query
            .Split('&')
            .Select(each => each.Split('='))
            .Where(each => each[0].Length > 0 && !each[0].StartsWith("X-Amz-", StringComparison.OrdinalIgnoreCase) && each[0] != "x-id")
            .Select(each => each[0] == "partNumber" ? string.Join('=', each) : each[0])
            .Order(StringComparer.Ordinal);
        return string.Join(
            ' ',
            (
                (string[])
                    [line[0], about, head.Contains("\r\nx-amz-copy-source:", StringComparison.OrdinalIgnoreCase) ? "(copy)" : "", .. kinds]
            ).Where(each => each.Length > 0)
        );
    }

    /// <summary>The request that awaits its answer on one connection.</summary>
    private sealed class Current
    {
        private readonly Lock gate = new();
        private (Message? Message, bool IsHead) value;

        public void Set(Message message, bool isHead)
        {
            lock (gate)
                value = (message, isHead);
        }

        public (Message? Message, bool IsHead) Get()
        {
            lock (gate)
                return value;
        }
    }
}
