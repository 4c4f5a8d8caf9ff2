using OpenSdc.Contract.Naming;

namespace OpenSdc.Client;

/// <summary>Settings of an <see cref="SdcClient"/>. They are read once, when the client is made.</summary>
public sealed record SdcClientOptions
{
    /// <summary>
    /// Address of the archive, an absolute <c>http</c> or <c>https</c> URL without query; it may have a path.
    /// Default: <c>http://127.0.0.1:8080</c>.
    /// </summary>
    public Uri Address { get; set; } = new("http://127.0.0.1:8080");

    /// <summary>
    /// API key, sent as <c>x-api-key</c> to <see cref="Address"/> only, never to the store of the bytes. Default:
    /// null, no key.
    /// </summary>
    public string? ApiKey { get; set; }

    /// <summary>
    /// Access token, sent as <c>Authorization: Bearer</c> to <see cref="Address"/> only. Default: null, no token.
    /// </summary>
    public string? AccessToken { get; set; }

    /// <summary>
    /// Gives the access token of each request, in place of <see cref="AccessToken"/>, where tokens end and are
    /// renewed; it may be called by several threads. Default: null.
    /// </summary>
    public Func<CancellationToken, ValueTask<string?>>? GetAccessToken { get; set; }

    /// <summary>
    /// How often a request is repeated after a transient fault (connection lost, 408, 429, 5xx), 0 or more. A
    /// transfer that makes progress begins to count anew. Default: 6.
    /// </summary>
    public int MaxRetries { get; set; } = 6;

    /// <summary>
    /// Wait before the first repetition; it doubles each time, with jitter. A server's <c>Retry-After</c> takes
    /// its place. Default: 500 ms.
    /// </summary>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Longest wait between two tries, also where the server's <c>Retry-After</c> says more. Default: 60 s.
    /// </summary>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Longest time of one try of a request that is no transfer, such as a page of a query. Default: 100 s.
    /// </summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(100);

    /// <summary>
    /// A transfer in which no byte moves for this long is cut off and tried again. There is no limit to a whole
    /// transfer. Default: 60 s.
    /// </summary>
    public TimeSpan StallTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Files of this size in bytes or more are uploaded in parts where the server can do that, so that an
    /// interrupted upload goes on. Default: 256 MiB.
    /// </summary>
    public long MultipartThreshold { get; set; } = 256L << 20;

    /// <summary>Parts of one file that are sent at the same time, 1 or more. Default: 4.</summary>
    public int PartsAtOnce { get; set; } = 4;

    /// <summary>
    /// Where at least so many bytes of a file are still to be fetched, and one connection is slow, several requests
    /// fetch pieces of it at the same time. Default: 64 MiB.
    /// </summary>
    public long RangesThreshold { get; set; } = 64L << 20;

    /// <summary>
    /// Bytes a second below which one connection counts as slow; as fast or faster, it fetches the whole file alone.
    /// Default: 100 MB/s, which is less than a gigabit network carries.
    /// </summary>
    public double RangesBelow { get; set; } = 100e6;

    /// <summary>
    /// Pieces of one file that are fetched at the same time, 1 or more; 1 fetches every file by one request. All
    /// downloads of a client together hold at most 8 pieces of 4 MiB beyond one each. Default: 4.
    /// </summary>
    public int RangesAtOnce { get; set; } = 4;

    /// <summary>Records that a page of a query holds, 1 to 10000. Default: 2000.</summary>
    public int PageSize { get; set; } = 2000;

    /// <summary>
    /// The mission whose naming conventions are used where a server says less of a file than its name, as one that
    /// only speaks the founding document. Default: IMAP.
    /// </summary>
    public Mission Mission { get; set; } = Mission.Imap;

    /// <summary>The clock of all waits. Default: the system's.</summary>
    public TimeProvider Clock { get; set; } = TimeProvider.System;
}
