using System.Globalization;
using System.Net;
using System.Xml;

namespace OpenSdc.Server.Objects;

/// <summary>
/// The requests that are sent for every file, HEAD, GET, and the copy or the PUT of a small one, by signed URLs and a
/// plain HTTP client: through the AWS library each takes several times the processor's time, which a check of fifty
/// thousand small objects spends on little else.
/// </summary>
internal sealed class S3Requests(S3Bucket bucket) : IDisposable
{
    private const int Lifetime = 300;
    private const int MostRetries = 2;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);

    // By the machine's own time, as every other request: the store compares it with its own.
    private readonly Lazy<S3Signature> signature = new(() => bucket.MakeSignature(TimeProvider.System));
    private readonly HttpClient client = ClientOf(connections: 256);

    // Each is as slow as the client that sends the bytes, so that short requests must not wait for them.
    private readonly HttpClient streams = ClientOf(connections: 512);

    /// <summary>What the store knows of an object; null where it says that there is none.</summary>
    public async Task<S3Head?> HeadAsync(string objectKey, CancellationToken cancel)
    {
        using var answer = await SendAsync(HttpMethod.Head, objectKey, [], _ => { }, cancel);
        return answer.StatusCode == HttpStatusCode.NotFound ? null : HeadOf(answer, objectKey);
    }

    /// <summary>
    /// Opens an object from its beginning, whatever bytes it has; null where there is none. Leaving it unread costs a
    /// connection at most.
    /// </summary>
    public async Task<(S3Head Head, HttpResponseMessage Bytes)?> OpenAsync(string objectKey, CancellationToken cancel)
    {
        var answer = await SendAsync(HttpMethod.Get, objectKey, [], _ => { }, cancel);
        if (answer.StatusCode == HttpStatusCode.OK)
            return (HeadOf(answer, objectKey), answer);
        answer.Dispose();
        return null;
    }

    /// <summary>Opens an object's bytes from an offset on, the very ones of a tag; null where they are not there any more.</summary>
    public async Task<HttpResponseMessage?> GetAsync(string objectKey, string tag, long offset, CancellationToken cancel)
    {
        var answer = await SendAsync(HttpMethod.Get, objectKey, [], request =>
        {
            request.Headers.TryAddWithoutValidation("If-Match", tag);
            if (offset > 0)
                request.Headers.TryAddWithoutValidation("Range", string.Create(CultureInfo.InvariantCulture, $"bytes={offset}-"));
        }, cancel);
        if (answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.PartialContent)
            return answer;
        answer.Dispose();
        return null;
    }

    /// <summary>
    /// Copies an object, the very bytes of a tag, and gives the tag of the copy. Null where the store says anything
    /// else than that it is done: what that is, is the library's to find out, which knows the store's errors by their
    /// names.
    /// </summary>
    public async Task<string?> CopyAsync(string from, string tag, string to, ObjectNotes notes, CancellationToken cancel)
    {
        var source = $"/{bucket.Name}/{string.Join('/', from.Split('/').Select(Uri.EscapeDataString))}";
        (string Name, string Value)[] headers =
            [("x-amz-copy-source", source), ("x-amz-copy-source-if-match", tag), .. notes.Marks, ("x-amz-metadata-directive", "REPLACE")];
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timed.CancelAfter(S3Bucket.ForBytes);
        try
        {
            using var answer = await SendAsync(HttpMethod.Put, to, headers, request =>
            {
                request.Content = new ByteArrayContent([]);
                request.Content.Headers.TryAddWithoutValidation("Content-Type", notes.ContentType);
            }, timed.Token);
            return answer.IsSuccessStatusCode ? TagIn(await answer.Content.ReadAsStringAsync(timed.Token)) : null;
        }
        catch (Exception refusal) when (refusal is ObjectRefusedException or UnauthorizedAccessException)
        {
            return null;
        }
        catch (Exception failure) when (S3Bucket.IsOfStore(failure, cancel))
        {
            throw bucket.Translate(failure);
        }
    }

    /// <summary>
    /// Puts bytes that are in memory, and gives their tag; null where the condition failed. There are stores that do
    /// not heed the condition.
    /// </summary>
    public async Task<string?> PutAsync(S3PutTarget target, ReadOnlyMemory<byte> bytes, CancellationToken cancel)
    {
        using var answer = await SendAsync(
            HttpMethod.Put,
            target.ObjectKey,
            Signed(target),
            request => Prepare(request, target, new ReadOnlyMemoryContent(bytes)),
            cancel,
            target.Query
        );
        return ETagOfPut(answer, target);
    }

    /// <summary>
    /// Sends one PUT whose body is written while it goes on: it is not tried again. The answer is for
    /// <see cref="ETagOfPut"/>.
    /// </summary>
    public async Task<HttpResponseMessage> StreamAsync(S3PutTarget target, HttpContent content, CancellationToken cancel)
    {
        var signed = Signed(target);
        using var request = new HttpRequestMessage(
            HttpMethod.Put,
            signature.Value.Sign("PUT", target.ObjectKey, Lifetime, target.Query, signed)
        );
        foreach (var (name, value) in signed)
            request.Headers.TryAddWithoutValidation(name, value);
        Prepare(request, target, content);
        // A store that refuses says so before it is sent a gigabyte.
        request.Headers.ExpectContinue = true;
        return await streams.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
    }

    /// <summary>The tag of what was put; null where the condition failed.</summary>
    /// <exception cref="IOException">The store did not take it.</exception>
    public string? ETagOfPut(HttpResponseMessage answer, S3PutTarget target) =>
        answer.StatusCode switch
        {
            HttpStatusCode.OK => S3Bucket.ETagOf(Value(answer, "ETag") ?? ""),
            HttpStatusCode.PreconditionFailed => null,
            // Of an object it can only mean the bucket; of a part, that its upload has ended.
            HttpStatusCode.NotFound when target.Notes is null => throw new ObjectRefusedException(
                $"The object store knows no multipart upload of {target.ObjectKey}."
            ),
            HttpStatusCode.NotFound => throw new StoreUnavailableException($"The bucket {bucket.Name} is not there."),
            HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized => throw new StoreRefusedException(
                $"The object store does not permit PUT of {target.ObjectKey}."
            ),
            var status => throw new StoreUnavailableException($"The object store answered {(int)status} to PUT of {target.ObjectKey}."),
        };

    public void Dispose()
    {
        client.Dispose();
        streams.Dispose();
    }

    private static (string Name, string Value)[] Signed(S3PutTarget target) => [.. target.Notes?.Marks ?? []];

    private static void Prepare(HttpRequestMessage request, S3PutTarget target, HttpContent content)
    {
        if (target.IsNew)
            request.Headers.TryAddWithoutValidation("If-None-Match", "*");
        request.Content = content;
        if (target.Notes is { } notes)
            content.Headers.TryAddWithoutValidation("Content-Type", notes.ContentType);
    }

    private static HttpClient ClientOf(int connections) => new(new SocketsHttpHandler
    {
        ConnectTimeout = S3Bucket.ToConnect,
        MaxConnectionsPerServer = connections,
        // A store's name may lead to another address later; and one that closes idle connections does so after a minute.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
        AllowAutoRedirect = false,
        UseCookies = false,
    })
    { Timeout = Timeout.InfiniteTimeSpan };

    // A store that has begun its answer may still tell of a failure in it.
    private static string? TagIn(string result)
    {
        try
        {
            using var reader = XmlReader.Create(new StringReader(result));
            while (reader.Read())
            {
                if (reader is { NodeType: XmlNodeType.Element, LocalName: "ETag" })
                    return S3Bucket.ETagOf(reader.ReadElementContentAsString());
            }

            return null;
        }
        catch (XmlException)
        {
            return null;
        }
    }

    private static S3Head HeadOf(HttpResponseMessage answer, string objectKey)
    {
        var content = answer.Content.Headers;
        return new S3Head(
            content.ContentLength ?? throw new StoreUnavailableException($"The object store does not say how long {objectKey} is."),
            S3Bucket.ETagOf(Value(answer, "ETag") ?? ""),
            content.LastModified ?? default,
            Value(answer, S3Bucket.UploadMark),
            Value(answer, S3Bucket.DigestMark),
            content.ContentType?.ToString() ?? "application/octet-stream"
        );
    }

    private static string? Value(HttpResponseMessage answer, string header) =>
        answer.Headers.TryGetValues(header, out var values) ? values.First() : null;

    /// <summary>An answer that says something of the object: that it is there, that it is not, or that it is another.</summary>
    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string objectKey,
        IReadOnlyList<(string Name, string Value)> signed,
        Action<HttpRequestMessage> prepare,
        CancellationToken cancel,
        string query = ""
    )
    {
        using var timed = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timed.CancelAfter(S3Bucket.Shortly);
        for (var again = 0; ; again++)
        {
            try
            {
                using var request = new HttpRequestMessage(method, signature.Value.Sign(method.Method, objectKey, Lifetime, query, signed));
                foreach (var (name, value) in signed)
                    request.Headers.TryAddWithoutValidation(name, value);
                prepare(request);
                var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, timed.Token);
                if (answer.IsSuccessStatusCode || answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.PreconditionFailed)
                    return answer;
                var status = answer.StatusCode;
                answer.Dispose();
                if (status is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized)
                    throw new StoreRefusedException($"The object store does not permit {method} of {objectKey}.");
                if (
                    status
                    is HttpStatusCode.NotImplemented
                        or (
                            < HttpStatusCode.InternalServerError
                            and not (HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or HttpStatusCode.Conflict)
                        )
                )
                    throw new ObjectRefusedException($"The object store refused {method} of {objectKey} with {(int)status}.");
                throw new HttpRequestException($"it answers {(int)status}");
            }
            catch (Exception failure) when (failure is not ObjectRefusedException && S3Bucket.IsOfStore(failure, cancel))
            {
                if (again == MostRetries || timed.IsCancellationRequested)
                    throw bucket.Translate(failure);
            }

            await Task.Delay(FirstPause * (1 << again), cancel);
        }
    }
}

/// <summary>The store answered, and will not do it: not a moment's weakness.</summary>
internal sealed class ObjectRefusedException(string message) : IOException(message);
