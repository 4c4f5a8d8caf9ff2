using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace OpenSdc.Server;

/// <summary>
/// The log as text, a line each. The framework's own formatter writes what a message holds as it is, so that
/// a name in a bucket or a message of a database could begin a line of its own or send escapes to a terminal;
/// here such characters are replaced. The lines of a stack trace are joined by <c>|</c>.
/// </summary>
internal sealed class TextLogLines(TimeProvider clock) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "opensdc-text";

    public override void Write<TState>(in LogEntry<TState> entry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var message = entry.Formatter(entry.State, entry.Exception);
        textWriter.Write(clock.GetUtcNow().ToString("yyyy-MM-dd HH:mm:ss ", CultureInfo.InvariantCulture));
        textWriter.Write(LevelOf(entry.LogLevel));
        textWriter.Write(string.Create(CultureInfo.InvariantCulture, $": {entry.Category}[{entry.EventId.Id}] "));
        textWriter.Write(ShownText.Plain(message));
        if (entry.Exception is { } failure)
        {
            textWriter.Write(' ');
            textWriter.Write(ShownText.Plain(failure.ToString().ReplaceLineEndings(" | ")));
        }

        textWriter.Write('\n');
    }

    private static string LevelOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "trce",
        LogLevel.Debug => "dbug",
        LogLevel.Information => "info",
        LogLevel.Warning => "warn",
        LogLevel.Error => "fail",
        _ => "crit",
    };
}
