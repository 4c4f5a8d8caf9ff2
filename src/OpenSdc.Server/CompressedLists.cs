using System.IO.Compression;
using Microsoft.AspNetCore.ResponseCompression;

namespace OpenSdc.Server;

/// <summary>
/// Lists are compressed where the request asks for it (<c>Accept-Encoding: br</c> or <c>gzip</c>), by the
/// framework's own middleware; a flush goes through the compressor, so that the first byte comes as soon as
/// without. Objects never are: their routes do not have the mark.
/// </summary>
internal static class CompressedLists
{
    /// <summary>Marks a route whose answers are lists.</summary>
    public static object Mark { get; } = new ListRoute();

    public static void Add(IServiceCollection services)
    {
        services.AddResponseCompression(options =>
        {
            // Nothing secret stands beside what a caller chooses: the attacks on compression under TLS have nothing to find.
            options.EnableForHttps = true;
            options.MimeTypes = ["application/json", "application/problem+json", "application/x-ndjson", "text/csv", "text/plain"];
            options.Providers.Add<BrotliCompressionProvider>();
            options.Providers.Add<GzipCompressionProvider>();
        });
        services.Configure<BrotliCompressionProviderOptions>(options => options.Level = CompressionLevel.Fastest);
        services.Configure<GzipCompressionProviderOptions>(options => options.Level = CompressionLevel.Fastest);
    }

    public static void Use(WebApplication app) =>
        app.UseWhen(static context => context.GetEndpoint()?.Metadata.GetMetadata<ListRoute>() is not null, static lists =>
        {
            lists.Use(VaryAsync);
            lists.UseResponseCompression();
        });

    // The framework says so only to requests that name an encoding, and a cache needs to know it of all.
    private static Task VaryAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.OnStarting(
            static context =>
            {
                var headers = ((HttpContext)context).Response.Headers;
                if (!headers.Vary.ToString().Contains("Accept-Encoding", StringComparison.OrdinalIgnoreCase))
                    headers.Vary = headers.Vary.Count > 0 ? $"{headers.Vary}, Accept-Encoding" : "Accept-Encoding";
                return Task.CompletedTask;
            },
            context);
        return next(context);
    }

    private sealed class ListRoute;
}
