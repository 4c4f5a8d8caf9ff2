namespace OpenSdc.Server.Objects;

/// <summary>
/// An object of an S3 store, read by requests that each go on until the reader leaves them: reading from end to end
/// is one request. Each asks for the very bytes that were there when it was opened.
/// </summary>
internal sealed class S3Stored(S3Bucket bucket, string objectKey, S3Head head) : StoredObject
{
    private const int MostRetries = 3;

    // The request that the last read left, for whoever goes on where it stopped.
    private Going? going;

    /// <summary>One whose bytes are on their way already.</summary>
    public S3Stored(S3Bucket bucket, string objectKey, S3Head head, HttpResponseMessage bytes) : this(bucket, objectKey, head) =>
        (going, ContentEncoding, MediaType) = (new Going(bytes, bytes.Content.ReadAsStream(), 0), ContentEncodingOf(bytes), TypeOf(bytes));

    /// <summary>
    /// What whoever put it there has said that its bytes are coded with, such as <c>gzip</c>; null where nothing was
    /// said, or before the first byte is read.
    /// </summary>
    public string? ContentEncoding { get; private set; }

    /// <summary>The <c>Content-Type</c> that it was put there with; null where there was none, or before the first byte is read.</summary>
    public string? MediaType { get; private set; }

    public override long Length => head.Length;

    public override string? UploadId => head.Upload;

    public override string? RecordedSha256 => head.Sha256;

    public override DateTime Written => head.Written.UtcDateTime;

    public override async ValueTask<int> ReadAsync(long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        if (offset >= Length || buffer.Length == 0)
            return 0;
        for (var again = 0; ; again++)
        {
            try
            {
                return await ReadOnceAsync(offset, buffer, cancel);
            }
            catch (Exception failure) when (failure is StoreUnavailableException || S3Bucket.IsOfStore(failure, cancel))
            {
                // A request that goes on for hours meets a store's restarts; the next one begins where it broke off.
                if (again == MostRetries)
                    throw bucket.Translate(failure);
            }
        }
    }

    public override void Dispose() => Interlocked.Exchange(ref going, null)?.Dispose();

    private async ValueTask<int> ReadOnceAsync(long offset, Memory<byte> buffer, CancellationToken cancel)
    {
        var mine = Interlocked.Exchange(ref going, null);
        try
        {
            if (mine?.Offset != offset)
            {
                mine?.Dispose();
                mine = await OpenAsync(offset, cancel);
            }

            var read = await mine.ReadAsync(buffer, cancel);
            if (read == 0)
                throw new StoreUnavailableException($"The object store ended {objectKey} after {offset} of {Length} bytes.");
            // Another reader may have left one meanwhile: one of the two is enough.
            Interlocked.Exchange(ref going, mine)?.Dispose();
            return read;
        }
        catch
        {
            mine?.Dispose();
            throw;
        }
    }

    private async Task<Going> OpenAsync(long offset, CancellationToken cancel)
    {
        var answer = await bucket.Requests.GetAsync(objectKey, head.ETag, offset, cancel)
            ?? throw new ObjectChangedException($"The object {objectKey} was changed or removed while it was read.");
        (ContentEncoding, MediaType) = (ContentEncodingOf(answer), TypeOf(answer));
        return new Going(answer, await answer.Content.ReadAsStreamAsync(cancel), offset);
    }

    private static string? ContentEncodingOf(HttpResponseMessage answer) =>
        answer.Content.Headers.ContentEncoding.Where(each => !each.Equals("identity", StringComparison.OrdinalIgnoreCase)).ToList()
            is { Count: > 0 } codings
            ? string.Join(", ", codings)
            : null;

    private static string? TypeOf(HttpResponseMessage answer) =>
        answer.Content.Headers.NonValidated.TryGetValues("Content-Type", out var types) ? types.ToString() : null;

    private sealed class Going(HttpResponseMessage answer, Stream bytes, long offset) : IDisposable
    {
        public long Offset { get; private set; } = offset;

        public async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancel)
        {
            using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            timed.CancelAfter(S3Bucket.Shortly);
            var read = await bytes.ReadAsync(buffer, timed.Token);
            Offset += read;
            return read;
        }

        public void Dispose() => answer.Dispose();
    }
}

/// <summary>An object that was opened is not the same any more: someone has put other bytes into its place, or has removed it.</summary>
internal sealed class ObjectChangedException(string message) : IOException(message);
