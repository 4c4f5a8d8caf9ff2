using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OpenSdc.Tests.Client;

/// <summary>What a <see cref="FaultyProxy"/> does to one exchange.</summary>
public abstract record Fault
{
    /// <summary>Nothing.</summary>
    public sealed record None : Fault;

    /// <summary>Cuts the connection after so many bytes of the answer's body.</summary>
    public sealed record Cut(long After) : Fault;

    /// <summary>Sends so many bytes of the answer's body, and then nothing, until the client goes.</summary>
    public sealed record Stall(long After) : Fault;

    /// <summary>Cuts the connection after so many bytes of the request's body.</summary>
    public sealed record CutRequest(long After) : Fault;

    /// <summary>Passes the request on, and cuts the connection instead of answering.</summary>
    public sealed record NoAnswer : Fault;

    /// <summary>Answers with a status.</summary>
    public sealed record Status(int Code, string? RetryAfter = null) : Fault;

    /// <summary>Says that the body is that much longer or shorter, and sends as many bytes as it says.</summary>
    public sealed record WrongLength(long By) : Fault;

    /// <summary>Turns one byte of the body.</summary>
    public sealed record WrongByte(long At) : Fault;

    /// <summary>Knows no ranges: answers with the whole.</summary>
    public sealed record NoRanges : Fault;

    /// <summary>Answers with another range than that which was asked for.</summary>
    public sealed record OtherRange : Fault;

    /// <summary>A server that speaks the founding document alone.</summary>
    public sealed record Founding : Fault;
}

/// <summary>
/// Stands between client and archive, and does what a bad network or a bad server does. Signed URLs lead
/// through it, because the archive takes its address from the request.
/// </summary>
public sealed class FaultyProxy : IAsyncDisposable
{
    private static readonly string[] FoundingParameters =
    [
        "instrument",
        "data_level",
        "descriptor",
        "start_date",
        "end_date",
        "version",
        "extension",
    ];
    private static readonly string[] NotPassedOn = ["Transfer-Encoding", "Connection", "Keep-Alive", "Server", "Date"];
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false });
    private readonly WebApplication app;

    private FaultyProxy(WebApplication app) => this.app = app;

    /// <summary>Where the archive is.</summary>
    public string Target { get; set; } = "";

    public Uri Address { get; private set; } = null!;

    /// <summary>Chooses the fault of each request; several requests may ask at once.</summary>
    public Func<HttpRequest, Fault> Choose { get; set; } = _ => new Fault.None();

    /// <summary>Whether credentials are kept from the archive, which refuses wrong ones.</summary>
    public bool DropsCredentials { get; init; }

    /// <summary>The requests that came, as method and path.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Path and query of each request.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Queries { get; } = new();

    /// <summary>The headers of each request, by its method and path.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<(string Request, IHeaderDictionary Headers)> Headers { get; } = new();

    public static async Task<FaultyProxy> StartAsync(string target, bool dropsCredentials = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(options => options.Limits.MaxRequestBodySize = null);
        var proxy = new FaultyProxy(builder.Build()) { Target = target, DropsCredentials = dropsCredentials };
        proxy.app.Run(proxy.PassAsync);
        await proxy.app.StartAsync();
        proxy.Address = new Uri(
            proxy.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()
        );
        return proxy;
    }

    /// <summary>Whether a request is for the bytes of a file.</summary>
    public static bool IsBytes(HttpRequest request) =>
        request.Method == "GET" && request.Path.StartsWithSegments("/objects", StringComparison.Ordinal);

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
        http.Dispose();
    }

    private async Task PassAsync(HttpContext context)
    {
        var fault = Choose(context.Request);
        Requests.Enqueue($"{context.Request.Method} {context.Request.Path}");
        Queries.Enqueue($"{context.Request.Path}{context.Request.QueryString}");
        Headers.Enqueue(
            (
                $"{context.Request.Method} {context.Request.Path}",
                new HeaderDictionary(context.Request.Headers.ToDictionary(StringComparer.OrdinalIgnoreCase))
            )
        );
        if (fault is Fault.Status status)
        {
            context.Response.StatusCode = status.Code;
            if (status.RetryAfter is { } wait)
                context.Response.Headers.RetryAfter = wait;
            return;
        }

        if (fault is Fault.Founding && await RefusedAsync(context))
            return;
        using var request = RequestOf(context, fault);
        try
        {
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, context.RequestAborted);
            if (fault is Fault.NoAnswer)
                context.Abort();
            else
                await AnswerAsync(context, answer, fault);
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException or OperationCanceledException)
        {
            context.Abort();
        }
    }

    /// <summary>What a server of the founding document does not know.</summary>
    private static async Task<bool> RefusedAsync(HttpContext context)
    {
        if (
            context.Request.Path == "/query"
            && context.Request.Query.Keys.FirstOrDefault(key => !FoundingParameters.Contains(key)) is { } unknown
        )
        {
            context.Response.StatusCode = 400;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(
                $$"""{"statusCode": 400, "headers": {"Content-Type": "application/json"}, "body": "{{unknown}} is not a valid query parameter. Valid query parameters are: {{string.Join(", ", FoundingParameters)}}"}"""
            );
            return true;
        }

        if (context.Request.Path.StartsWithSegments("/uploads", StringComparison.Ordinal) || context.Request.Path == "/coverage")
        {
            context.Response.StatusCode = 404;
            return true;
        }

        return false;
    }

    private HttpRequestMessage RequestOf(HttpContext context, Fault fault)
    {
        var request = new HttpRequestMessage(new HttpMethod(context.Request.Method), Target + context.Request.GetEncodedPathAndQuery());
        if (context.Request.ContentLength is not null || context.Request.Headers.TransferEncoding.Count > 0)
            request.Content = new StreamContent(
                fault is Fault.CutRequest cut ? new CutStream(context.Request.Body, cut.After, context) : context.Request.Body
            );
        foreach (var (name, values) in context.Request.Headers)
        {
            if (NotPassedOn.Contains(name) || (fault is Fault.NoRanges && name is "Range" or "If-Range") || name is "Expect")
                continue;
            if (fault is Fault.Founding && name == "Accept")
                continue;
            if (DropsCredentials && (name.Equals("x-api-key", StringComparison.OrdinalIgnoreCase) || name == "Authorization"))
                continue;
            if (!request.Headers.TryAddWithoutValidation(name, (string?[])values!))
                request.Content?.Headers.TryAddWithoutValidation(name, (string?[])values!);
        }

        if (fault is Fault.NoRanges)
        {
            request.Headers.Remove("Range");
            request.Headers.Remove("If-Range");
        }

        if (fault is Fault.OtherRange)
        {
            request.Headers.Remove("Range");
            request.Headers.TryAddWithoutValidation("Range", "bytes=1-");
        }

        if (fault is Fault.Founding)
            request.Headers.TryAddWithoutValidation("Accept", "application/json");
        return request;
    }

    private static async Task AnswerAsync(HttpContext context, HttpResponseMessage answer, Fault fault)
    {
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (!NotPassedOn.Contains(name) && !(fault is Fault.Founding && name.StartsWith("OpenSDC", StringComparison.OrdinalIgnoreCase)))
                context.Response.Headers[name] = values.ToArray();
        }

        if (context.Request.Method == "HEAD")
            return;
        var body = await answer.Content.ReadAsByteArrayAsync(context.RequestAborted);
        switch (fault)
        {
            case Fault.WrongLength wrong:
                body = wrong.By < 0 ? body[..(int)Math.Max(0, body.Length + wrong.By)] : [.. body, .. new byte[wrong.By]];
                context.Response.ContentLength = body.Length;
                break;
            case Fault.WrongByte wrong when wrong.At < body.Length:
                body[wrong.At] ^= 1;
                break;
            case Fault.NoRanges:
                context.Response.Headers.AcceptRanges = "none";
                break;
        }

        if (fault is Fault.Cut cut && cut.After < body.Length)
        {
            await context.Response.Body.WriteAsync(body.AsMemory(0, (int)cut.After));
            await context.Response.Body.FlushAsync();
            context.Abort();
            return;
        }

        if (fault is Fault.Stall stall && stall.After < body.Length)
        {
            await context.Response.Body.WriteAsync(body.AsMemory(0, (int)stall.After));
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }

        await context.Response.Body.WriteAsync(body);
    }

    /// <summary>A body that ends the connection after so many bytes.</summary>
    private sealed class CutStream(Stream inner, long after, HttpContext context) : Stream
    {
        private long read;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (read >= after)
            {
                context.Abort();
                throw new IOException("The proxy cuts the request.");
            }

            var count = await inner.ReadAsync(buffer[..(int)Math.Min(buffer.Length, after - read)], cancellationToken);
            read += count;
            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();
        public override void Flush() => throw new NotSupportedException();
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
