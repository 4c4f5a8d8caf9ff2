using System.Security.Cryptography;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;

namespace OpenSdc.Server.Page;

/// <summary>
/// The page of the archive: files inside the program, as they were written. At <c>/</c> for who asks for
/// HTML; its styles and modules below <c>/page/</c>. A policy makes the browser see to it that nothing comes
/// from elsewhere.
/// </summary>
internal static class PageFiles
{
    private const string Resources = "wwwroot/";

    private static readonly Dictionary<string, PageFile> Files = ReadAll();

    public static void Map(WebApplication app)
    {
        var index = new ArchiveIndex(
            app.Services.GetRequiredService<Mission>(),
            app.Services.GetRequiredService<ServerOptions>(),
            app.Services.GetRequiredService<AccessPolicy>()
        );
        var policy = PolicyOf(app.Services.GetRequiredService<ServerOptions>());
        app.MapMethods(
                "/",
                ["GET", "HEAD"],
                Results<PageFile, ContentHttpResult, Problem> (HttpContext context) =>
                {
                    // A path that climbs out of its route ends here, and is no question for the page.
                    if (Problems.OfClimbing(context) is { } climbs)
                        return climbs;
                    if (!Representation.AsksForHtml(context.Request.Headers.Accept))
                        return TypedResults.Text(index.JsonFor(context.Caller()), "application/json");
                    context.Response.Headers.ContentSecurityPolicy = policy;
                    return Files["index.html"];
                }
            )
            .WithMetadata(HeldConditions.OfListing, Needs.Nothing, new Caching(PublicAnswers.AskedAgain, Vary: "Accept"))
            .ExcludeFromDescription();
        app.MapMethods(
                "/page/{name}",
                ["GET", "HEAD"],
                Results<PageFile, Problem> (string name) => Files.TryGetValue(name, out var file) ? file : Problems.OfStatus(404)
            )
            .WithMetadata(HeldConditions.OfListing, new Caching(PublicAnswers.AskedAgain))
            .ExcludeFromDescription();
    }

    /// <summary>
    /// What the page may load and ask: this archive alone. Where signed URLs lead to another address, such as
    /// the store's, that one too; and the issuer, for tokens.
    /// </summary>
    private static string PolicyOf(ServerOptions options)
    {
        string?[] others =
        [
            options.PublicUrl?.GetLeftPart(UriPartial.Authority),
            options.Transfers == Transfers.Direct ? options.S3Endpoint?.GetLeftPart(UriPartial.Authority) : null,
        ];
        var bytes = string.Join(' ', others.OfType<string>().Prepend("'self'"));
        var issuer = options.OidcIssuer is null ? "" : " " + new Uri(options.OidcIssuer).GetLeftPart(UriPartial.Authority);
        return $"default-src 'self'; connect-src {bytes}{issuer}; img-src {bytes}; object-src 'none'; base-uri 'none'; form-action 'self'{issuer}; frame-ancestors 'none'";
    }

    private static Dictionary<string, PageFile> ReadAll()
    {
        var assembly = typeof(PageFiles).Assembly;
        var files = new Dictionary<string, PageFile>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames().Where(each => each.StartsWith(Resources, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            var name = resource[Resources.Length..];
            files.Add(
                name,
                new PageFile(bytes, TypeOf(name), new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..32]}\""))
            );
        }

        return files;
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"The page's file {name} has no content type for {other}."),
    };
}

/// <summary>One file of the page, with its tag.</summary>
internal sealed record PageFile(ReadOnlyMemory<byte> Bytes, string Type, EntityTagHeaderValue Tag) : IResult
{
    public Task ExecuteAsync(HttpContext context)
    {
        context.Response.Headers.XContentTypeOptions = "nosniff";
        // The framework's own answer: tag, 304, HEAD.
        return TypedResults.Bytes(Bytes, Type, entityTag: Tag).ExecuteAsync(context);
    }
}
