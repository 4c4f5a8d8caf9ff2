using Microsoft.AspNetCore.Diagnostics;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server;

/// <summary>
/// The one handler that exceptions reach. What the web server found malformed keeps its status, a database or
/// a store that is away is 503, all else is an error of ours; both of these go to the log under the id that
/// the answer names, what is away in one short line: there may be thousands of such requests before it is
/// back.
/// </summary>
internal static partial class UnexpectedErrors
{
    public static Task AnswerAsync(HttpContext context)
    {
        var failure = context.Features.Get<IExceptionHandlerFeature>()?.Error;
        PublicAnswers.Set(context);
        if (failure is BadHttpRequestException malformed)
        {
            // The rest of such a body is not waited for.
            if (malformed.StatusCode == StatusCodes.Status408RequestTimeout)
                context.Response.Headers.Connection = "close";
            return Problems.OfStatus(malformed.StatusCode).ExecuteAsync(context);
        }

        // A store that refuses the archive's own credentials counts as unavailable.
        var isStoreUnavailable = failure is StoreUnavailableException or StoreRefusedException;
        if (isStoreUnavailable)
            context.RequestServices.GetRequiredService<StorageHealth>().ProbeNow();
        var unavailable = failure is null ? null
            : isStoreUnavailable ? Problems.StoreUnavailable
            : context.RequestServices.GetRequiredService<Catalogue.Catalogue>().IsUnavailable(failure) ? Problems.CatalogueUnavailable
            : null;
        if (unavailable is null)
            LogFailed(
                LoggerOf(context),
                failure,
                context.Request.Method,
                PathOf(context),
                RequestLog.Client(context),
                context.TraceIdentifier
            );
        else if (context.RequestServices.GetRequiredService<LineBudget>().Take())
            LogUnavailable(
                LoggerOf(context),
                context.Request.Method,
                PathOf(context),
                unavailable.Code,
                ShownText.Plain(failure!.Message),
                RequestLog.Client(context),
                context.TraceIdentifier
            );
        return (unavailable ?? Problems.OfStatus(500)).ExecuteAsync(context);
    }

    // Decoded, it may hold any character, and half a megabyte.
    private static string PathOf(HttpContext context) => ShownText.Plain(context.Request.Path.Value ?? "", longest: 200);

    private static ILogger LoggerOf(HttpContext context) =>
        context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(UnexpectedErrors));

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "{Method} {Path} is answered 503 ({Code}): {Reason}; client {Client}, request {RequestId}"
    )]
    private static partial void LogUnavailable(
        ILogger logger,
        string method,
        string path,
        string code,
        string reason,
        string client,
        string requestId
    );

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Path} failed; client {Client}, request {RequestId}")]
    private static partial void LogFailed(ILogger logger, Exception? failure, string method, string path, string client, string requestId);
}
