using System.Net.Sockets;
using OpenSdc.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Client;

public sealed class CutConnectionsTests
{
    [Fact]
    public async Task A_bare_fault_of_a_socket_is_one_of_HTTP()
    {
        using var client = new HttpClient(new CutConnections { InnerHandler = new Cut() });

        var fault = await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync("http://127.0.0.1:1/"));

        fault.InnerException.ShouldBeOfType<SocketException>();
    }

    private sealed class Cut : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new SocketException((int)SocketError.NotConnected);
    }
}
