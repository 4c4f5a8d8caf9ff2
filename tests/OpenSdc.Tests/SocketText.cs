using System.Net.Sockets;
using System.Text;

namespace OpenSdc.Tests;

/// <summary>What a bare socket receives, as text.</summary>
internal static class SocketText
{
    /// <summary>All that comes until the connection ends, also by a reset; each byte is one character.</summary>
    public static async Task<string> ReadToEndAsync(this Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[64 * 1024];
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        try
        {
            while (await socket.ReceiveAsync(buffer, deadline.Token) is var count and > 0)
                text.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
        catch (SocketException)
        {
            // A reset is an end as well.
        }

        return text.ToString();
    }
}
