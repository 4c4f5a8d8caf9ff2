using Microsoft.Extensions.Logging.Console;

namespace OpenSdc.Server;

/// <summary>
/// Where log lines go. As a service (<see cref="IsService"/>) everything is one JSON object a line on
/// standard output; for a person who started it in a terminal text goes to standard error, so that standard
/// output stays for what it says at start.
/// </summary>
internal static class Logs
{
    /// <summary>
    /// Whether log lines are JSON on standard output: where the setting says so, and by default where that is
    /// no terminal.
    /// </summary>
    public static bool IsService(ServerOptions options) =>
        options.LogFormat == "json" || (options.LogFormat == "auto" && Console.IsOutputRedirected);

    public static void Set(ILoggingBuilder logging, ServerOptions options)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(options.LogLevel);
        // The framework's own lines about every request would cost more than the request.
        logging.AddFilter("Microsoft", options.LogLevel > LogLevel.Warning ? options.LogLevel : LogLevel.Warning);
        // While anything listens here, the framework makes an activity and a log scope for each request, which our lines do not use.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // It knows no request id; UnexpectedErrors writes the same line with one.
        logging.AddFilter("Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware", LogLevel.None);
        // What keeps it from starting is told to the person who starts it, in one sentence; what ends it later is critical.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
        var isService = IsService(options);
        logging.AddConsole(console => console.LogToStandardErrorThreshold = isService ? LogLevel.None : LogLevel.Trace);
        if (isService)
            logging.AddJsonConsole(json => (json.UseUtcTimestamp, json.TimestampFormat) = (true, "yyyy-MM-ddTHH:mm:ss.fffZ"));
        else
            SetText(logging);
    }

    private static void SetText(ILoggingBuilder logging)
    {
        logging.Services.AddSingleton<ConsoleFormatter, TextLogLines>();
        logging.Services.Configure<ConsoleLoggerOptions>(console => console.FormatterName = TextLogLines.FormatterName);
    }
}
