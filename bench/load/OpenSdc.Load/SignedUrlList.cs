using System.Net;
using System.Text.Json;

namespace OpenSdc.Load;

/// <summary>Asks the archive for a signed URL for each name of a file and prints them in the same order, one a line.</summary>
internal static class SignedUrlList
{
    public static async Task<int> Run(Arguments options)
    {
        var root = options.Text("base").TrimEnd('/');
        var kind = options.Text("kind");
        if (kind is not ("upload" or "download"))
            throw new UsageException($"--kind is upload or download, not {kind}");

        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler);
        using var output = new StreamWriter(Console.OpenStandardOutput(), bufferSize: 1 << 16);
        foreach (var name in File.ReadLines(options.Text("names")))
        {
            using var response = await client.GetAsync(new Uri($"{root}/{kind}/{name}"));
            var expected = kind == "upload" ? HttpStatusCode.OK : HttpStatusCode.Found;
            var body = await response.Content.ReadAsStringAsync();
            if (response.StatusCode != expected)
                throw new LoadFailedException($"{kind} {name}: {(int)response.StatusCode} {body}");
            await output.WriteLineAsync(kind == "upload"
                ? JsonSerializer.Deserialize<string>(body)
                : response.Headers.Location?.AbsoluteUri ?? throw new LoadFailedException($"download {name}: no Location"));
        }

        return 0;
    }
}
