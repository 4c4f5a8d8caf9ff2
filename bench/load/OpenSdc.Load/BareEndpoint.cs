using System.Text;

namespace OpenSdc.Load;

/// <summary>
/// The peer of every route: what the web server alone answers on this machine, with a prepared JSON body of 200 bytes.
/// No logging, no middleware but routing, no serialization.
/// </summary>
internal static class BareEndpoint
{
    public static async Task<int> Run(Arguments options)
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls", options.Text("urls")]);
        builder.Logging.ClearProviders();
        var app = builder.Build();

        var body = Encoding.ASCII.GetBytes($$"""{"download_url":"{{new string('x', 181)}}"}""");
        if (body.Length != 200)
            throw new LoadFailedException($"The bare answer has {body.Length} bytes instead of 200");
        app.MapGet("/bare", (RequestDelegate)(context =>
        {
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = body.Length;
            return context.Response.Body.WriteAsync(body, 0, body.Length);
        }));
        await app.RunAsync();
        return 0;
    }
}
