using Scalar.AspNetCore;

namespace OpenSdc.Server.Description;

/// <summary>
/// The API's reference for people, at <c>/docs</c>: Scalar, from files inside the program. It must work on a
/// network without the internet, and must tell nobody who reads it, so whatever Scalar would fetch or send
/// elsewhere is off, and a policy makes the browser see to that.
/// </summary>
internal static class ReferencePage
{
    // 'unsafe-inline': Scalar starts from a script and styles in its page, which holds nothing of a caller's.
    private const string Policy =
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
        + "connect-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'";

    public static void Map(WebApplication app)
    {
        var page = app.MapScalarApiReference("/docs", options => options
            .WithTitle("OpenSDC: the API")
            .DisableDefaultFonts()      // fonts.scalar.com
            .DisableTelemetry()         // says when a request is tried
            .DisableAgent()             // a chat with a service elsewhere
            .DisableMcp()               // likewise
            .HideDeveloperTools()       // offers to publish the document elsewhere
            .HideClientButton()         // opens client.scalar.com
            .WithDynamicBaseServerUrl() // requests that are tried go where the page came from, below a proxy's path as well
            .ExpandAllTags()
            .WithDefaultHttpClient(ScalarTarget.Shell, ScalarClient.Curl));
        page.Add(endpoint =>
        {
            endpoint.Metadata.Add(new HttpMethodMetadata(["GET", "HEAD"]));
            // The page's scripts have tags.
            endpoint.Metadata.Add(HeldConditions.OfListing);
            endpoint.Metadata.Add(new Caching(PublicAnswers.AskedAgain));
            var next = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context =>
            {
                context.Response.Headers.ContentSecurityPolicy = Policy;
                return next(context);
            };
        });
    }
}
