using Microsoft.AspNetCore.Diagnostics;

namespace OpenSdc.Server;

/// <summary>The one handler that exceptions reach. What the web server found malformed keeps its status, a database that is away is 503; all else is an error of ours, which the framework has logged.</summary>
internal static class UnexpectedErrors
{
    public static Task AnswerAsync(HttpContext context)
    {
        var failure = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        context.Response.Headers.AccessControlAllowOrigin = "*";
        if (failure is not null && context.RequestServices.GetRequiredService<Catalogue.Catalogue>().IsAway(failure))
            return Problems.CatalogueAway.ExecuteAsync(context);
        var status = failure is BadHttpRequestException malformed ? malformed.StatusCode : 500;
        // The rest of such a body is not waited for.
        if (status == StatusCodes.Status408RequestTimeout)
            context.Response.Headers.Connection = "close";
        return Problems.OfStatus(status).ExecuteAsync(context);
    }
}
