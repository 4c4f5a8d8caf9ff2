using System.Diagnostics;
using System.Globalization;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary>
/// Writes the requests of the process to standard error, as the runtime's HTTP client tells of them: each try, and
/// each step of a redirect. Headers are not told, and of a URL only what cannot be a signature.
/// </summary>
internal static class RequestTrace
{
    // Theirs are filters. Everywhere else a query may be a signature.
    private static readonly string[] WithFilters = ["/query", "/coverage"];

    public static void Start()
    {
        // The runtime hides every query; which of them is no secret is decided here.
        AppContext.SetSwitch("System.Net.Http.DisableUriRedaction", true);
        ActivitySource.AddActivityListener(
            new ActivityListener
            {
                ShouldListenTo = source => source.Name == "System.Net.Http",
                Sample = (ref _) => ActivitySamplingResult.AllData,
                ActivityStopped = request =>
                    Write(
                        request,
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $" {request.GetTagItem("http.response.status_code") ?? request.GetTagItem("error.type") ?? "cut"} {request.Duration.TotalMilliseconds:0} ms"
                        )
                    ),
            }
        );
    }

    private static void Write(Activity request, string answer)
    {
        // The tags of a request are set before it begins; without them it is no request of the client.
        if (request.GetTagItem("url.full") is string url)
            Console.Error.WriteLine(ShownText.Plain($"{request.GetTagItem("http.request.method")} {Shown(url)}{answer}"));
    }

    private static string Shown(string url) =>
        !Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? "?"
        : WithFilters.Any(route => parsed.AbsolutePath.EndsWith(route, StringComparison.Ordinal)) ? parsed.GetLeftPart(UriPartial.Query)
        : parsed.GetLeftPart(UriPartial.Path);
}
