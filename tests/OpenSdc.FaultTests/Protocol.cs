namespace OpenSdc.FaultTests;

/// <summary>
/// The publish protocol as an order of calls. No test can pull the plug of the disk, but a trace can tell
/// whether every flush that an acknowledgement relies on had ended, and succeeded, before the answer left.
/// </summary>
internal static class Protocol
{
    /// <summary>Size of what begins a new log: written and flushed by itself, it holds no record.</summary>
    public const int LogHeader = 32;

    private const string Wal = "catalogue.sqlite-wal";

    /// <summary>
    /// Null where the last receipt that was sent for a key stood on flushed bytes, a flushed name and a
    /// flushed record; else what was missing.
    /// </summary>
    public static string? Violation(IReadOnlyList<TracedCall> trace, string key)
    {
        var answer = trace.LastOrDefault(call =>
            call.Kind == Call.Send && call.Text.Contains($"{{\"file_path\":\"{key}\",\"size\":", StringComparison.Ordinal)
        );
        if (answer == default)
            return $"no receipt for {key} was sent";
        var before = trace.Where(call => call.Begin < answer.Begin).ToList();
        var target = $"objects/{key}";
        var link = before.LastOrDefault(call =>
            call.Kind == Call.Link && call.Succeeded && call.Text.EndsWith($" -> {target}", StringComparison.Ordinal)
        );
        if (link == default)
            return $"{key} was never linked";
        if (before.Exists(call => call.Kind == Call.Unlink && call.Succeeded && call.Text == target && call.Begin > link.Begin))
            return $"{key} was removed after its last link";
        return Bytes(before, link) ?? Folders(before, link, target, answer, out var named) ?? Record(before, named, answer);
    }

    /// <summary>open(staging) &lt; every write &lt; flush &lt; link.</summary>
    private static string? Bytes(List<TracedCall> before, TracedCall link)
    {
        var staging = link.Text.Split(" -> ")[0];
        var opened = before.LastOrDefault(call => call.Kind == Call.Open && call.Text == staging && call.Begin < link.Begin);
        var own = before.Where(call => call.Text == staging && call.Begin > opened.Begin && call.Begin < link.Begin).ToList();
        var written = own.Where(call => call.Kind == Call.Write).Select(call => call.End).DefaultIfEmpty(0).Max();
        if (written == 0)
            return $"{staging} was linked without a write";
        if (!before.Exists(call => Flushes(call, staging) && call.Succeeded && call.Begin > written && call.End < link.Begin))
            return $"{staging} was linked before its flush had ended";
        // It may have failed over these bytes, and the next flush of them would succeed without writing anything.
        if (
            before.Exists(call =>
                call.Kind == Call.Flush
                && call.Text == Shim.FileSystem
                && !call.Succeeded
                && call.End > opened.Begin
                && call.End < link.Begin
            )
        )
            return $"{staging} was linked although a flush of the file system had failed since it was opened";
        return own.Exists(call => call.Kind is Call.Write or Call.Flush && !call.Succeeded)
            ? $"{staging} was linked although a write or flush of it had failed"
            : null;
    }

    /// <summary>link &lt; flush of its folder; each new folder &lt; flush of the one above it.</summary>
    private static string? Folders(List<TracedCall> before, TracedCall link, string target, TracedCall answer, out int named)
    {
        named = link.End;
        var folder = Path.GetDirectoryName(target)!;
        // The first flush after the link is the one that counts: one that is tried again after a failure may
        // succeed without writing anything. One without an end was never made, since the process ended before
        // it.
        var flush = before.Find(call => Flushes(call, folder) && call.Begin > link.End && call.End > 0);
        if (flush == default || !flush.Succeeded || flush.End > answer.Begin)
            return $"{target} was acknowledged without a flush of {folder} after its link ({(flush == default ? "none" : flush)})";
        named = flush.End;
        for (var at = folder; at.Length > "objects".Length; at = Path.GetDirectoryName(at)!)
        {
            var made = before.LastOrDefault(call => call.Kind == Call.Mkdir && call.Succeeded && call.Text == at);
            var above = Path.GetDirectoryName(at)!;
            if (made == default)
                continue;
            flush = before.Find(call => Flushes(call, above) && call.Succeeded && call.Begin > made.End);
            if (flush == default || flush.End > answer.Begin)
                return $"{target} was acknowledged without a flush of {above}, in which {at} is new";
            named = Math.Max(named, flush.End);
        }

        return null;
    }

    private static bool Flushes(TracedCall call, string what) =>
        call.Kind == Call.Flush && (call.Text == what || call.Text == Shim.FileSystem);

    /// <summary>Flushed name &lt; write to the log &lt; flush of the log &lt; answer.</summary>
    private static string? Record(List<TracedCall> before, int named, TracedCall answer)
    {
        var write = before.Find(call => call.Kind == Call.Write && call.Text == Wal && call.Size != LogHeader && call.Begin > named);
        if (write == default)
            return $"no record was written after the flush of the folder ({answer})";
        var flush = before.Find(call =>
            call.Kind == Call.Flush && call.Succeeded && call.Text == Wal && call.Begin > write.End && call.End < answer.Begin
        );
        return flush == default ? $"the answer left before the log was flushed ({answer})" : null;
    }
}
