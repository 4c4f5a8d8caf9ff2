using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace OpenSdc.Cli;

/// <summary>A line of a service that is said whatever the level of its log is, in the form of its log lines: one JSON object.</summary>
internal static class ServiceLine
{
    public static async Task WriteAsync(TextWriter output, TimeProvider clock, string message)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            json.WriteString("Timestamp", clock.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            json.WriteNumber("EventId", 0);
            json.WriteString("LogLevel", "Information");
            json.WriteString("Category", "OpenSdc.Cli.ServeCommand");
            json.WriteString("Message", message);
            json.WriteEndObject();
        }

        await output.WriteLineAsync(Encoding.UTF8.GetString(buffer.WrittenSpan));
        await output.FlushAsync();
    }
}
