using System.Text;
using OpenSdc.Contract;

namespace OpenSdc.Client;

/// <summary>
/// The signed URLs of several files, asked for by one query when the first of them is needed: a request a file
/// less. Only of small files, where that matters; of large ones the URL might end before their turn comes. Not of
/// files that are not released: an archive writes down who fetches each of them. A file whose URL is not in the
/// answer, for whatever reason, is asked for by itself.
/// </summary>
internal sealed class SignedUrls
{
    /// <summary>Files of one query. Their names have to fit into the line of a request.</summary>
    public const int MostFiles = 50;

    private const int MostCharacters = 4096;
    private const long Small = 4 << 20;

    private static readonly Dictionary<string, Uri> None = [];

    private readonly Lazy<Task<Dictionary<string, Uri>>> urls;

    /// <summary>Nothing is asked for yet.</summary>
    public SignedUrls(ApiConnection api, List<FileRecord> files, CancellationToken cancel) =>
        urls = new(() => AskAsync(api, files, cancel));

    /// <summary>The URL of a file's bytes; null where it is to be asked for by itself.</summary>
    public async Task<Uri?> OfAsync(FileRecord record, CancellationToken cancel) =>
        IsMeant(record) ? (await urls.Value.WaitAsync(cancel)).GetValueOrDefault(NameOf(record.FilePath)) : null;

    private static async Task<Dictionary<string, Uri>> AskAsync(ApiConnection api, List<FileRecord> files, CancellationToken cancel)
    {
        var names = files.Where(IsMeant).Select(each => NameOf(each.FilePath)).Distinct(StringComparer.Ordinal).ToList();
        var asked = new SdcQuery { FileName = string.Join(',', names) }.ToQueryString() + "&format=urls";
        if (api.GivesNoUrls || names.Count < 2 || asked.Length > MostCharacters)
            return None;
        try
        {
            using var answer = await api.StepAsync("query?" + asked, "*/*", cancel);
            if (answer.IsSuccessStatusCode && answer.Content.Headers.ContentType?.MediaType == "text/plain")
                return Read(await answer.Content.ReadAsByteArrayAsync(cancel));
            // A server that does not know the question; one that is busy is asked again for the next files.
            api.GivesNoUrls = (int)answer.StatusCode is < 429;
            return None;
        }
        catch (SdcException)
        {
            // The question for a single file says what is wrong.
            return None;
        }
    }

    private static Dictionary<string, Uri> Read(byte[] body)
    {
        var found = new Dictionary<string, Uri>(StringComparer.Ordinal);
        foreach (
            var line in Encoding.UTF8.GetString(body).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        )
        {
            if (Uri.TryCreate(line, UriKind.Absolute, out var url) && url.Scheme is "http" or "https")
                found[Uri.UnescapeDataString(NameOf(url.AbsolutePath))] = url;
        }

        return found;
    }

    // A record without a size is of a server that knows no signed lists.
    private static bool IsMeant(FileRecord record) => record is { Size: >= 0 and <= Small, Released: true };

    private static string NameOf(string path) => path[(path.LastIndexOf('/') + 1)..];
}
