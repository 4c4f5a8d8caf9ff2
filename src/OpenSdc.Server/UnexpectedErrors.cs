using Microsoft.AspNetCore.Diagnostics;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server;

/// <summary>
/// The one handler that exceptions reach. What the web server found malformed keeps its status, a database or a store that is away is 503, all else is an error of
/// ours; both of these go to the log under the id that the answer names.
/// </summary>
internal static partial class UnexpectedErrors
{
    public static Task AnswerAsync(HttpContext context)
    {
        var failure = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        context.Response.Headers.AccessControlAllowOrigin = "*";
        if (failure is BadHttpRequestException malformed)
        {
            // The rest of such a body is not waited for.
            if (malformed.StatusCode == StatusCodes.Status408RequestTimeout)
                context.Response.Headers.Connection = "close";
            return Problems.OfStatus(malformed.StatusCode).ExecuteAsync(context);
        }

        LogFailed(LoggerOf(context), failure, context.Request.Method, context.Request.Path, context.TraceIdentifier);
        if (failure is StoreAwayException)
        {
            context.RequestServices.GetRequiredService<StorageWatch>().Doubt();
            return Problems.StoreAway.ExecuteAsync(context);
        }

        var isAway = failure is not null && context.RequestServices.GetRequiredService<Catalogue.Catalogue>().IsAway(failure);
        return (isAway ? Problems.CatalogueAway : Problems.OfStatus(500)).ExecuteAsync(context);
    }

    private static ILogger LoggerOf(HttpContext context) => context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(UnexpectedErrors));

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed; request {RequestId}")]
    private static partial void LogFailed(ILogger logger, Exception? failure, string method, string path, string requestId);
}
