namespace OpenSdc.Server;

/// <summary>
/// What every answer carries: any origin may read it. The framework's CORS middleware speaks only to requests with an
/// Origin header; the contract promises the header on every public answer.
/// </summary>
internal static class PublicAnswers
{
    public static Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = "*";
        if (!HttpMethods.IsOptions(context.Request.Method))
        {
            if (context.Request.Headers.Origin.Count > 0)
                headers.AccessControlExposeHeaders = "ETag, Link, OpenSDC-Count, OpenSDC-Seq, OpenSDC-History, Location, Content-Disposition, Content-Range, Accept-Ranges, Retry-After, X-Request-Id, OpenSDC-Upload-Id";
            return next(context);
        }

        headers.AccessControlAllowMethods = "GET, HEAD, PUT, POST, DELETE, OPTIONS";
        headers.AccessControlAllowHeaders = context.Request.Headers.AccessControlRequestHeaders.Count > 0
            ? context.Request.Headers.AccessControlRequestHeaders
            : "*";
        headers.AccessControlMaxAge = "86400";
        headers.Vary = "Access-Control-Request-Headers";
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }
}
