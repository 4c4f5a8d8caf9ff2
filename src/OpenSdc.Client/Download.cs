using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using OpenSdc.Contract;

namespace OpenSdc.Client;

/// <summary>
/// Fetches one file: into <c>NAME.part</c> with the digest on the way, again from where it broke off, and under
/// its name only once size and SHA-256 are those of the record.
/// </summary>
internal sealed class Download(ApiConnection api, SdcClientOptions options, FileRecord record, string path,
    IProgress<TransferProgress>? progress, SignedUrls? urls = null)
{
    private const int MostCorrupt = 3;

    private readonly string name = Path.GetFileName(path);
    private readonly bool hasDigest = record.Sha256.Length == 64;
    private readonly Backoff backoff = new(options);
    private EntityTagHeaderValue? tag;
    private Uri? url;
    private SignedUrls? given = urls;
    private bool isFast;
    private long best;
    private int corrupt;

    // The size, where the record or an answer says it.
    private long size = record.Size;

    /// <summary>
    /// Runs to the end; the file is then at its path, and verified where the record has a digest.
    /// </summary>
    public async Task<string> RunAsync(CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var partPath = path + LocalPath.PartSuffix;
        // Without a digest nobody could tell whether what lies there is the beginning of this file.
        await using var part = await PartFile.OpenAsync(partPath, keep: hasDigest && size >= 0, size, cancel);
        // OpenSDC's tags are digests, so that a download may go on in another process.
        tag = hasDigest ? new EntityTagHeaderValue($"\"{record.Sha256}\"") : null;
        Report(TransferStep.Started, part.Length);
        var ended = false;
        try
        {
            while (!await TryAsync(part, cancel))
            {
            }

            part.Flush();
            Durable.Rename(partPath, path);
            ended = true;
            Report(TransferStep.Done, part.Length);
            return part.Sha256();
        }
        finally
        {
            // What may be the beginning of the file stays for the next download.
            if (!ended && (!hasDigest || part.Length == 0))
                File.Delete(partPath);
        }
    }

    private async Task<bool> TryAsync(PartFile part, CancellationToken cancel)
    {
        if (hasDigest && part.Length == size)
            return await IsRightAsync(part, cancel);
        using var clock = new StallClock(options, cancel);
        try
        {
            url ??= await UrlAsync(cancel);
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            // The first piece tells how fast one connection is.
            var inRanges = hasDigest && !isFast && options.RangesAtOnce > 1 && size - part.Length >= options.RangesThreshold;
            if (part.Length > 0 || inRanges)
            {
                request.Headers.Range = new RangeHeaderValue(
                    part.Length,
                    inRanges ? Math.Min(part.Length + Ranges.PieceSize(options), size) - 1 : null
                );
                if (tag is not null)
                    request.Headers.IfRange = new RangeConditionHeaderValue(tag);
            }

            using var answer = await api.Bytes.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, clock.Token);
            clock.Beat();
            if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
                return await RefusedAsync(part, answer, cancel);
            if (!Accepts(part, answer, request.Headers.Range is not null))
                return await WrongAsync(part, "The server's answer is not the rest of the file.", cancel);
            return await CopyAsync(part, answer, clock) && await IsRightAsync(part, cancel);
        }
        catch (OperationCanceledException) when (clock.HasStalled && !cancel.IsCancellationRequested)
        {
            return await AgainAsync(part, clock.Sentence, null, cancel);
        }
        catch (HttpRequestException refused) when (ConnectionFault.IsOfTls(refused))
        {
            throw ConnectionFault.OfTls(refused, $"{name} could not be fetched");
        }
        catch (HttpRequestException cut)
        {
            return await AgainAsync(part, $"The connection broke off: {cut.Message}", null, cancel);
        }
    }

    /// <summary>Whether an answer can be appended; empties the part where the answer is the whole file.</summary>
    private bool Accepts(PartFile part, HttpResponseMessage answer, bool askedForRange)
    {
        if (answer.Content.Headers.ContentEncoding.Count > 0)
            throw new SdcException(SdcError.BadAnswer, $"The server sends {name} compressed, which nobody asked for.");
        if (answer.StatusCode == HttpStatusCode.PartialContent)
        {
            var range = answer.Content.Headers.ContentRange;
            if (!askedForRange || range?.From != part.Length || (size >= 0 && range.Length is { } whole && whole != size))
                return false;
            return true;
        }

        if (part.Length > 0)
            part.Clear();
        Learn(answer);
        // An answer that ends with its connection cannot be told from one that was cut off, unless the record
        // says how long it is.
        if (size < 0 && answer.Content.Headers.ContentLength is null && answer.Headers.TransferEncodingChunked != true
            && answer.Version.Major == 1)
            throw new SdcException(SdcError.BadAnswer,
                $"The server does not say how long {name} is, so that nobody can tell whether it is complete.");
        if (record.Size >= 0 && answer.Content.Headers.ContentLength is { } length && length > record.Size)
            return false;
        return true;
    }

    private void Learn(HttpResponseMessage answer)
    {
        if (answer.Headers.ETag is { IsWeak: false } given)
            tag = given;
        else if (!hasDigest)
            tag = null;
        if (record.Size < 0)
            size = answer.Content.Headers.ContentLength ?? -1;
    }

    /// <summary>
    /// Appends the answer's body; where that is the first piece of the rest, and came slowly, the others too. False
    /// where the rest is still to be asked for.
    /// </summary>
    private async Task<bool> CopyAsync(PartFile part, HttpResponseMessage answer, StallClock clock)
    {
        var (began, before) = (options.Clock.GetTimestamp(), part.Length);
        await using var body = await answer.Content.ReadAsStreamAsync(clock.Token);
        var end = answer.Content.Headers.ContentRange?.To + 1 ?? size;
        var most = answer.StatusCode == HttpStatusCode.PartialContent ? end : record.Size;
        // Given back at the end of this method; nobody else has it.
        var buffer = ArrayPool<byte>.Shared.Rent(PartFile.BufferSize);
        try
        {
            for (int count; (count = await ReadAsync(body, buffer, clock.Token)) > 0;)
            {
                clock.Beat();
                if (most >= 0 && part.Length + count > most)
                    return await WrongAsync(part, "The server sends more bytes than the file has.", clock.Caller);
                Append(part, buffer.AsSpan(0, count));
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (part.Length == end && end < size && tag is not null)
        {
            isFast = part.Length - before >= options.RangesBelow * options.Clock.GetElapsedTime(began).TotalSeconds;
            if (isFast)
                return false;
            await using var rest = new Ranges(api, url!, tag, end, size, options, clock);
            while (await rest.NextAsync() is { } piece)
                Append(part, piece.Span);
        }

        if (size < 0)
            size = part.Length;
        return part.Length == size
            || await AgainAsync(part, $"The server's answer ended after {part.Length} of {size} bytes.", null, clock.Caller);
    }

    private void Append(PartFile part, ReadOnlySpan<byte> bytes)
    {
        part.Append(bytes);
        if (part.Length > best)
        {
            best = part.Length;
            backoff.Progressed();
        }

        Report(TransferStep.Moved, part.Length);
    }

    /// <summary>Reads of the network, whose failures are told from those of the disk.</summary>
    public static async ValueTask<int> ReadAsync(Stream body, Memory<byte> buffer, CancellationToken cancel)
    {
        try
        {
            return await body.ReadAsync(buffer, cancel);
        }
        catch (IOException cut)
        {
            throw new HttpRequestException(cut.Message, cut);
        }
    }

    private async Task<bool> IsRightAsync(PartFile part, CancellationToken cancel) =>
        !hasDigest || part.Sha256() == record.Sha256 || await WrongAsync(part, "The bytes do not have the SHA-256 of the record.", cancel);

    /// <summary>What came is not the file: begins anew, some times.</summary>
    private async Task<bool> WrongAsync(PartFile part, string reason, CancellationToken cancel)
    {
        part.Clear();
        (best, url) = (0, null);
        var failure = new SdcException(SdcError.Corrupt, $"{name} does not arrive as it was published. {reason}");
        if (++corrupt >= MostCorrupt)
            throw failure;
        Report(TransferStep.Retrying, 0, reason);
        await backoff.WaitAsync(failure, null, cancel);
        return false;
    }

    private async Task<bool> AgainAsync(PartFile part, string reason, TimeSpan? wait, CancellationToken cancel)
    {
        // Without a tag or a digest nobody could tell that the rest belongs to the same bytes.
        if (tag is null)
            part.Clear();
        Report(TransferStep.Retrying, part.Length, reason);
        await backoff.WaitAsync(new SdcException(SdcError.Unreachable, $"{name} could not be fetched. {reason}"), wait, cancel);
        return false;
    }

    private async Task<bool> RefusedAsync(PartFile part, HttpResponseMessage answer, CancellationToken cancel)
    {
        var failure = await Refusals.ReadAsync(answer, $"{name} cannot be fetched", cancel);
        switch (answer.StatusCode)
        {
            case HttpStatusCode.RequestedRangeNotSatisfiable:
                return await WrongAsync(part, "The server has fewer bytes than were fetched.", cancel);
            // The URL has expired, or the server has another key since its start.
            case HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden:
                url = null;
                Report(TransferStep.Retrying, part.Length, failure.Message);
                await backoff.WaitAsync(failure, null, cancel);
                return false;
            case var status when Backoff.IsTransient(status) && failure.Code is not ("lost" or "damaged"):
                Report(TransferStep.Retrying, part.Length, failure.Message);
                await backoff.WaitAsync(failure, Backoff.RetryAfter(answer, options), cancel);
                return false;
            default:
                throw failure.Code is "lost" or "damaged"
                    ? new SdcException(SdcError.NotFound, failure.Message) { Status = failure.Status, Code = failure.Code } : failure;
        }
    }

    /// <summary>The URL that was asked for together with others; once it does not serve, one of the file's own.</summary>
    private async Task<Uri> UrlAsync(CancellationToken cancel)
    {
        var asked = given is null ? null : await given.OfAsync(record, cancel);
        given = null;
        return asked ?? await AskAsync(cancel);
    }

    /// <summary>Asks for the signed URL of the bytes.</summary>
    private async Task<Uri> AskAsync(CancellationToken cancel)
    {
        using var answer = await api.StepAsync("download/" + string.Join('/', record.FilePath.Split('/').Select(Uri.EscapeDataString)),
            "*/*", cancel);
        if ((int)answer.StatusCode is >= 300 and < 400 && answer.Headers.Location is { } location)
        {
            var target = location.IsAbsoluteUri ? location : new Uri(options.Address, location);
            return target.Scheme is "http" or "https"
                ? target
                : throw new SdcException(SdcError.BadAnswer,
                    $"The server redirects to {target.Scheme}://, which an HTTP client cannot follow.");
        }

        throw answer.IsSuccessStatusCode
            ? new SdcException(SdcError.BadAnswer,
                $"The server does not redirect to the bytes of {name}; is the address that of an archive?")
            : await Refusals.ReadAsync(answer, $"{name} cannot be fetched", cancel);
    }

    private void Report(TransferStep step, long bytes, string? reason = null) =>
        progress?.Report(new TransferProgress(name, step, bytes, size, reason));
}
