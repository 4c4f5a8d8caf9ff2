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
                ActivityStopped = Write,
            }
        );
    }

    private static void Write(Activity request)
    {
        // Without an address it is no request, such as the time that opening a connection took.
        if (request.GetTagItem("url.full") is not string url)
            return;
        var end = request.GetTagItem("http.response.status_code") ?? request.GetTagItem("error.type") ?? "cut";
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{request.GetTagItem("http.request.method")} {Shown(url)} {end} {request.Duration.TotalMilliseconds:0} ms"
        );
        Console.Error.WriteLine(ShownText.Plain(line));
    }

    private static string Shown(string url) =>
        !Uri.TryCreate(url, UriKind.Absolute, out var parsed) ? "?"
        : WithFilters.Any(route => parsed.AbsolutePath.EndsWith(route, StringComparison.Ordinal)) ? parsed.GetLeftPart(UriPartial.Query)
        : parsed.GetLeftPart(UriPartial.Path);
}
