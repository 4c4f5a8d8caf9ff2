using System.Net;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;
using OpenSdc.Contract;

namespace OpenSdc.Client;

/// <summary>
/// Sends one file: asks for the signed URL, PUTs the bytes with their digest, and asks again after any fault. The
/// archive publishes a name once, so that a repetition is safe: what is there already with the same digest is a
/// success.
/// </summary>
internal sealed class Upload(ApiConnection api, SdcClientOptions options, string path, IProgress<TransferProgress>? progress)
{
    private const int MostCorrupt = 3;
    private const int MostPolls = 40;
    private const long AskFirst = 8 << 20;

    private readonly string name = Path.GetFileName(path);
    private readonly Backoff backoff = new(options);
    private string sha256 = "";
    private long size;
    private int corrupt;

    public async Task<UploadResult> RunAsync(CancellationToken cancel)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read,
            FileOptions.Asynchronous | FileOptions.SequentialScan);
        size = RandomAccess.GetLength(file);
        Report(TransferStep.Started, 0);
        while (true)
        {
            // Read again before each try: a file that changed in between is sent with its own digest, or not at
            // all.
            sha256 = await PartFile.DigestAsync(path, cancel);
            if (await TryAsync(file, cancel) is not { } result)
                continue;
            Report(result.Outcome == UploadOutcome.Published ? TransferStep.Done : TransferStep.Skipped, size);
            return result;
        }
    }

    private async Task<UploadResult?> TryAsync(SafeFileHandle file, CancellationToken cancel)
    {
        if (size >= options.MultipartThreshold && await new MultipartUpload(api, options, name, size, sha256, file,
            Moved).RunAsync(cancel) is { } inParts)
            return Received(inParts.Receipt, inParts.WasThere);
        var digest = $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(sha256))}:";
        // With the digest the archive says whether it has these bytes to a caller who may not read, too.
        using var asked = await api.StepAsync("upload/" + Uri.EscapeDataString(name), "*/*", cancel, digest);
        if (asked.StatusCode == HttpStatusCode.Conflict)
            return await ComparedAsync(await Refusals.ReadAsync(asked, $"{name} is not sent", cancel), cancel);
        await Refusals.EnsureAsync(asked, $"{name} is not sent", cancel);
        var url = UrlOf(await asked.Content.ReadAsByteArrayAsync(cancel));
        var id = asked.Headers.TryGetValues("OpenSDC-Upload-Id", out var ids) ? ids.First() : null;
        using var clock = new StallClock(options, cancel);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Put, url) { Content = new FileContent(file, 0, size, clock, Moved) };
            request.Content.Headers.TryAddWithoutValidation("Content-Digest", digest);
            // A server that refuses a large file may say so before it has been sent.
            request.Headers.ExpectContinue = size > AskFirst;
            using var answer = await api.Bytes.SendAsync(request, clock.Token);
            return answer.IsSuccessStatusCode
                ? await TakenAsync(await answer.Content.ReadAsByteArrayAsync(cancel), answer.StatusCode, id, cancel)
                : await RefusedAsync(answer, cancel);
        }
        catch (OperationCanceledException) when (clock.HasStalled && !cancel.IsCancellationRequested)
        {
            return await AgainAsync(clock.Sentence, cancel);
        }
        catch (HttpRequestException refused) when (ConnectionFault.IsOfTls(refused))
        {
            throw ConnectionFault.OfTls(refused, $"{name} could not be sent");
        }
        catch (HttpRequestException cut) when (cut.InnerException is not FileChangedException)
        {
            return await AgainAsync($"The connection broke off: {cut.Message}", cancel);
        }
        catch (Exception changed) when (changed is FileChangedException || changed.InnerException is FileChangedException)
        {
            throw new SdcException(SdcError.LocalFile, $"{path} became shorter while it was sent.", changed);
        }
    }

    private async Task<UploadResult?> TakenAsync(byte[] body, HttpStatusCode status, string? id, CancellationToken cancel)
    {
        if (body.Length > 0 && ReceiptOf(body) is { } receipt)
            return receipt.Sha256 == sha256 ? Received(receipt, status == HttpStatusCode.OK) : throw Differs();
        // A server that says no more than that it has taken the bytes.
        if (id is null)
            return new UploadResult(path, name, size, sha256, UploadOutcome.Published, null);
        for (var polls = 0; polls < MostPolls; polls++)
        {
            using var answer = await api.SendAsync(HttpMethod.Get, $"uploads/{Uri.EscapeDataString(id)}?wait=30", null, "*/*", cancel);
            await Refusals.EnsureAsync(answer, $"The archive does not tell of the upload of {name}", cancel);
            var upload = Parse(await answer.Content.ReadAsByteArrayAsync(cancel), ContractJson.Default.UploadStatus);
            switch (upload.State)
            {
                case "published" when upload.Receipt is { } published:
                    return published.Sha256 == sha256 ? Received(published, false) : throw Differs();
                case "refused":
                    throw new SdcException(SdcError.Conflict,
                        $"The archive refuses {name}. {upload.Problem?.Detail}") { Code = upload.Problem?.Type };
                case "aborted" or "expired":
                    return await AgainAsync($"The archive gave the upload up ({upload.State}).", cancel);
            }
        }

        return await AgainAsync("The archive does not publish what the store has taken.", cancel);
    }

    private async Task<UploadResult?> RefusedAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        var failure = await Refusals.ReadAsync(answer, $"{name} is not taken", cancel);
        switch (failure.Code)
        {
            // What arrived is not what was read: the line, or somebody who writes the file at the moment.
            case "digest-mismatch" or "length-mismatch" when ++corrupt < MostCorrupt:
                return await AgainAsync(failure.Message, cancel);
            case "digest-mismatch" or "length-mismatch":
                throw new SdcException(SdcError.Corrupt, failure.Message) { Status = failure.Status, Code = failure.Code };
        }

        if (answer.StatusCode == HttpStatusCode.Conflict)
            return await ComparedAsync(failure, cancel);
        // An expired URL, or a server that signs with another key since its start.
        if (!Backoff.IsTransient(answer.StatusCode) && answer.StatusCode != HttpStatusCode.Forbidden)
            throw failure;
        Report(TransferStep.Retrying, 0, failure.Message);
        await backoff.WaitAsync(failure, Backoff.RetryAfter(answer, options), cancel);
        return null;
    }

    /// <summary>The archive has the name already: a success where it has the same bytes.</summary>
    private async Task<UploadResult> ComparedAsync(SdcException conflict, CancellationToken cancel)
    {
        var there = conflict.ArchiveSha256;
        FileRecord? record = null;
        if (there is null)
        {
            await foreach (var each in new QueryPages(api, options).ReadAsync(new SdcQuery { FileName = name, Table = "*" }, cancel))
                record = each;
            there = record?.Sha256;
        }

        if (there == sha256)
            return new UploadResult(
                path,
                record?.FilePath ?? new RecordReader(options.Mission).Named(name).FilePath,
                size,
                sha256,
                UploadOutcome.AlreadyThere,
                record?.Seq
            );
        throw new SdcException(
            SdcError.Conflict,
            string.IsNullOrEmpty(there)
                ? conflict.Message
                : $"The archive has other bytes under the name {name}; a published file never changes, so give this one a new version."
        )
        {
            Status = conflict.Status,
            Code = conflict.Code,
        };
    }

    private async Task<UploadResult?> AgainAsync(string reason, CancellationToken cancel)
    {
        Report(TransferStep.Retrying, 0, reason);
        await backoff.WaitAsync(new SdcException(SdcError.Unreachable, $"{name} could not be sent. {reason}"), null, cancel);
        return null;
    }

    private UploadResult Received(UploadReceipt receipt, bool wasThere) =>
        new(path, receipt.FilePath, size, sha256, wasThere ? UploadOutcome.AlreadyThere : UploadOutcome.Published, receipt.Seq);

    private SdcException Differs() => new(SdcError.Corrupt, $"The archive has published other bytes than those of {name}.");

    private void Moved(long bytes) => Report(TransferStep.Moved, bytes);

    private void Report(TransferStep step, long bytes, string? reason = null) =>
        progress?.Report(new TransferProgress(name, step, bytes, size, reason));

    private static UploadReceipt? ReceiptOf(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, ContractJson.Default.UploadReceipt) is { Sha256: not null, FilePath: not null } receipt
                ? receipt : null;
        }
        catch (JsonException)
        {
            // A store answers in a form of its own.
            return null;
        }
    }

    /// <summary>The signed URL: a JSON string, the founding document's object, or bare text.</summary>
    private static Uri UrlOf(byte[] body)
    {
        var text = System.Text.Encoding.UTF8.GetString(body).Trim();
        try
        {
            if (text.StartsWith('"'))
                text = JsonElement.Parse(text).GetString();
            else if (text.StartsWith('{'))
                text = JsonElement.Parse(text).TryGetProperty("body", out var inner) ? inner.GetString()?.Trim('"') : null;
        }
        catch (JsonException)
        {
            text = null;
        }

        return Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" ? url
            : throw new SdcException(SdcError.BadAnswer, "The server's answer is not a signed URL; is the address that of an archive?");
    }

    internal static T Parse<T>(byte[] body, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize(body, type) ?? throw new JsonException();
        }
        catch (JsonException fault)
        {
            throw new SdcException(SdcError.BadAnswer, "The server's answer about an upload cannot be read.", fault);
        }
    }
}
