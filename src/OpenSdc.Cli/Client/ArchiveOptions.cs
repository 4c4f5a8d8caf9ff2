using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using OpenSdc.Cli.Client.SignIn;
using OpenSdc.Client;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary>
/// Which archive a command talks to, and where local files lie. An option wins over the environment, that over
/// <c>$XDG_CONFIG_HOME/opensdc/config.json</c>, that over the default. A key or token is never an option, because
/// every user of the machine can read a process's options.
/// </summary>
internal sealed class ArchiveOptions
{
    public const string AddressVariable = "IMAP_DATA_ACCESS_URL";
    public const string FolderVariable = "IMAP_DATA_DIR";
    public const string KeyVariable = "OPENSDC_API_KEY";
    public const string InstalledClientsKeyVariable = "IMAP_API_KEY";
    public const string TokenVariable = "OPENSDC_ACCESS_TOKEN";
    public const string InstalledClientsTokenVariable = "IMAP_ACCESS_TOKEN";
    private const string DefaultAddress = "http://127.0.0.1:8080";
    private const string DefaultFolder = "data";

    private readonly Option<string?> url = new("--url")
    { Description = $"Address of the archive. Default: {AddressVariable}, then the configuration file, then {DefaultAddress}.",
        HelpName = "URL" };

    private readonly Option<string?> folder = new("--data-dir")
    { Description = $"Folder of the local files. Default: {FolderVariable}, then the configuration file, then ./{DefaultFolder}.",
        HelpName = "DIR" };

    private readonly Option<int> retries = new("--retries")
    { Description = "How often a request is repeated after a transient fault; a transfer that makes progress begins to count anew.",
        HelpName = "N", DefaultValueFactory = _ => new SdcClientOptions().MaxRetries };

    private ArchiveOptions()
    {
    }

    public static ArchiveOptions AddTo(Command command, bool withFolder, bool withRetries = true)
    {
        var options = new ArchiveOptions();
        command.Add(options.url);
        if (withRetries)
            command.Add(options.retries);
        if (withFolder)
            command.Add(options.folder);
        LeadingOptions.AddTraceTo(command);
        return options;
    }

    /// <summary>Makes the client.</summary>
    /// <exception cref="SettingException">A value cannot be used.</exception>
    public SdcClient Client(ParseResult parsed)
    {
        var tries = parsed.GetValue(retries);
        if (tries is < 0 or > 1000)
            throw new SettingException($"The option --retries is {tries}; allowed: 0 to 1000.");
        var signedIn = SignedInOf(parsed);
        return new SdcClient(new SdcClientOptions
        {
            Address = Address(parsed),
            ApiKey = ApiKey(),
            AccessToken = AccessToken(),
            GetAccessToken = signedIn is null ? null : signedIn.TokenAsync,
            MaxRetries = tries,
            Mission = Mission(),
        });
    }

    /// <summary>
    /// A plain client of the archive, for operators' routes that <see cref="SdcClient"/> does not have: with its
    /// address, which ends in a slash, and the credentials. No redirect is followed, so that they go nowhere else.
    /// </summary>
    /// <exception cref="SettingException">A value cannot be used.</exception>
    public HttpClient Http(ParseResult parsed)
    {
        HttpMessageHandler handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false };
        if (SignedInOf(parsed) is { } signedIn)
            handler = new TokenHandler(signedIn) { InnerHandler = handler };
        var client = new HttpClient(handler, disposeHandler: true)
        {
            BaseAddress = new Uri(Address(parsed).AbsoluteUri.TrimEnd('/') + "/"),
        };
        if (ApiKey() is { } key)
            client.DefaultRequestHeaders.Add("x-api-key", key);
        if (AccessToken() is { } token)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    /// <summary>What <c>sdc login</c> left for the archive; null where nothing, or where the environment has a key or token.</summary>
    private SignedIn? SignedInOf(ParseResult parsed) =>
        ApiKey() is null && AccessToken() is null && new TokenFile().Find(Address(parsed)) is not null
            ? new SignedIn(Address(parsed), TimeProvider.System)
            : null;

    /// <summary>The address of the archive.</summary>
    /// <exception cref="SettingException">It is none.</exception>
    public Uri Address(ParseResult parsed)
    {
        var (text, where) = Find(LeadingOptions.Find(parsed, url), "--url", AddressVariable, "url", DefaultAddress);
        if (
            !Uri.TryCreate(text, UriKind.Absolute, out var address)
            || address.Scheme is not ("http" or "https")
            || address.Query.Length + address.Fragment.Length + address.UserInfo.Length > 0
        )
            throw new SettingException(
                $"{where} is '{ShownText.Of(text)}'; allowed: an absolute http or https URL without a query, such as {DefaultAddress}."
            );
        return address;
    }

    /// <summary>The folder of the local files, absolute.</summary>
    public string Folder(ParseResult parsed) =>
        Path.GetFullPath(Find(LeadingOptions.Find(parsed, folder), "--data-dir", FolderVariable, "data_dir", DefaultFolder).Text);

    /// <summary>The mission whose names the archive has: that of the configuration file, otherwise IMAP.</summary>
    /// <exception cref="SettingException">Its file cannot be used.</exception>
    public static Mission Mission()
    {
        if (Configured("mission") is not { } given)
            return Contract.Naming.Mission.Imap;
        try
        {
            using var file = File.OpenRead(given.Text);
            return Contract.Naming.Mission.Load(file);
        }
        catch (Exception fault) when (fault is MissionFileException or IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"{given.Where} cannot be used: {fault.Message}", fault);
        }
    }

    /// <summary>The API key of the environment, or null.</summary>
    /// <exception cref="SettingException">It is no header's value.</exception>
    public static string? ApiKey() => Secret(KeyVariable) ?? Secret(InstalledClientsKeyVariable);

    /// <summary>The access token of the environment, or null.</summary>
    /// <exception cref="SettingException">It is no header's value.</exception>
    private static string? AccessToken() => Secret(TokenVariable) ?? Secret(InstalledClientsTokenVariable);

    private static string? Secret(string variable)
    {
        var text = Environment.GetEnvironmentVariable(variable);
        if (string.IsNullOrEmpty(text))
            return null;
        // Such a value would end in an exception that shows it.
        return text.All(c => c is > ' ' and < '\x7f') ? text
            : throw new SettingException($"{variable} has a character that a header cannot have; allowed: visible ASCII.");
    }

    private static (string Text, string Where) Find(string? option, string name, string variable, string member, string otherwise) =>
        option is not null ? (option, name)
        : Environment.GetEnvironmentVariable(variable) is { Length: > 0 } text ? (text, variable)
        : Configured(member) is { } configured ? configured
        : (otherwise, "The default");

    /// <summary>Folder of the user's settings and tokens.</summary>
    public static string ConfigurationFolder => Path.Combine(
        Environment.GetEnvironmentVariable("XDG_CONFIG_HOME") is { Length: > 0 } given ? given
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".config"), "opensdc");

    private static (string Text, string Where)? Configured(string member)
    {
        var path = Path.Combine(ConfigurationFolder, "config.json");
        if (!File.Exists(path))
            return null;
        try
        {
            var file = JsonElement.Parse(File.ReadAllText(path));
            if (file.ValueKind != JsonValueKind.Object)
                throw new SettingException($"The file {path} is no JSON object.");
            foreach (var each in file.EnumerateObject())
            {
                if (each.Name is not ("url" or "data_dir" or "mission") || each.Value.ValueKind != JsonValueKind.String)
                    throw new SettingException(
                        $"The file {path} has the member {ShownText.Of(each.Name)}, which is unknown or no text; allowed: url, data_dir, mission."
                    );
            }

            return file.TryGetProperty(member, out var value) ? (value.GetString()!, $"{member} in {path}") : null;
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new SettingException($"The file {path} cannot be read: {fault.Message}", fault);
        }
    }

    /// <summary>Sets the token of each request, which may be another one than that of the request before.</summary>
    private sealed class TokenHandler(SignedIn signedIn) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (await signedIn.TokenAsync(cancellationToken) is { } token)
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
