using System.Data.Common;
using System.Net.Sockets;
using Amazon.Runtime;

namespace OpenSdc.Server.Uploads;

/// <summary>Tells what a store, a database or a queue throws that is away, full, or refuses for now, from what is an error of ours.</summary>
internal static class Trouble
{
    /// <summary>Whether the same may succeed later. What works beside the requests waits and tries again then; all else ends the process, for its supervisor to see.</summary>
    public static bool MayPass(Exception failure) => failure
        is DbException or TimeoutException or IOException or UnauthorizedAccessException or SocketException
        or HttpRequestException or AmazonServiceException or AmazonClientException;
}
