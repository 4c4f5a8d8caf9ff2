using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server;
using OpenSdc.Server.Access;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>
/// The table of docs/access.md: every route, every caller, every state of a file. OPENSDC_ACCEPT=1 writes the
/// cells anew, to be reviewed.
/// </summary>
public sealed partial class AccessTableTests(AccessTableTests.Fixture fixture) : IClassFixture<AccessTableTests.Fixture>
{
    private static readonly string Document = Path.Combine(SharedData.RepositoryRoot, "docs", "access.md");

    public static TheoryData<string> Rows() =>
        [.. File.ReadLines(Document).Where(line => line.StartsWith("| `", StringComparison.Ordinal) && Request().IsMatch(line))];

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Each_cell_of_the_table_holds(string row)
    {
        var cells = row.Trim('|', ' ').Split('|', StringSplitOptions.TrimEntries);
        var (request, state) = (cells[0].Trim('`'), cells[1]);
        var isRoot =
            await File.ReadAllTextAsync(Document) is var text
            && text.IndexOf(row, StringComparison.Ordinal) > text.IndexOf("These exist without a prefix only", StringComparison.Ordinal);
        var callers = File.ReadLines(Document)
            .First(line => line.StartsWith("| request | file |", StringComparison.Ordinal))
            .Trim('|', ' ')
            .Split('|', StringSplitOptions.TrimEntries)[2..];
        var found = new List<string>();
        foreach (var caller in callers)
            found.Add(await fixture.AskAsync(request, state, caller, ""));
        if (Environment.GetEnvironmentVariable("OPENSDC_ACCEPT") == "1")
        {
            await File.WriteAllTextAsync(
                Document,
                text.Replace(row, $"| `{request}` | {state} | {string.Join(" | ", found)} |", StringComparison.Ordinal)
            );
            return;
        }

        string.Join(" | ", found).ShouldBe(string.Join(" | ", cells[2..]), $"{request} {state}");
        if (isRoot)
            return;
        foreach (var prefix in (string[])["/api-key", "/authorized"])
        {
            for (var i = 0; i < callers.Length; i++)
            {
                var expected =
                    callers[i] == "none"
                    && !request.Contains("/objects/", StringComparison.Ordinal)
                    && !request.StartsWith("PUT ", StringComparison.Ordinal)
                        ? "401"
                        : cells[i + 2];
                (await fixture.AskAsync(request, state, callers[i], prefix)).ShouldBe(expected, $"{callers[i]} {prefix} {request} {state}");
            }
        }
    }

    [Fact]
    public void Every_route_that_reads_credentials_or_is_not_public_is_in_the_table()
    {
        var rows = Rows()
            .Select(row => Request().Match(row.Data))
            .Select(match =>
                (
                    Method: match.Groups["method"].Value,
                    Path: match
                        .Groups["path"]
                        .Value.Replace("{file}", "x", StringComparison.Ordinal)
                        .Replace("{key}", "x", StringComparison.Ordinal)
                )
            )
            .ToList();
        var routes = fixture
            .Archive.Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Where(route =>
                route.Metadata.GetMetadata<Needs>() is not null
                && !ServerApp.Prefixes.Any(prefix =>
                    prefix.Length > 0 && route.RoutePattern.RawText!.StartsWith(prefix, StringComparison.Ordinal)
                )
            );
        foreach (var route in routes.Where(route => route.RoutePattern.RawText is not "/"))
        {
            var pattern = new Regex("^" + Parameter().Replace(route.RoutePattern.RawText!, "[^?]+") + "$");
            foreach (var method in route.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods)
                rows.ShouldContain(row => row.Method == method && pattern.IsMatch(row.Path), $"{method} {route.RoutePattern.RawText}");
        }
    }

    [Theory]
    [InlineData("GET /query?filename={file}")]
    [InlineData("GET /query?file_path={key}")]
    [InlineData("HEAD /query?filename={file}&count=true")]
    [InlineData("GET /query?filename={file}&format=csv")]
    [InlineData("GET /coverage?filename={file}")]
    [InlineData("GET /facets?filename={file}")]
    [InlineData("GET /changes?filename={file}")]
    [InlineData("GET /changes?file_path={key}")]
    [InlineData("GET /download/{file}")]
    [InlineData("HEAD /download/{file}")]
    [InlineData("GET /download/{key}")]
    [InlineData("GET /upload/{file}")]
    [InlineData("GET /objects/{key}")]
    public async Task An_anonymous_caller_cannot_tell_an_unreleased_file_from_an_absent_one(string request)
    {
        foreach (var accept in (string[])["*/*", "application/json"])
        {
            var (hidden, absent) = (
                await fixture.AnswerAsync(request, "unreleased", accept),
                await fixture.AnswerAsync(request, "absent", accept)
            );
            hidden.ShouldBe(absent);
        }
    }

    [GeneratedRegex(@"^\| `(?<method>[A-Z]+) (?<path>/[^?` ]*)(?<query>\?[^` ]*)?(?<body> \{file\})?` \|")]
    private static partial Regex Request();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();

    /// <summary>An archive with a file in each state, a key of each kind, and an issuer.</summary>
    public sealed partial class Fixture : IAsyncLifetime
    {
        private readonly Dictionary<string, (string, string)?> callers = new() { ["none"] = null };
        private TokenIssuer issuer = null!;
        private ConfiguredArchive closed = null!;

        public RunningArchive Archive => closed.Archive;

        public async ValueTask InitializeAsync()
        {
            issuer = await TokenIssuer.StartAsync();
            closed = await ConfiguredArchive.StartAsync(options =>
                options with
                {
                    OidcIssuer = issuer.Address,
                    OidcAudience = TokenIssuer.Audience,
                    OidcRoles = TokenRole.Parse("imap-team=read"),
                    RateLimitCaller = 0,
                    RateLimitAddress = 0,
                }
            );
            foreach (var state in (string[])["released", "unreleased", "withdrawn"])
            {
                var url = await Archive.SendAsync($"GET /upload/{NameOf(state)}", headers: closed.Admin);
                (await Archive.PutAsync(url.Json.GetString()!, Encoding.ASCII.GetBytes(state))).Status.ShouldBe(201);
                if (state != "unreleased")
                    (await Archive.SendAsync($"POST /release?filename={NameOf(state)}", headers: closed.Admin)).Status.ShouldBe(200);
            }

            (await Archive.SendAsync($"POST /withdraw?filename={NameOf("withdrawn")}&reason=wrong", headers: closed.Admin)).Status.ShouldBe(
                200
            );
            callers["wrong"] = ("x-api-key", KeyText.Make(Scopes.Admin));
            var (id, revoked) = await closed.AddAsync("""{"owner":"gone","scopes":["admin"]}""");
            await Archive.SendAsync($"DELETE /keys/{id}", headers: closed.Admin);
            callers["revoked"] = revoked;
            var expired = KeyText.Make(Scopes.Admin);
            await Archive
                .Services.GetRequiredService<KeyRing>()
                .AddAsync(
                    new ApiKey("past", KeyText.Hash(expired), "past", Scopes.Admin) { ExpiresAt = DateTimeOffset.UnixEpoch },
                    new() { Action = "test", Caller = "test" },
                    CancellationToken.None
                );
            callers["expired"] = ("x-api-key", expired);
            callers["read"] = await closed.KeyAsync("read");
            callers["upload"] = (await closed.AddAsync("""{"owner":"mag","scopes":["upload"],"limits":{"instrument":["mag"]}}""")).Header;
            callers["other"] = (await closed.AddAsync("""{"owner":"swe","scopes":["upload"],"limits":{"instrument":["swe"]}}""")).Header;
            callers["release"] = await closed.KeyAsync("release");
            callers["admin"] = closed.Admin;
            var good = await issuer.TokenAsync("someone", "imap-team");
            callers["jwt"] = Bearer(good);
            callers["jwt-none"] = Bearer($"{System.Buffers.Text.Base64Url.EncodeToString("""{"alg":"none"}"""u8)}.{good.Split('.')[1]}.");
            callers["jwt-issuer"] = Bearer(issuer.Forge(issuer: "https://login.example.org/"));
            callers["jwt-audience"] = Bearer(issuer.Forge(audience: "others"));
            callers["jwt-expired"] = Bearer(issuer.Forge(seconds: -3600));
            callers["jwt-key"] = Bearer(issuer.Forge(key: TokenIssuer.NewKey()));
        }

        public async ValueTask DisposeAsync()
        {
            await closed.DisposeAsync();
            await issuer.DisposeAsync();
        }

        /// <summary>The status, with a sign where a list has the file or has it not.</summary>
        public async Task<string> AskAsync(string request, string state, string caller, string prefix)
        {
            var answer = await SendAsync(request, state, prefix, callers[caller] is { } header ? [header] : []);
            var status = answer.Status.ToString(CultureInfo.InvariantCulture);
            if (answer.Status != 200 || !request.Contains("{file}", StringComparison.Ordinal) || !ListRoute().IsMatch(request))
                return status;
            return status
                + (
                    answer.Text.Contains(NameOf(state), StringComparison.Ordinal)
                    || answer.Text.Contains("\"files\":1", StringComparison.Ordinal)
                    || answer["OpenSDC-Count"] == "1"
                        ? "+"
                        : "-"
                );
        }

        /// <summary>
        /// Everything that an answer says, without what differs from request to request. A tag is of the
        /// question, which names the file.
        /// </summary>
        public async Task<string> AnswerAsync(string request, string state, string accept)
        {
            var answer = await SendAsync(request, state, "", [("Accept", accept)]);
            var headers = answer
                .Headers.Where(each => each.Key.ToUpperInvariant() is not ("DATE" or "X-REQUEST-ID" or "ETAG"))
                .OrderBy(each => each.Key, StringComparer.Ordinal);
            return RequestId()
                .Replace(
                    $"{answer.Status}\n{string.Join('\n', headers.Select(each => $"{each.Key}: {each.Value}"))}\n\n{answer.Text}".Replace(
                        NameOf(state),
                        "NAME",
                        StringComparison.Ordinal
                    ),
                    ""
                );
        }

        private Task<Answer> SendAsync(string request, string state, string prefix, (string, string)[] headers)
        {
            var name = NameOf(state);
            var withBody = request.EndsWith(" {file}", StringComparison.Ordinal);
            var target = (withBody ? request[..^" {file}".Length] : request)
                .Replace("{file}", name, StringComparison.Ordinal)
                .Replace("{key}", RunningArchive.KeyOf(name), StringComparison.Ordinal)
                .Replace(" /", $" {prefix}/", StringComparison.Ordinal);
            HttpContent? content =
                withBody ? new StringContent($$"""{"filename":"{{name}}","size":5}""")
                : target.StartsWith("PUT", StringComparison.Ordinal) ? new ByteArrayContent([1])
                : target.StartsWith("POST /query", StringComparison.Ordinal) ? new StringContent("")
                : null;
            return Archive.SendAsync(target, content: content, headers: headers);
        }

        // Of one length, so that answers are too.
        private static string NameOf(string state) =>
            $"imap_mag_l1a_table-{(state.Length == 0 ? 'x' : state switch { "released" => 'a', "unreleased" => 'b', "withdrawn" => 'c', _ => 'd' })}_20260101_v001.cdf";

        private static (string, string) Bearer(string token) => ("Authorization", "Bearer " + token);

        [GeneratedRegex("^((GET|POST) /(query|coverage|facets|changes)|HEAD /query)")]
        private static partial Regex ListRoute();

        [GeneratedRegex("\"requestId\":\"[^\"]*\"")]
        private static partial Regex RequestId();
    }
}
