using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;

namespace OpenSdc.Server.Access;

/// <summary>
/// How many requests an address, and a caller with credentials, may send: the web framework's token buckets,
/// each holding a minute's worth, so that a burst passes and a stream is held to its rate. Each process
/// counts for itself.
/// </summary>
internal static class RateLimits
{
    /// <summary>
    /// Buckets of addresses. Addresses share them by a hash of this process, so that any number of addresses
    /// takes no more memory than these.
    /// </summary>
    internal const int Slots = 1 << 16;

    private const int DefaultOfAddress = 30_000;
    private const int DefaultOfCaller = 60_000;

    // Of IPv6 a site has as many addresses as it likes; its network is what tells it apart.
    private const int NetworkBytes = 8;

    public static void Add(IServiceCollection services) => services.AddRateLimiter(_ => { });

    /// <summary>Before credentials are read, so that guessing them is limited too.</summary>
    public static void UseOfAddresses(WebApplication app, ServerOptions options)
    {
        var perMinute = options.RateLimitAddress ?? Default(options, DefaultOfAddress);
        if (perMinute == 0)
            return;
        var bucket = Bucket(perMinute);
        app.UseRateLimiter(Limiter(context => ListenAddresses.IsOnlyOperators(context) || IsHealth(context)
            ? RateLimitPartition.GetNoLimiter(-1)
            : RateLimitPartition.GetTokenBucketLimiter(SlotOf(context.Connection.RemoteIpAddress), _ => bucket)));
    }

    /// <summary>After credentials were read.</summary>
    public static void UseOfCallers(WebApplication app, ServerOptions options)
    {
        var perMinute = options.RateLimitCaller ?? Default(options, DefaultOfCaller);
        if (perMinute == 0)
            return;
        var bucket = Bucket(perMinute);
        // Only right credentials name a caller: there are no more buckets than keys and people.
        app.UseRateLimiter(Limiter(context => context.Caller() is { IsAnonymous: false } caller
            ? RateLimitPartition.GetTokenBucketLimiter(caller.Name, _ => bucket)
            : RateLimitPartition.GetNoLimiter("")));
    }

    /// <summary>None where only this machine reaches the archive: all its clients have one address, and are no strangers.</summary>
    private static int Default(ServerOptions options, int perMinute) => ListenAddresses.IsPrivate(options) ? 0 : perMinute;

    private static RateLimiterOptions Limiter<TKey>(Func<HttpContext, RateLimitPartition<TKey>> partition)
        where TKey : notnull => new()
        {
            GlobalLimiter = PartitionedRateLimiter.Create(partition),
            RejectionStatusCode = StatusCodes.Status429TooManyRequests,
            OnRejected = async (rejected, _) => await Problems.TooManyRequests(Seconds(rejected.Lease)).ExecuteAsync(rejected.HttpContext),
        };

    private static TokenBucketRateLimiterOptions Bucket(int perMinute)
    {
        var tokens = Math.Max(1, perMinute / 60);
        return new()
        {
            TokenLimit = perMinute,
            TokensPerPeriod = tokens,
            ReplenishmentPeriod = TimeSpan.FromMinutes(1) * tokens / perMinute,
            QueueLimit = 0,
        };
    }

    private static int Seconds(RateLimitLease lease) =>
        lease.TryGetMetadata(MetadataName.RetryAfter, out var wait) ? Math.Max(1, (int)Math.Ceiling(wait.TotalSeconds)) : 1;

    // A supervisor asks again and again, from one address for all.
    private static bool IsHealth(HttpContext context) =>
        (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText?.StartsWith("/health/", StringComparison.Ordinal) is true;

    internal static int SlotOf(IPAddress? address)
    {
        Span<byte> bytes = stackalloc byte[16];
        if (address is null || !(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).TryWriteBytes(bytes, out var length))
            return 0;
        var hash = default(HashCode);
        hash.AddBytes(bytes[..(length == 16 ? NetworkBytes : length)]);
        return hash.ToHashCode() & (Slots - 1);
    }
}
