using System.Data.Common;
using System.Net.Sockets;
using Amazon.Runtime;

namespace OpenSdc.Server.Uploads;

/// <summary>Classifies transient errors: a store, a database or a queue that is away, full, or refuses for now.</summary>
internal static class TransientErrors
{
    /// <summary>
    /// Whether a retry may succeed. Background work waits and retries then; any other error ends the process,
    /// for its supervisor to see.
    /// </summary>
    public static bool IsTransient(Exception failure) => failure
        is DbException or TimeoutException or IOException or UnauthorizedAccessException or SocketException
        or HttpRequestException or AmazonServiceException or AmazonClientException;
}
