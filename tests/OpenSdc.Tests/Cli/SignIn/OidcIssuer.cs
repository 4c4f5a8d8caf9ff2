using System.Diagnostics;
using System.Net;
using System.Text.RegularExpressions;
using Shouldly;

namespace OpenSdc.Tests.Cli.SignIn;

/// <summary>An OpenID provider in a process of its own (npm's <c>oidc-provider</c>), and a person with a browser.</summary>
internal sealed partial class OidcIssuer : IAsyncDisposable
{
    private readonly Process process;

    private OidcIssuer(Process process, Uri address) => (this.process, Address) = (process, address);

    public Uri Address { get; }

    public static async Task<OidcIssuer> StartAsync(int secondsOfToken)
    {
        var folder = Environment.GetEnvironmentVariable("OPENSDC_OIDC");
        if (string.IsNullOrEmpty(folder))
            SharedData.SkipOrFail("The issuer is installed by ./test.sh, which names its folder in OPENSDC_OIDC.");
        var start = new ProcessStartInfo("node", [Path.Combine(AppContext.BaseDirectory, "issuer.mjs"), folder!, $"{secondsOfToken}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var node = Process.Start(start)!;
        var errors = node.StandardError.ReadToEndAsync();
        var line = await node.StandardOutput.ReadLineAsync();
        return new OidcIssuer(node, new Uri(line ?? throw new InvalidOperationException(await errors)));
    }

    /// <summary>Opens the page of a code and confirms, or denies, all that it asks.</summary>
    public static async Task ConfirmAsync(Uri page, bool deny = false)
    {
        using var browser = new HttpClient(new SocketsHttpHandler { CookieContainer = new CookieContainer() });
        var answer = await browser.GetAsync(page);
        for (var steps = 0; ; steps++)
        {
            steps.ShouldBeLessThan(10);
            var html = await answer.Content.ReadAsStringAsync();
            if (Form().Match(html) is not { Success: true } form)
                return;
            var values = Input()
                .Matches(html)
                .Select(each => (Name: Name().Match(each.Value).Groups[1].Value, Value: Value().Match(each.Value).Groups[1].Value))
                .ToDictionary(each => each.Name, each => each.Value.Length > 0 ? each.Value : "scientist", StringComparer.Ordinal);
            var denies = deny && values.Remove("confirm");
            if (denies)
                values["abort"] = "yes";
            using var body = new FormUrlEncodedContent(values);
            answer = await browser.PostAsync(
                new Uri(answer.RequestMessage!.RequestUri!, WebUtility.HtmlDecode(form.Groups[1].Value)),
                body
            );
            if (denies)
                return;
        }
    }

    public async ValueTask DisposeAsync()
    {
        process.StandardInput.Close();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await process.WaitForExitAsync(deadline.Token);
        process.Dispose();
    }

    [GeneratedRegex("<form[^>]*action=\"([^\"]+)\"")]
    private static partial Regex Form();

    [GeneratedRegex("<input[^>]*>")]
    private static partial Regex Input();

    [GeneratedRegex("name=\"([^\"]+)\"")]
    private static partial Regex Name();

    [GeneratedRegex("value=\"([^\"]*)\"")]
    private static partial Regex Value();
}
