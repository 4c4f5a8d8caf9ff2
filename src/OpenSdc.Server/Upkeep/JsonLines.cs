using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OpenSdc.Server.Upkeep;

/// <summary>Files of one JSON object a line, to which lines are appended.</summary>
internal static class JsonLines
{
    private const int LongestLine = 1 << 20;

    /// <summary>
    /// The lines from the beginning. A last one that a crash cut short is left out, and the stream stands
    /// where it began, ready for the next.
    /// </summary>
    /// <exception cref="SettingException">The file is none of these.</exception>
    public static IEnumerable<T> Read<T>(Stream stream, JsonTypeInfo<T> type, string path)
    {
        var line = new List<byte>();
        var buffer = new byte[64 * 1024];
        long whole = 0;
        stream.Position = 0;
        while (stream.Read(buffer) is var read and > 0)
        {
            for (var rest = buffer.AsMemory(0, read); rest.Length > 0;)
            {
                var end = rest.Span.IndexOf((byte)'\n');
                line.AddRange(rest.Span[..(end < 0 ? rest.Length : end)]);
                if (line.Count > LongestLine)
                    throw new SettingException($"The file {path} is none that this command writes.");
                if (end < 0)
                    break;
                rest = rest[(end + 1)..];
                whole += line.Count + 1;
                yield return Parse([.. line], type, path);
                line.Clear();
            }
        }

        stream.Position = whole;
    }

    /// <summary>The lines from the end, in memory for one block and one line; a last one that a crash cut short is left out.</summary>
    /// <exception cref="SettingException">The file is none of these.</exception>
    public static IEnumerable<T> ReadBackwards<T>(Stream stream, JsonTypeInfo<T> type, string path)
    {
        byte[] rest = [];
        var isWhole = false;
        for (var at = stream.Length; at > 0;)
        {
            var block = new byte[Math.Min(at, 64 * 1024)];
            at -= block.Length;
            stream.Position = at;
            stream.ReadExactly(block);
            rest = [.. block, .. rest];
            var length = rest.Length;
            for (var end = rest.AsSpan(0, length).LastIndexOf((byte)'\n'); end >= 0; end = rest.AsSpan(0, length).LastIndexOf((byte)'\n'))
            {
                if (isWhole)
                    yield return Parse(rest[(end + 1)..length], type, path);
                isWhole = true;
                length = end;
            }

            rest = rest[..length];
            if (rest.Length > LongestLine)
                throw new SettingException($"The file {path} is none that this command writes.");
        }

        if (isWhole)
            yield return Parse(rest, type, path);
    }

    private static T Parse<T>(byte[] line, JsonTypeInfo<T> type, string path)
    {
        try
        {
            return JsonSerializer.Deserialize(line, type) ?? throw new JsonException();
        }
        catch (JsonException fault)
        {
            throw new SettingException($"The file {path} is none that this command writes.", fault);
        }
    }
}
