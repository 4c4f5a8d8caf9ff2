namespace OpenSdc.Server;

/// <summary>
/// Takes repeated slashes before a route as one: a client joins its base address, which may end in a slash,
/// and a path that begins with one. Slashes inside what a route takes stay as they are, since they belong to
/// it, as in <c>/download/s3://bucket/…</c>.
/// </summary>
internal static class PathSlashes
{
    // Only what clients join with a base address; all other addresses exist in one spelling.
    private static readonly string[] Routes =
    [
        "/upload",
        "/uploads",
        "/query",
        "/coverage",
        "/facets",
        "/changes",
        "/download",
        SignedRoot,
    ];

    private static string SignedRoot => Objects.SignedUrls.Root.TrimEnd('/');

    public static Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var path = context.Request.Path.Value ?? "";
        if (path.Contains("//", StringComparison.Ordinal) && Joined(path) is { } joined)
            context.Request.Path = joined;
        return next(context);
    }

    /// <summary>The path with one slash before its prefix and its route; null where that is no route of these.</summary>
    public static string? Joined(string path)
    {
        foreach (var prefix in ServerApp.Prefixes)
        {
            var rest = "/" + path.TrimStart('/');
            if (prefix.Length > 0)
            {
                if (!IsSegment(rest, prefix))
                    continue;
                rest = "/" + rest[prefix.Length..].TrimStart('/');
            }

            if (Array.Exists(Routes, route => IsSegment(rest, route)))
                return prefix + rest;
        }

        return null;
    }

    private static bool IsSegment(string path, string start) =>
        path.StartsWith(start, StringComparison.OrdinalIgnoreCase) && (path.Length == start.Length || path[start.Length] == '/');
}
