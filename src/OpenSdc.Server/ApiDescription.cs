using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Description;

namespace OpenSdc.Server;

/// <summary>
/// The OpenAPI document: the routes as the code maps them, and beside each the words that code cannot say. The words lie in
/// <see cref="Operations"/>; what a request and an answer look like comes from the code that reads and writes them.
/// </summary>
internal static class ApiDescription
{
    private const string Text =
        """
        OpenSDC is an open science data archive. A file's journey has four steps: ask for a URL (`/upload`), send the bytes to it
        (`PUT`), find the file (`/query`), and fetch it (`/download`, which redirects to the bytes). A file is visible as soon as its
        `PUT` has answered 2xx, and it never changes afterwards.

        **Two representations.** `/upload`, `/query` and `/download` answer in one of two ways, and the request's `Accept` header
        chooses. Where it names `application/json` and holds neither a wildcard nor `text/html`, the answer is *documented*: an
        object `{"statusCode", "headers", "body"}`. In every other case (no header, `*/*`, a list with a wildcard) it is *plain*: the
        bare body, and for an error a problem of RFC 9457. The HTTP status always equals `statusCode`. These answers carry
        `Vary: Accept`. An archive may be set to one representation for all callers. A query may name a format besides; that answer is bare.

        **Authenticated calls.** Every route of the steps Upload, Query, Download and Bytes also exists below `/api-key/` and
        `/authorized/`, where it answers the same to whoever brings credentials; they are left out here, so that this document is not three
        times as long. An API key in the header `x-api-key`, or a token as `Authorization: Bearer`, is taken on all of them, and one that is
        wrong is an error on all of them. In an open archive everybody may read and upload without.

        **Errors.** An unknown or malformed value is a 400 that names the parameter, the value and what is allowed: never an empty
        list. The last part of a problem's `type` is a stable code. Its `requestId`, which the header `X-Request-Id` says in both representations, finds the request in the archive's log
        at the level `information` or finer, unless more than 100 were refused in that second; at any level it finds what failed by an error of the archive's own.

        Answers are UTF-8, and any origin may read them (CORS).
        """;

    public static void Add(IServiceCollection services)
    {
        // The document's schemas are made from the types that cross the wire, so they must name members as ContractJson does.
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ContractJson.Default);
            json.SerializerOptions.PropertyNamingPolicy = ContractJson.Default.Options.PropertyNamingPolicy;
            json.SerializerOptions.NumberHandling = ContractJson.Default.Options.NumberHandling;
        });
        services.AddHttpContextAccessor();
        services.AddOpenApi(
            "v1",
            options =>
            {
                options.ShouldInclude = route =>
                    !ServerApp.Prefixes.Any(prefix =>
                        prefix.Length > 0 && $"/{route.RelativePath}".StartsWith(prefix + "/", StringComparison.Ordinal)
                    );
                options.AddDocumentTransformer(DescribeAsync);
            }
        );
    }

    /// <summary>
    /// The public address where it is set, otherwise the root of wherever the document was asked for, below a
    /// proxy's path as well.
    /// </summary>
    private static string Server(IServiceProvider services) =>
        services.GetRequiredService<ServerOptions>().PublicUrl?.AbsoluteUri.TrimEnd('/')
        ?? (services.GetRequiredService<IHttpContextAccessor>().HttpContext?.Request.PathBase.Value is { Length: > 0 } below ? below : "/");

    private static async Task DescribeAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancel)
    {
        document.Info = new OpenApiInfo
        {
            Title = "OpenSDC",
            Version = ProgramVersion.Text,
            Description = Text,
            License = new OpenApiLicense { Name = "MIT", Identifier = "MIT" },
        };
        document.Servers = [new OpenApiServer { Url = Server(context.ApplicationServices), Description = "This archive" }];
        document.Tags = Operations.Tags.ToHashSet();

        foreach (
            var type in (Type[])[typeof(FileRecord), typeof(UploadReceipt), typeof(UploadStatus), typeof(PartList), typeof(UploadList)]
        )
            Shapes.Add(document, type.Name, await context.GetOrCreateSchemaAsync(type, cancellationToken: cancel));
        Shapes.AddTo(document);
        Credentials.AddTo(document);

        var needs = NeedsOf(context.ApplicationServices.GetRequiredService<EndpointDataSource>());
        var kernels = context.ApplicationServices.GetRequiredService<Mission>().Kernels;
        foreach (
            var words in Operations.All.Where(each =>
                !KernelOperations.All.Contains(each) || (kernels is not null && KernelOperations.IsOf(each, kernels))
            )
        )
        {
            // The metrics are served by a middleware, which no description of routes knows.
            if (!document.Paths.TryGetValue(words.Path, out var item))
                document.Paths[words.Path] = item = new OpenApiPathItem { Operations = [] };
            item.Operations![words.Method] = words.Describe(needs.GetValueOrDefault((words.Method.Method, words.Path)), document);
        }
    }

    /// <summary>What the routes need, by method and path as the description writes it.</summary>
    private static Dictionary<(string Method, string Path), Needs?> NeedsOf(EndpointDataSource routes) =>
        routes
            .Endpoints.OfType<RouteEndpoint>()
            .SelectMany(route =>
                (route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? []).Select(method =>
                    (
                        Key: (method, "/" + route.RoutePattern.RawText!.Replace("**", "", StringComparison.Ordinal).Trim('/')),
                        Needs: route.Metadata.GetMetadata<Needs>()
                    )
                )
            )
            .DistinctBy(each => each.Key)
            .ToDictionary(each => each.Key, each => each.Needs);
}
