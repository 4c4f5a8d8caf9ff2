using System.Net;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace OpenSdc.Server.Page;

/// <summary>
/// A problem as a page that a person can read, for requests that ask for HTML. It holds texts of the
/// caller's, all of them encoded, and no script.
/// </summary>
internal static class ErrorPage
{
    public const string Policy =
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <param name="problem">What went wrong.</param>
    /// <param name="root">The path of the archive's own page, with a slash at the end.</param>
    /// <param name="path">The path that was asked for: its last part may be the name of a file.</param>
    /// <param name="requestId">Finds the request in the log.</param>
    public static byte[] Of(Problem problem, string root, string path, string requestId)
    {
        var html = new StringBuilder(2048)
            .Append(
                "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            )
            .Append(
                $"<title>{Text(TitleOf(problem))}</title>\n<link rel=\"stylesheet\" href=\"{Text(root)}page/style.css\">\n<link rel=\"icon\" href=\"{Text(root)}page/icon.svg\">\n</head>\n<body>\n"
            )
            .Append($"<main class=\"errorpage\">\n<h1>{Text(TitleOf(problem))}</h1>\n<p>{Text(problem.Sentence)}</p>\n");
        if (problem.Errors.Count > 0)
            html.Append("<ul>").AppendJoin("", problem.Errors.Select(each => $"<li>{Text(each)}</li>")).Append("</ul>\n");
        html.Append($"<p><a class=\"button main\" href=\"{Text(root)}\">To the archive</a>");
        if (NameIn(path) is { } name)
            html.Append(
                $" <a class=\"button\" href=\"{Text(root)}#/file/{Text(Uri.EscapeDataString(name))}\">What the archive knows of {Text(ShownText.Of(name))}</a>"
            );
        return Encoding.UTF8.GetBytes(
            html.Append(
                    $"</p>\n<p class=\"quiet\">Status {problem.Status}, {Text(problem.Code)}, request {Text(requestId)}</p>\n</main>\n</body>\n</html>\n"
                )
                .ToString()
        );
    }

    private static string TitleOf(Problem problem) => (problem.Code, problem.Status) switch
    {
        ("bad-signature", _) => "This address is not valid, or not any more",
        ("no-route", _) => "There is nothing at this address",
        (_, 401) => "Sign in to see this",
        (_, 403) => "You may not do this",
        (_, 404) => "There is no such file",
        (_, 410) => "This file was withdrawn",
        (_, >= 500) => "The archive cannot answer now",
        _ => ReasonPhrases.GetReasonPhrase(problem.Status),
    };

    private static string? NameIn(string path)
    {
        var parts = path.Split('/');
        return parts.Contains("download") || parts.Contains("objects") ? parts[^1] is { Length: > 0 and < 256 } name ? name : null : null;
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
