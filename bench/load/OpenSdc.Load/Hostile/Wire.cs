using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace OpenSdc.Load.Hostile;

/// <summary>One answer as it stood on the wire.</summary>
internal sealed record WireAnswer(int Status, string Head, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>The server ends the connection with it.</summary>
    public bool IsLast => Head.Contains("Connection: close", StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// A connection whose bytes the test writes and reads itself, so that no HTTP library hides an answer that
/// belongs to another request.
/// </summary>
internal sealed class Wire : IAsyncDisposable
{
    private const int LongestHead = 64 * 1024;

    // An answer that went to somebody else never comes.
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    private readonly Socket socket;
    private readonly Stream stream;
    private byte[] buffer = new byte[128 * 1024];
    private int from;
    private int to;

    private Wire(Socket socket, Stream stream)
    {
        this.socket = socket;
        this.stream = stream;
    }

    public static async Task<Wire> ConnectAsync(WireTarget target)
    {
        var made = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await made.ConnectAsync(target.Host, target.Port);
            var plain = new NetworkStream(made, ownsSocket: true);
            if (!target.IsTls)
                return new Wire(made, plain);
            var secured = new SslStream(plain, leaveInnerStreamOpen: false, (_, certificate, _, _) => certificate is not null);
            await secured.AuthenticateAsClientAsync(target.Name);
            return new Wire(made, secured);
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    public ValueTask WriteAsync(string requests) => stream.WriteAsync(Encoding.Latin1.GetBytes(requests));

    /// <summary>The next answer; null where the server has closed the connection.</summary>
    /// <exception cref="InvalidDataException">What comes is no answer.</exception>
    public async Task<WireAnswer?> ReadAsync()
    {
        int end;
        while ((end = buffer.AsSpan(from, to - from).IndexOf("\r\n\r\n"u8)) < 0)
        {
            if (to - from > LongestHead)
                throw new InvalidDataException($"no head: {Shown(from, to)}");
            if (await FillAsync())
                continue;
            return from == to ? null : throw new InvalidDataException($"the connection ended in a head: {Shown(from, to)}");
        }

        var head = Encoding.Latin1.GetString(buffer, from, end);
        from += end + 4;
        if (
            !head.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)
            || !int.TryParse(head.AsSpan(9, Math.Min(3, head.Length - 9)), CultureInfo.InvariantCulture, out var status)
        )
            throw new InvalidDataException($"no status line: {head}");
        var length = head.Split("\r\n")
            .FirstOrDefault(line => line.StartsWith("Content-Length: ", StringComparison.OrdinalIgnoreCase))
            ?[16..];
        if (!int.TryParse(length, CultureInfo.InvariantCulture, out var count))
            throw new InvalidDataException($"no length: {head}");
        while (to - from < count)
        {
            if (!await FillAsync())
                throw new InvalidDataException($"the connection ended in a body of {count} bytes: {head}");
        }

        var body = buffer.AsSpan(from, count).ToArray();
        from += count;
        return new WireAnswer(status, head, body);
    }

    /// <summary>The connection is to end by a reset, whatever was not sent or read yet.</summary>
    public void ResetOnDispose() => socket.LingerState = new LingerOption(enable: true, seconds: 0);

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async ValueTask<bool> FillAsync()
    {
        if (from > 0)
        {
            buffer.AsSpan(from, to - from).CopyTo(buffer);
            (from, to) = (0, to - from);
        }

        if (to == buffer.Length)
            Array.Resize(ref buffer, buffer.Length * 2);
        using var deadline = new CancellationTokenSource(LongestWait);
        try
        {
            var read = await stream.ReadAsync(buffer.AsMemory(to), deadline.Token);
            to += read;
            return read > 0;
        }
        catch (OperationCanceledException late)
        {
            throw new InvalidDataException($"nothing more came in {LongestWait.TotalSeconds} s; before it: {Shown(from, to)}", late);
        }
    }

    private string Shown(int start, int end) => Encoding.Latin1.GetString(buffer, start, Math.Min(200, end - start));
}

/// <summary>Where connections are made to, and by what name.</summary>
internal sealed record WireTarget(string Host, int Port, string Name, bool IsTls)
{
    public static WireTarget Of(Uri archive) => new(archive.Host, archive.Port, archive.Authority, IsTls: false);
}
