using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Timeout;

namespace OpenSdc.Client;

/// <summary>
/// The two HTTP clients. One asks the archive: with credentials, repeated after transient faults, each answer
/// read whole. The other moves bytes: without credentials, because signed URLs may lead to another host, and
/// without a limit of time, because files may be large.
/// </summary>
internal sealed class ApiConnection : IDisposable
{
    // Pieces of large files that are held at once, by all downloads together: 32 MiB at the most.
    private const int Places = 8;

    private readonly SemaphoreSlim places = new(Places);
    private readonly SdcClientOptions options;
    private readonly HttpClient api;
    private readonly string prefix;
    private bool givesNoUrls;

    public ApiConnection(SdcClientOptions options)
    {
        this.options = options;
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = options.Clock };
        if (options.MaxRetries > 0)
        {
            var usual = new HttpRetryStrategyOptions().ShouldHandle;
            pipeline.AddRetry(new HttpRetryStrategyOptions
            {
                ShouldHandle = each => ConnectionFault.IsOfTls(each.Outcome.Exception) ? ValueTask.FromResult(false) : usual(each),
                MaxRetryAttempts = options.MaxRetries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.RetryDelay,
                MaxDelay = options.MaxRetryDelay,
                // Null leaves the wait to the back-off.
                DelayGenerator = each => ValueTask.FromResult(each.Outcome.Result is { } answer ? Backoff.RetryAfter(answer, options)
                    : null),
            });
        }

        pipeline.AddTimeout(new HttpTimeoutStrategyOptions { Timeout = options.RequestTimeout });
        api = new HttpClient(
            new ResilienceHandler(pipeline.Build()) { InnerHandler = new BufferedAnswers { InnerHandler = Sockets(redirects: false) } }
        )
        {
            BaseAddress = new Uri(options.Address.GetLeftPart(UriPartial.Path).TrimEnd('/') + "/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
        Bytes = new HttpClient(Sockets(redirects: true)) { Timeout = Timeout.InfiniteTimeSpan };
        var agent = new ProductInfoHeaderValue("opensdc-client",
            typeof(ApiConnection).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? "0");
        api.DefaultRequestHeaders.UserAgent.Add(agent);
        Bytes.DefaultRequestHeaders.UserAgent.Add(agent);
        if (!string.IsNullOrEmpty(options.ApiKey))
            api.DefaultRequestHeaders.Add("x-api-key", options.ApiKey);
        if (!string.IsNullOrEmpty(options.AccessToken))
            api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.AccessToken);
        prefix = !string.IsNullOrEmpty(options.ApiKey) ? "api-key/"
            : !string.IsNullOrEmpty(options.AccessToken) || options.GetAccessToken is not null ? "authorized/" : "";
    }

    /// <summary>The client of signed URLs.</summary>
    public HttpClient Bytes { get; }

    /// <summary>Takes a place for a piece of a large file, if one is free.</summary>
    public bool TryTakePlace() => places.Wait(0);

    /// <summary>Gives back the place of a piece.</summary>
    public void GivePlaceBack() => places.Release();

    /// <summary>Whether the server has shown that it gives no lists of signed URLs.</summary>
    public bool GivesNoUrls
    {
        get => Volatile.Read(ref givesNoUrls);
        set => Volatile.Write(ref givesNoUrls, value);
    }

    /// <summary>
    /// Asks a route of the four steps, which authenticated callers reach under a prefix of their own.
    /// </summary>
    public Task<HttpResponseMessage> StepAsync(string target, string accept, CancellationToken cancel, string? reprDigest = null) =>
        SendAsync(HttpMethod.Get, prefix + target, null, accept, cancel, reprDigest);

    /// <summary>
    /// Asks the archive, and repeats what may pass. Any status is an answer, and its body is in memory.
    /// </summary>
    /// <exception cref="SdcException">There is no answer.</exception>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string target, HttpContent? content, string accept,
        CancellationToken cancel, string? reprDigest = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(target, UriKind.Relative)) { Content = content };
        request.Headers.TryAddWithoutValidation("Accept", accept);
        if (reprDigest is not null)
            request.Headers.TryAddWithoutValidation("Repr-Digest", reprDigest);
        if (options.GetAccessToken is { } get && await get(cancel) is { Length: > 0 } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            return await api.SendAsync(request, cancel);
        }
        catch (HttpRequestException failure)
        {
            throw new SdcException(SdcError.Unreachable,
                $"The archive at {options.Address.Authority} cannot be reached: {ConnectionFault.Sentence(failure)}", failure);
        }
        catch (TimeoutRejectedException failure)
        {
            throw new SdcException(SdcError.Unreachable,
                $"The archive at {options.Address.Authority} did not answer within {options.RequestTimeout.TotalSeconds:0} s.", failure);
        }
    }

    public void Dispose()
    {
        api.Dispose();
        Bytes.Dispose();
        places.Dispose();
    }

    private static CutConnections Sockets(bool redirects) => new()
    {
        InnerHandler = new SocketsHttpHandler
        {
            AllowAutoRedirect = redirects,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(15),
            PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        },
    };

    /// <summary>
    /// Reads each answer whole below the repetitions, so that one that breaks off is asked for again.
    /// </summary>
    private sealed class BufferedAnswers : DelegatingHandler
    {
        private const long Longest = 1L << 30;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var answer = await base.SendAsync(request, cancellationToken);
            try
            {
                await answer.Content.LoadIntoBufferAsync(Longest, cancellationToken);
                return answer;
            }
            catch
            {
                answer.Dispose();
                throw;
            }
        }
    }
}
