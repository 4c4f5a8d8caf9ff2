using System.Net;
using System.Text.Json;
using OpenSdc.Client;

namespace OpenSdc.Cli.Client.SignIn;

/// <summary>
/// The issuer of an archive's tokens, as RFC 9728 (the archive's document), OpenID Connect Discovery (the
/// issuer's), RFC 8628 (device flow) and RFC 7009 (revocation) word it. No redirect is followed: each address
/// is the one that a document names.
/// </summary>
internal sealed class Issuer(HttpClient http, TimeProvider clock)
{
    private const int MostBytes = 1 << 20;
    private static readonly TimeSpan UsualPause = TimeSpan.FromSeconds(5);

    /// <summary>An HTTP client for it.</summary>
    public static HttpClient Http() =>
        new(
            new SocketsHttpHandler
            {
                AllowAutoRedirect = false,
                UseCookies = false,
                ConnectTimeout = TimeSpan.FromSeconds(15),
            },
            disposeHandler: true
        )
        {
            MaxResponseContentBufferSize = MostBytes,
            Timeout = TimeSpan.FromSeconds(60),
        };

    /// <summary>Signs in: shows an address and a code, and waits until the person has confirmed them there.</summary>
    /// <param name="archive">Address of the archive.</param>
    /// <param name="more">Scopes that are asked for beside those that the archive names.</param>
    /// <param name="show">Takes the sentences for the person.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async Task<StoredTokens> SignInAsync(Uri archive, IReadOnlyList<string> more, Func<string, Task> show, CancellationToken cancel)
    {
        var protectedBy = await ResourceAsync(archive, cancel);
        var issuer = Secure(
            First(protectedBy, "authorization_servers")
                ?? throw new SdcException(
                    SdcError.BadAnswer,
                    "The archive names no issuer of tokens; ask whoever runs it for an API key, and put it into OPENSDC_API_KEY."
                ),
            "issuer"
        );
        var client =
            Text(protectedBy, "opensdc_client_id")
            ?? throw new SdcException(
                SdcError.BadAnswer,
                "The archive names no public client for signing in; ask whoever runs it for an API key, and put it into OPENSDC_API_KEY."
            );
        var found = await DiscoverAsync(issuer, cancel);
        var device = Secure(
            Text(found, "device_authorization_endpoint")
                ?? throw new SdcException(
                    SdcError.BadAnswer,
                    $"The issuer {issuer} knows no device flow; put a token of its own into OPENSDC_ACCESS_TOKEN."
                ),
            "device authorization endpoint"
        );
        var tokens = Secure(Text(found, "token_endpoint") ?? throw Unreadable("token endpoint"), "token endpoint");
        var scopes = string.Join(
            ' ',
            ((string[])["openid", "offline_access"])
                .Concat(Texts(protectedBy, "scopes_supported"))
                .Concat(more)
                .Distinct(StringComparer.Ordinal)
        );
        // For whom the token is (RFC 8707): the audience that the archive wants, where it is a URI; an issuer
        // knows any other name by its own settings.
        var resource = Text(protectedBy, "opensdc_audience") ?? Text(protectedBy, "resource");
        if (!Uri.TryCreate(resource, UriKind.Absolute, out _))
            resource = null;
        var begun = await PostAsync(device, For(resource, new() { ["client_id"] = client, ["scope"] = scopes }), cancel);
        // Not every issuer knows whom tokens are for.
        if (!begun.Done && resource is not null && Text(begun.Answer, "error") is "invalid_target" or "invalid_request")
            (resource, begun) = (null, await PostAsync(device, new() { ["client_id"] = client, ["scope"] = scopes }, cancel));
        if (!begun.Done)
            throw Refused(begun.Answer);

        var page = Secure(
            Text(begun.Answer, "verification_uri") ?? Text(begun.Answer, "verification_url") ?? throw Unreadable("device flow"),
            "verification address"
        );
        await show($"Open {page} and enter the code {Text(begun.Answer, "user_code")}");
        if (Text(begun.Answer, "verification_uri_complete") is { } complete)
            await show($"or open {Secure(complete, "verification address")}");
        Dictionary<string, string> asked = new()
        {
            ["grant_type"] = "urn:ietf:params:oauth:grant-type:device_code",
            ["device_code"] = Text(begun.Answer, "device_code") ?? throw Unreadable("device flow"),
            ["client_id"] = client,
        };
        var given = await WaitAsync(tokens, For(resource, asked), begun.Answer, cancel);
        return Stored(
            given,
            new StoredTokens(
                "",
                null,
                null,
                tokens,
                Text(found, "revocation_endpoint") is { } revocation ? Secure(revocation, "revocation endpoint") : null,
                client,
                resource
            )
        );
    }

    /// <summary>A new access token by the refresh token; null where the issuer no longer takes it.</summary>
    public async Task<StoredTokens?> RefreshAsync(StoredTokens tokens, CancellationToken cancel)
    {
        var (done, answer) = await PostAsync(
            tokens.TokenEndpoint,
            For(
                tokens.Resource,
                new()
                {
                    ["grant_type"] = "refresh_token",
                    ["refresh_token"] = tokens.RefreshToken!,
                    ["client_id"] = tokens.ClientId,
                }
            ),
            cancel
        );
        return done ? Stored(answer, tokens)
            : Text(answer, "error") == "invalid_grant" ? null : throw Refused(answer);
    }

    /// <summary>Gives the refresh token back, and with it what was made of it.</summary>
    public async Task RevokeAsync(StoredTokens tokens, CancellationToken cancel)
    {
        if (tokens.RevocationEndpoint is not { } address)
            return;
        var (token, hint) = tokens.RefreshToken is { } refresh ? (refresh, "refresh_token") : (tokens.AccessToken, "access_token");
        var (done, answer) = await PostAsync(
            address,
            new()
            {
                ["token"] = token,
                ["token_type_hint"] = hint,
                ["client_id"] = tokens.ClientId,
            },
            cancel
        );
        if (!done)
            throw Refused(answer);
    }

    private async Task<JsonElement> WaitAsync(Uri address, Dictionary<string, string> asked, JsonElement begun, CancellationToken cancel)
    {
        var pause =
            begun.TryGetProperty("interval", out var seconds)
            && seconds.ValueKind == JsonValueKind.Number
            && seconds.TryGetInt32(out var interval)
            && interval is > 0 and < 600
                ? TimeSpan.FromSeconds(interval)
                : UsualPause;
        while (true)
        {
            await Task.Delay(pause, clock, cancel);
            var (done, answer) = await PostAsync(address, asked, cancel);
            if (done)
                return answer;
            switch (Text(answer, "error"))
            {
                case "authorization_pending":
                    break;
                case "slow_down":
                    pause += UsualPause;
                    break;
                case "access_denied":
                    throw new SdcException(SdcError.Refused, "The sign-in was denied at the issuer.");
                case "expired_token":
                    throw new SdcException(SdcError.Refused, "The code has expired; run sdc login again.");
                default:
                    throw Refused(answer);
            }
        }
    }

    /// <summary>
    /// The archive's document, where RFC 9728 says: between host and path; or below the path, as a proxy that
    /// knows only that shows it.
    /// </summary>
    private async Task<JsonElement> ResourceAsync(Uri archive, CancellationToken cancel)
    {
        const string Known = "/.well-known/oauth-protected-resource";
        var (host, path) = (archive.GetLeftPart(UriPartial.Authority), archive.AbsolutePath.TrimEnd('/'));
        var document =
            await FindAsync(host + Known + path, cancel, isArchive: true)
            ?? (path.Length > 0 ? await FindAsync(host + path + Known, cancel, isArchive: true) : null)
            ?? throw new SdcException(
                SdcError.BadAnswer,
                "The archive does not say who signs its users in; an API key belongs into OPENSDC_API_KEY (or IMAP_API_KEY)."
            );
        // Another server's document would send the person, and the token, elsewhere.
        if (Text(document, "resource") is { } resource && resource.TrimEnd('/') != host + path)
            throw new SdcException(
                SdcError.BadAnswer,
                $"The archive calls itself {resource}; give that as --url, so that the token goes nowhere else."
            );
        return document;
    }

    private async Task<JsonElement> DiscoverAsync(Uri issuer, CancellationToken cancel)
    {
        var (host, path) = (issuer.GetLeftPart(UriPartial.Authority), issuer.AbsolutePath.TrimEnd('/'));
        var document =
            await FindAsync($"{host}{path}/.well-known/openid-configuration", cancel)
            ?? await FindAsync($"{host}/.well-known/oauth-authorization-server{path}", cancel)
            ?? throw new SdcException(SdcError.BadAnswer, $"The issuer {issuer} does not describe itself.");
        return Text(document, "issuer")?.TrimEnd('/') == host + path ? document
            : throw new SdcException(SdcError.BadAnswer, $"What answers at {issuer} is another issuer.");
    }

    private async Task<JsonElement?> FindAsync(string address, CancellationToken cancel, bool isArchive = false)
    {
        using var answer = await SendAsync(new HttpRequestMessage(HttpMethod.Get, address), isArchive, cancel);
        return answer.StatusCode == HttpStatusCode.OK ? await ReadAsync(answer, cancel) : null;
    }

    private async Task<(bool Done, JsonElement Answer)> PostAsync(Uri address, Dictionary<string, string> form, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new FormUrlEncodedContent(form) };
        request.Headers.Accept.ParseAdd("application/json");
        using var answer = await SendAsync(request, isArchive: false, cancel);
        return answer.IsSuccessStatusCode && answer.Content.Headers.ContentLength is 0 ? (true, default)
            : (answer.IsSuccessStatusCode, await ReadAsync(answer, cancel));
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, bool isArchive, CancellationToken cancel)
    {
        try
        {
            return await http.SendAsync(request, cancel);
        }
        catch (Exception failure)
            when (failure is HttpRequestException || (failure is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            var where =
                $"{(isArchive ? "The archive at" : "The archive's issuer of tokens,")} {request.RequestUri!.Authority}{(isArchive ? "" : ",")}";
            throw new SdcException(SdcError.Unreachable, $"{where} cannot be reached: {ClientRun.SentenceOf(failure)}", failure)
            {
                Code = isArchive ? null : "issuer-unavailable",
            };
        }
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer, CancellationToken cancel)
    {
        try
        {
            var read = JsonElement.Parse(await answer.Content.ReadAsByteArrayAsync(cancel));
            return read.ValueKind == JsonValueKind.Object ? read : throw new JsonException();
        }
        catch (JsonException)
        {
            throw new SdcException(
                SdcError.BadAnswer,
                $"{answer.RequestMessage!.RequestUri!.Authority} answers {(int)answer.StatusCode} with something else than a JSON object."
            );
        }
    }

    private StoredTokens Stored(JsonElement answer, StoredTokens before) =>
        before with
        {
            AccessToken = Text(answer, "access_token") ?? throw Unreadable("token"),
            Expires =
                answer.TryGetProperty("expires_in", out var expires)
                && expires.ValueKind == JsonValueKind.Number
                && expires.TryGetInt64(out var seconds)
                && seconds is >= 0 and < int.MaxValue
                    ? clock.GetUtcNow().AddSeconds(seconds)
                    : null,
            // An issuer that gives no new one goes on taking the old one.
            RefreshToken = Text(answer, "refresh_token") ?? before.RefreshToken,
        };

    /// <summary>A form with whom the token is for.</summary>
    private static Dictionary<string, string> For(string? resource, Dictionary<string, string> form)
    {
        if (resource is not null)
            form["resource"] = resource;
        return form;
    }

    /// <summary>An address to which codes and tokens may be sent: https, or this machine.</summary>
    private static Uri Secure(string text, string what) =>
        Uri.TryCreate(text, UriKind.Absolute, out var address)
        && (address.Scheme == "https" || (address.Scheme == "http" && address.IsLoopback))
            ? address
            : throw new SdcException(SdcError.BadAnswer, $"The {what} is {text}; allowed: an https URL.");

    private static SdcException Refused(JsonElement answer) =>
        new(
            SdcError.Refused,
            $"The issuer refuses: {Text(answer, "error_description") ?? Text(answer, "error") ?? "it does not say why"}."
        );

    private static SdcException Unreadable(string what) => new(SdcError.BadAnswer, $"The issuer's answer has no {what}.");

    private static string? Text(JsonElement element, string member) =>
        element.TryGetProperty(member, out var value)
        && value.ValueKind == JsonValueKind.String
        && value.GetString() is { Length: > 0 } text
            ? text
            : null;

    private static IEnumerable<string> Texts(JsonElement element, string member) =>
        element.TryGetProperty(member, out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(each => each.ValueKind == JsonValueKind.String).Select(each => each.GetString()!)
            : [];

    private static string? First(JsonElement element, string member) => Texts(element, member).FirstOrDefault();
}
