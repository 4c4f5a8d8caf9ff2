using Microsoft.AspNetCore.Diagnostics;

namespace OpenSdc.Server;

/// <summary>The one handler that exceptions reach. What the web server found malformed keeps its status; all else is an error of ours, which the framework has logged.</summary>
internal static class UnexpectedErrors
{
    public static Task AnswerAsync(HttpContext context)
    {
        var failure = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        var status = failure is BadHttpRequestException malformed ? malformed.StatusCode : 500;
        // The rest of such a body is not waited for.
        if (status == StatusCodes.Status408RequestTimeout)
            context.Response.Headers.Connection = "close";
        context.Response.Headers.AccessControlAllowOrigin = "*";
        return Problems.OfStatus(status).ExecuteAsync(context);
    }
}
