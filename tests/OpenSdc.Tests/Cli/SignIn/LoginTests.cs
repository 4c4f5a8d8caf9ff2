using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenSdc.Server.Access;
using OpenSdc.Tests.Client;
using System.Runtime.Versioning;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli.SignIn;

/// <summary><c>sdc login</c> and <c>logout</c> through their processes, at a real OpenID provider.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class LoginTests : IDisposable
{
    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private readonly Folder folder = new();

    private string Tokens => Path.Combine(folder.Path, "config", "opensdc", "tokens.json");

    [Fact]
    public async Task A_sign_in_is_used_and_given_back()
    {
        await using var issuer = await OidcIssuer.StartAsync(secondsOfToken: 600);
        await using var archive = await ProtectedArchive.StartAsync(issuer.Address);

        (await SignInAsync(archive)).Code.ShouldBe(0);

        File.GetUnixFileMode(Tokens).ShouldBe(OwnFile);
        File.GetUnixFileMode(Path.GetDirectoryName(Tokens)!).ShouldBe(OwnFile | UnixFileMode.UserExecute);
        var stored = JsonElement.Parse(await File.ReadAllTextAsync(Tokens)).GetProperty(archive.Address.TrimEnd('/'));
        var query = await RunAsync(archive, "query", "--output", "names");
        query.ShouldBe(new SdcCommand(0, "imap/mag/l1a/2026/01/imap_mag_l1a_norm_20260101_v001.cdf\n", "1 file\n"));
        archive.Requests.Last().ShouldBe(("/authorized/query", "Bearer " + stored.GetProperty("access_token").GetString()));
        PayloadOf(archive).GetProperty("aud").GetString().ShouldBe(archive.Address.TrimEnd('/'), "the token is for this archive");

        // Credentials of the environment go before it, and it goes to no other archive.
        await SdcCommand.RunAsync(folder.Path, archive.Address, ["query"], null, ("IMAP_ACCESS_TOKEN", "other"));
        archive.Requests.Last().Authorization.ShouldBe("Bearer other");
        await SdcCommand.RunAsync(
            folder.Path,
            archive.Address,
            ["query"],
            null,
            ("OPENSDC_ACCESS_TOKEN", "own"),
            ("IMAP_ACCESS_TOKEN", "other")
        );
        archive.Requests.Last().Authorization.ShouldBe("Bearer own");
        await using var another = await ProtectedArchive.StartAsync(issuer.Address);
        (await RunAsync(another, "query")).Code.ShouldBe(43);
        another.Requests.Last().ShouldBe(("/query", ""));

        (await RunAsync(archive, "logout")).ShouldBe(new SdcCommand(0, "", $"Signed out of {new Uri(archive.Address).Authority}.\n"));
        (await File.ReadAllTextAsync(Tokens)).ShouldNotContain("access_token");
        using var http = new HttpClient();
        using var again = new FormUrlEncodedContent(
            new Dictionary<string, string>
            {
                ["grant_type"] = "refresh_token",
                ["client_id"] = "sdc",
                ["refresh_token"] = stored.GetProperty("refresh_token").GetString()!,
            }
        );
        var refused = await http.PostAsync(stored.GetProperty("token_endpoint").GetString(), again);
        (await refused.Content.ReadAsStringAsync()).ShouldContain("invalid_grant");
        (await RunAsync(archive, "logout")).Errors.ShouldStartWith("Nobody is signed in to ");
        var without = await RunAsync(archive, "query");
        (without.Code, without.Errors.Contains("Run sdc login", StringComparison.Ordinal)).ShouldBe((43, true), without.Errors);
    }

    [Fact]
    public async Task An_archive_takes_the_token_of_its_issuer()
    {
        await using var issuer = await OidcIssuer.StartAsync(secondsOfToken: 600);
        await using var archive = await RunningArchive.StartAsync(options =>
            options with
            {
                Open = false,
                OidcIssuer = issuer.Address.AbsoluteUri.TrimEnd('/'),
                OidcAudience = "https://sdc.example.org",
                OidcClientId = "sdc",
                OidcRoles = TokenRole.Parse("opensdc=read+upload"),
            }
        );
        Task<SdcCommand> RunAsync(params string[] arguments) => SdcCommand.RunAsync(folder.Path, archive.Address, arguments);
        var name = ArchiveFixture.NewName();
        folder.Write($"out/{name}", [1, 2, 3]);
        (await RunAsync("upload", "out")).Code.ShouldBe(43, "nobody has signed in");

        (await SignInAsync(archive.Address, false, "--scope", "opensdc")).ShouldSatisfyAllConditions(run =>
            run.Code.ShouldBe(0, run.Errors)
        );

        var upload = await RunAsync("upload", "out");
        (upload.Code, upload.Output).ShouldBe((0, $"published  {RunningArchive.KeyOf(name)}\n"), upload.Errors);
        (await RunAsync("query", "-o", "names")).Output.ShouldBe($"{RunningArchive.KeyOf(name)}\n");
        (await RunAsync("download", name, "--flat")).Code.ShouldBe(0);
        (await RunAsync("uploads", "list")).Code.ShouldBe(0);
        (await RunAsync("logout")).Code.ShouldBe(0);
        (await RunAsync("query", "-o", "names")).Output.ShouldBe("");
    }

    [Fact]
    public async Task A_token_that_ends_is_renewed_by_one_process_at_a_time()
    {
        // It counts as ending a minute before it does, so that every command asks for another; the issuer takes each refresh token once.
        await using var issuer = await OidcIssuer.StartAsync(secondsOfToken: 30);
        await using var archive = await ProtectedArchive.StartAsync(issuer.Address);
        (await SignInAsync(archive)).Code.ShouldBe(0);

        var runs = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => RunAsync(archive, "query")));

        runs.ShouldAllBe(run => run.Code == 0, string.Join('\n', runs.Select(run => run.Errors)));
        archive.Requests.Select(each => each.Authorization).Distinct().Count().ShouldBe(3);

        await File.WriteAllTextAsync(
            Tokens,
            (await File.ReadAllTextAsync(Tokens)).Replace("\"refresh_token\": \"", "\"refresh_token\": \"x", StringComparison.Ordinal)
        );
        var ended = await RunAsync(archive, "query");
        (ended.Code, ended.Errors).ShouldBe((43, $"The sign-in at {new Uri(archive.Address).Authority} has ended; run sdc login.\n"));
    }

    [Fact]
    public async Task What_goes_wrong_is_a_sentence()
    {
        await using var issuer = await OidcIssuer.StartAsync(secondsOfToken: 600);
        await using var archive = await ProtectedArchive.StartAsync(issuer.Address);

        (await SignInAsync(archive, deny: true)).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(43),
            run => run.Errors.ShouldEndWith("The sign-in was denied at the issuer.\n")
        );
        File.Exists(Tokens).ShouldBeFalse();

        archive.Document =
            """{"resource":"https://elsewhere.example.org","authorization_servers":["https://elsewhere.example.org"],"opensdc_client_id":"sdc"}""";
        (await RunAsync(archive, "login")).ShouldBe(
            new SdcCommand(
                43,
                "",
                "The archive calls itself https://elsewhere.example.org; give that as --url, so that the token goes nowhere else.\n"
            )
        );
        archive.Document =
            $$"""{"resource":"{{archive.Address}}","authorization_servers":["http://elsewhere.example.org"],"opensdc_client_id":"sdc"}""";
        (await RunAsync(archive, "login")).ShouldBe(
            new SdcCommand(43, "", "The issuer is http://elsewhere.example.org; allowed: an https URL.\n")
        );
        archive.Document = $$"""{"resource":"{{archive.Address}}","authorization_servers":["{{issuer.Address}}"]}""";
        (await RunAsync(archive, "login")).Errors.ShouldStartWith("The archive names no public client for signing in");
        archive.Document = null;
        (await RunAsync(archive, "login")).Errors.ShouldStartWith("The archive does not say who signs its users in");

        Directory.CreateDirectory(Path.GetDirectoryName(Tokens)!);
        await File.WriteAllTextAsync(Tokens, "{}");
        File.SetUnixFileMode(Tokens, OwnFile | UnixFileMode.GroupRead);
        (await RunAsync(archive, "query")).ShouldSatisfyAllConditions(
            run => run.Code.ShouldBe(2),
            run => run.Errors.ShouldStartWith("Others may read the tokens in ")
        );
    }

    public void Dispose() => folder.Dispose();

    private Task<SdcCommand> RunAsync(ProtectedArchive archive, params string[] arguments) =>
        SdcCommand.RunAsync(folder.Path, archive.Address, arguments);

    /// <summary>Signs in, and confirms in a browser what the program shows.</summary>
    private Task<(int Code, string Errors)> SignInAsync(ProtectedArchive archive, bool deny = false) => SignInAsync(archive.Address, deny);

    private async Task<(int Code, string Errors)> SignInAsync(string address, bool deny, params string[] more)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "sdc.dll"), "login", "--url", address, .. more])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["XDG_CONFIG_HOME"] = Path.Combine(folder.Path, "config");
        using var process = Process.Start(start)!;
        var said = new StringBuilder();
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            said.Append(line).Append('\n');
            if (line.StartsWith("or open ", StringComparison.Ordinal))
                await OidcIssuer.ConfirmAsync(new Uri(line["or open ".Length..]), deny);
        }

        await process.WaitForExitAsync();
        said.ToString().ShouldContain(" and enter the code ");
        return (process.ExitCode, said.ToString());
    }

    private static JsonElement PayloadOf(ProtectedArchive archive)
    {
        var part = archive.Requests.Last().Authorization.Split('.')[1].Replace('-', '+').Replace('_', '/');
        return JsonElement.Parse(Convert.FromBase64String(part.PadRight((part.Length + 3) / 4 * 4, '=')));
    }

    /// <summary>A server that names the issuer as RFC 9728 words it, and answers queries to whoever has a token.</summary>
    [Fact]
    public async Task An_issuer_that_cannot_be_reached_is_named()
    {
        await using var archive = await ProtectedArchive.StartAsync(new Uri("http://127.0.0.1:9"));

        var run = await RunAsync(archive, "login");

        run.Code.ShouldBe(30, run.Errors);
        run.Errors.ShouldContain("issuer of tokens, 127.0.0.1:9, cannot be reached: ");
        run.Errors.ShouldEndWith("Try again later.\n");
        run.Errors.ShouldNotContain("--url");
    }

    private sealed class ProtectedArchive(WebApplication app) : IAsyncDisposable
    {
        public string Address { get; private set; } = "";

        public string? Document { get; set; }

        public ConcurrentQueue<(string Path, string Authorization)> Requests { get; } = new();

        public static async Task<ProtectedArchive> StartAsync(Uri issuer)
        {
            var builder = WebApplication.CreateSlimBuilder();
            builder.Logging.ClearProviders();
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            var app = builder.Build();
            var archive = new ProtectedArchive(app);
            app.Run(archive.AnswerAsync);
            await app.StartAsync();
            archive.Address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            archive.Document =
                $$"""{"resource":"{{archive.Address}}","authorization_servers":["{{issuer.AbsoluteUri.TrimEnd('/')}}"],"scopes_supported":["opensdc"],"bearer_methods_supported":["header"],"opensdc_client_id":"sdc"}""";
            return archive;
        }

        public async ValueTask DisposeAsync()
        {
            await app.StopAsync(new CancellationToken(canceled: true));
            await app.DisposeAsync();
        }

        private async Task AnswerAsync(HttpContext context)
        {
            if (context.Request.Path == "/.well-known/oauth-protected-resource")
            {
                context.Response.StatusCode = Document is null ? 404 : 200;
                context.Response.ContentType = "application/json";
                await context.Response.WriteAsync(Document ?? "{}");
                return;
            }

            Requests.Enqueue((context.Request.Path, context.Request.Headers.Authorization.ToString()));
            context.Response.StatusCode = context.Request.Path == "/authorized/query" ? 200 : 401;
            await context.Response.WriteAsync(
                context.Response.StatusCode == 200 ? """[{"file_path":"imap/mag/l1a/2026/01/imap_mag_l1a_norm_20260101_v001.cdf"}]""" : "{}"
            );
        }
    }
}
