using System.Net.Sockets;

namespace OpenSdc.Client;

/// <summary>
/// Makes a fault of HTTP of a bare fault of a socket: where a server goes away in the moment in which a
/// connection to it was made, the framework asks the socket for its other end and lets that exception
/// through.
/// </summary>
internal sealed class CutConnections : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (SocketException cut)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, cut.Message, cut);
        }
    }
}
