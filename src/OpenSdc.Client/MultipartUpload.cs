using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using OpenSdc.Contract;

namespace OpenSdc.Client;

/// <summary>
/// Sends a large file in parts, several at once. An upload of the same file that was begun before, also by
/// another process, goes on: the archive lists its open uploads with their digests.
/// </summary>
internal sealed class MultipartUpload(ApiConnection api, SdcClientOptions options, string name, long size, string sha256,
    SafeFileHandle file, Action<long> moved)
{
    private const int PartsAsked = 100;
    private readonly ConcurrentDictionary<int, long> sent = new();
    private readonly Backoff backoff = new(options);

    /// <summary>Runs to the end; null where the server knows no uploads in parts.</summary>
    public async Task<(UploadReceipt Receipt, bool WasThere)?> RunAsync(CancellationToken cancel)
    {
        var upload = await OpenAsync(cancel);
        if (upload is null)
        {
            var body = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(new UploadStart(name, size, sha256),
                ClientJson.Default.UploadStart));
            body.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var begun = await api.SendAsync(HttpMethod.Post, "uploads", body, "*/*", cancel);
            if (begun.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented)
                return null;
            // The single upload compares what is there.
            if (begun.StatusCode == HttpStatusCode.Conflict)
                return null;
            await Refusals.EnsureAsync(begun, $"{name} is not sent", cancel);
            upload = Upload.Parse(await begun.Content.ReadAsByteArrayAsync(cancel), ContractJson.Default.UploadStatus);
        }

        while (true)
        {
            await SendMissingAsync(upload, cancel);
            using var answer = await api.SendAsync(HttpMethod.Post, $"uploads/{Uri.EscapeDataString(upload.Id)}/complete?wait=30",
                new ByteArrayContent([]), "*/*", cancel);
            if (answer.StatusCode == HttpStatusCode.Accepted)
                continue;
            if (answer.IsSuccessStatusCode)
                return (Upload.Parse(await answer.Content.ReadAsByteArrayAsync(cancel), ContractJson.Default.UploadReceipt), false);
            var failure = await Refusals.ReadAsync(answer, $"{name} is not published", cancel);
            if (failure.Code != "parts-missing")
                throw failure.Code == "digest-mismatch" ? new SdcException(SdcError.Corrupt, failure.Message) { Status = failure.Status,
                    Code = failure.Code } : failure;
            await backoff.WaitAsync(failure, null, cancel);
        }
    }

    /// <summary>
    /// An upload of this very file that is open; null where there is none, or where the archive does not list
    /// them to this caller.
    /// </summary>
    private async Task<UploadStatus?> OpenAsync(CancellationToken cancel)
    {
        string? cursor = null;
        do
        {
            using var answer = await api.SendAsync(HttpMethod.Get,
                $"uploads?state=open&limit=1000{(cursor is null ? "" : "&cursor=" + Uri.EscapeDataString(cursor))}", null, "*/*", cancel);
            if (!answer.IsSuccessStatusCode)
                return null;
            UploadList list;
            try
            {
                list = JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(cancel), ContractJson.Default.UploadList)
                    ?? throw new JsonException();
            }
            catch (JsonException)
            {
                // Another server may have something else at this address.
                return null;
            }

            if (list.Uploads.FirstOrDefault(each => each.Sha256 == sha256 && each.Size == size
                && each.FilePath[(each.FilePath.LastIndexOf('/') + 1)..] == name) is { } open)
                return open;
            cursor = list.NextCursor;
        }
        while (cursor is not null);

        return null;
    }

    private async Task SendMissingAsync(UploadStatus upload, CancellationToken cancel)
    {
        for (var from = 1; from <= (upload.Parts ?? 1); from += PartsAsked)
        {
            using var answer = await api.SendAsync(HttpMethod.Get,
                $"uploads/{Uri.EscapeDataString(upload.Id)}/parts?from={from}&count={PartsAsked}", null, "*/*", cancel);
            // One that has all its parts is about to be published, or has been.
            if (answer.StatusCode == HttpStatusCode.Conflict)
                return;
            await Refusals.EnsureAsync(answer, $"{name} is not sent", cancel);
            var parts = Upload.Parse(await answer.Content.ReadAsByteArrayAsync(cancel), ContractJson.Default.PartList);
            foreach (var received in parts.Received)
                Count(received.Part, received.Size);
            // One that cannot be sent is asked for again with a new URL, until the parts are all there.
            await Parallel.ForEachAsync(
                parts.Urls, new ParallelOptions { MaxDegreeOfParallelism = options.PartsAtOnce, CancellationToken = cancel },
                    async (part, stop) => await SendAsync(part, stop));
        }
    }

    private async Task SendAsync(MissingPart part, CancellationToken cancel)
    {
        var again = new Backoff(options);
        while (true)
        {
            using var clock = new StallClock(options, cancel);
            string reason;
            TimeSpan? wait = null;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Put,
                    new Uri(part.Url)) { Content = new FileContent(file, part.Offset, part.Size, clock, done => Count(part.Part, done)) };
                using var answer = await api.Bytes.SendAsync(request, clock.Token);
                if (answer.IsSuccessStatusCode)
                    return;
                var failure = await Refusals.ReadAsync(answer, $"Part {part.Part} of {name} is not taken", cancel);
                // Complete says what is missing, and the next round has new URLs.
                if (answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Conflict)
                    return;
                if (!Backoff.IsTransient(answer.StatusCode) && failure.Code is not ("length-mismatch" or "digest-mismatch"))
                    throw failure;
                (reason, wait) = (failure.Message, Backoff.RetryAfter(answer, options));
            }
            catch (OperationCanceledException) when (clock.HasStalled && !cancel.IsCancellationRequested)
            {
                reason = clock.Sentence;
            }
            catch (HttpRequestException refused) when (ConnectionFault.IsOfTls(refused))
            {
                throw ConnectionFault.OfTls(refused, $"{name} could not be sent");
            }
            catch (HttpRequestException cut) when (cut.InnerException is not FileChangedException)
            {
                reason = $"The connection broke off: {cut.Message}";
            }

            Count(part.Part, 0);
            await again.WaitAsync(new SdcException(SdcError.Unreachable, $"{name} could not be sent. {reason}"), wait, cancel);
        }
    }

    private void Count(int part, long bytes)
    {
        sent[part] = bytes;
        moved(sent.Values.Sum());
    }
}
