using System.Net;
using System.Runtime.CompilerServices;
using OpenSdc.Contract;

namespace OpenSdc.Client;

/// <summary>
/// Reads a query page by page: each page is in memory before its records are given out, so that a caller may take
/// its time and a broken connection costs one page. A server that knows no pages answers with everything at once.
/// </summary>
internal sealed class QueryPages(ApiConnection api, SdcClientOptions options)
{
    // Names no JSON: a server with two representations then answers with the bare records. The wildcard lets a
    // server that only knows JSON answer too.
    private const string Accept = "application/x-ndjson, */*;q=0.5";

    private readonly RecordReader records = new(options.Mission);
    private volatile bool withoutPages;

    public async IAsyncEnumerable<FileRecord> ReadAsync(SdcQuery query, [EnumeratorCancellation] CancellationToken cancel)
    {
        var asked = query.ToQueryString();
        var left = query.Limit ?? long.MaxValue;
        var cursor = "";
        while (left > 0)
        {
            using var answer = await PageAsync(cursor.Length > 0 ? cursor : asked, isFirst: cursor.Length == 0,
                Math.Min(left, options.PageSize), cancel);
            foreach (var record in records.Read(await answer.Content.ReadAsByteArrayAsync(cancel)))
            {
                if (left-- == 0)
                    yield break;
                yield return record;
            }

            if (NextOf(answer) is not { } next)
                yield break;
            if (next == cursor)
                throw new SdcException(SdcError.BadAnswer,
                    "The server's list does not end: the address of its next page is that of this page.");
            cursor = next;
        }
    }

    private async Task<HttpResponseMessage> PageAsync(string asked, bool isFirst, long size, CancellationToken cancel)
    {
        if (isFirst && !withoutPages)
        {
            var answer = await api.StepAsync($"query?{asked}{(asked.Length > 0 ? "&" : "")}limit={size}", Accept, cancel);
            if (answer.IsSuccessStatusCode)
                return answer;
            using (answer)
            {
                var refusal = await Refusals.ReadAsync(answer, "The archive refuses the query", cancel);
                if (answer.StatusCode != HttpStatusCode.BadRequest
                    || !refusal.Message.Contains("limit is not a valid query parameter", StringComparison.Ordinal))
                    throw refusal;
                withoutPages = true;
            }
        }

        var whole = await api.StepAsync(asked.Length > 0 ? "query?" + asked : "query", Accept, cancel);
        if (whole.IsSuccessStatusCode)
            return whole;
        using (whole)
            throw await Refusals.ReadAsync(whole, "The archive refuses the query", cancel);
    }

    /// <summary>
    /// The query string of the next page. The rest of its address is not used: credentials go to no other host.
    /// </summary>
    private static string? NextOf(HttpResponseMessage answer)
    {
        if (!answer.Headers.TryGetValues("Link", out var links))
            return null;
        foreach (var link in links)
        {
            var end = link.IndexOf('>', StringComparison.Ordinal);
            if (end < 1 || link[0] != '<' || !link[end..].Contains("rel=\"next\"", StringComparison.OrdinalIgnoreCase))
                continue;
            var mark = link.IndexOf('?', StringComparison.Ordinal);
            return mark > 0 && mark < end ? link[(mark + 1)..end] : null;
        }

        return null;
    }
}
