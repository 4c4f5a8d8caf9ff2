using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using OpenSdc.Contract;

namespace OpenSdc.FaultTests.Replicas;

/// <summary>One upload to a server that may end in the middle of it, and what its client does then.</summary>
internal abstract class TriedUpload(TrackedFile file, Content content)
{
    public TrackedFile File => file;

    public Content Content => content;

    /// <summary>Asks for the URL of a new name.</summary>
    public static async Task<TrackedFile> AskAsync(Archive archive, Ledger ledger, string text, int number)
    {
        var day = new DateOnly(2026, 1, 1).AddDays(number).ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        var name = $"imap_hi_l1b_{text}-{number.ToString("D3", CultureInfo.InvariantCulture)}_{day}_v001.cdf";
        var file = new TrackedFile(name, await archive.UploadTargetAsync(name));
        ledger.Files[name] = file;
        return file;
    }

    /// <summary>Uploads, or goes on with what it has begun. The last answer is the receipt, or says why there is none.</summary>
    /// <exception cref="HttpRequestException">The server has ended.</exception>
    public abstract Task<Answer> SendAsync(Archive archive);
}

/// <summary>One PUT.</summary>
internal sealed class PutUpload(TrackedFile file, Content content) : TriedUpload(file, content)
{
    public override Task<Answer> SendAsync(Archive archive)
    {
        File.Sending(Content);
        return archive.SendAsync(HttpMethod.Put, File.Target, Content.Body());
    }
}

/// <summary>An upload in parts, through the server.</summary>
internal sealed class PartsUpload(TrackedFile file, Content content) : TriedUpload(file, content)
{
    public const int PartSize = 5 << 20;

    private string? id;

    public override async Task<Answer> SendAsync(Archive archive)
    {
        File.Sending(Content);
        if (id is null)
        {
            var begun = await archive.SendAsync(
                HttpMethod.Post,
                "/uploads",
                Json($$"""{"filename":"{{File.Name}}","size":{{Content.Size}}}""")
            );
            // An earlier try was published: its client can ask for the receipt with the bytes.
            if (begun.Status == 409)
                return await archive.SendAsync(HttpMethod.Put, File.Target, Content.Body());
            if (begun.Status != 201)
                return begun;
            id = JsonSerializer.Deserialize(begun.Body, ContractJson.Default.UploadStatus)!.Id;
        }

        var listed = await archive.GetAsync($"/uploads/{id}/parts");
        if (listed.Status == 200)
        {
            foreach (var part in JsonSerializer.Deserialize(listed.Body, ContractJson.Default.PartList)!.Urls)
            {
                var sent = await archive.SendAsync(HttpMethod.Put, new Uri(part.Url).PathAndQuery, Bytes((int)part.Offset, (int)part.Size));
                if (sent.Status != 204)
                    return sent;
            }
        }

        var answer = await archive.SendAsync(HttpMethod.Post, $"/uploads/{id}/complete?wait=60", Json(""));
        if (answer.Status != 409)
            return answer;
        // Another try has ended it.
        var ended = JsonSerializer.Deserialize((await archive.GetAsync($"/uploads/{id}")).Body, ContractJson.Default.UploadStatus)!;
        return ended.Receipt is { } receipt
            ? new Answer(200, JsonSerializer.Serialize(receipt, ContractJson.Default.UploadReceipt), null)
            : answer;
    }

    private static StringContent Json(string text) => new(text, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));

    private ByteArrayContent Bytes(int offset, int size)
    {
        var bytes = new byte[size];
        Content.Fill(offset, bytes);
        return new ByteArrayContent(bytes);
    }
}
