using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenSdc.Cli.Client;
using OpenSdc.Server;
using OpenSdc.Server.Access;

namespace OpenSdc.Cli;

/// <summary>The keys of a running archive.</summary>
internal sealed class KeysOverHttp : KeyAdministration
{
    private readonly HttpClient client;

    /// <exception cref="SettingException">The address or the key cannot be used.</exception>
    public KeysOverHttp(string text)
    {
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var address)
            || address.Scheme is not ("http" or "https")
            || address.Query.Length > 0
            || address.Fragment.Length > 0
        )
            throw new SettingException(
                $"The address of the archive is '{ShownText.Of(text)}'; allowed: an absolute http or https URL without a query, such as http://127.0.0.1:8080."
            );
        // No redirect is followed, so that the key goes nowhere else.
        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            BaseAddress = new Uri(address.AbsoluteUri.TrimEnd('/') + "/"),
        };
        if (ArchiveOptions.ApiKey() is { } key)
            client.DefaultRequestHeaders.Add("x-api-key", key);
    }

    public override async Task<IReadOnlyList<KeyInfo>> ListAsync(CancellationToken cancel) =>
        (await SendAsync(HttpMethod.Get, "keys", null, AccessJson.Default.KeyList, cancel))!.Keys;

    public override async Task<KeyInfo> AddAsync(KeyRequest asked, CancellationToken cancel) =>
        (
            await SendAsync(
                HttpMethod.Post,
                "keys",
                JsonContent.Create(asked, AccessJson.Default.KeyRequest),
                AccessJson.Default.KeyInfo,
                cancel
            )
        )!;

    public override Task RevokeAsync(string id, CancellationToken cancel) =>
        SendAsync<KeyInfo>(HttpMethod.Delete, "keys/" + Uri.EscapeDataString(id), null, null, cancel);

    public override Task RotateUrlsAsync(CancellationToken cancel) =>
        SendAsync<KeyInfo>(HttpMethod.Post, "keys/rotate-urls", null, null, cancel);

    public override void Dispose() => client.Dispose();

    private async Task<T?> SendAsync<T>(
        HttpMethod method,
        string path,
        HttpContent? content,
        JsonTypeInfo<T>? type,
        CancellationToken cancel
    )
        where T : class
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        try
        {
            using var answer = await client.SendAsync(request, cancel);
            if (!answer.IsSuccessStatusCode)
                throw new KeyException(
                    $"The archive refuses ({(int)answer.StatusCode}). {await ProblemSentence.OfAsync(answer, cancel)}",
                    answer.StatusCode >= HttpStatusCode.InternalServerError ? ExitCode.ArchiveAway : ExitCode.Failed
                );
            return type is null
                ? null
                : JsonSerializer.Deserialize(await answer.Content.ReadAsByteArrayAsync(cancel), type) ?? throw new JsonException();
        }
        catch (Exception failure)
            when (failure is HttpRequestException || (failure is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            throw new KeyException(
                $"The archive at {client.BaseAddress} cannot be reached: {ClientRun.SentenceOf(failure)}",
                ExitCode.ArchiveAway
            );
        }
        catch (JsonException)
        {
            throw new KeyException($"What answers at {client.BaseAddress} is no archive.", ExitCode.Failed);
        }
    }
}
