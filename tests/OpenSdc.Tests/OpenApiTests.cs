using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Contract;
using OpenSdc.Server;
using OpenSdc.Server.Access;
using OpenSdc.Server.Description;
using OpenSdc.Server.Files;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>
/// The API's description, as the running service gives it: the same as the committed copy, without gaps, true
/// where it can be compared with the code, and readable on a network without the internet.
/// </summary>
public sealed class OpenApiTests(OpenApiTests.Service service) : IClassFixture<OpenApiTests.Service>
{
    private static readonly string[] Methods = ["get", "put", "head", "post", "delete", "patch", "options", "trace"];

    [Fact]
    public async Task The_document_is_the_committed_one()
    {
        var served = (await service.Http.GetStringAsync("/openapi/v1.json")).ReplaceLineEndings("\n").TrimEnd() + "\n";
        var path = Path.Combine(SharedData.RepositoryRoot, "docs", "openapi.json");
        var committed = File.Exists(path) ? (await File.ReadAllTextAsync(path)).ReplaceLineEndings("\n") : "";
        if (served == committed)
            return;
        if (Environment.GetEnvironmentVariable("OPENSDC_ACCEPT") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await File.WriteAllTextAsync(path, served);
            return;
        }

        var (was, now) = (committed.Split('\n'), served.Split('\n'));
        var line = was.Zip(now).TakeWhile(pair => pair.First == pair.Second).Count();
        Assert.Fail(
            $"""
            docs/openapi.json is not what the service says of itself. The first difference is in line {line + 1}:
              committed: {was.ElementAtOrDefault(line)?.Trim()}
              served:    {now.ElementAtOrDefault(line)?.Trim()}
            If the API was meant to change, run the tests once with OPENSDC_ACCEPT=1 in the environment, which rewrites the file; review and commit it.
            """);
    }

    [Fact]
    public void The_document_names_no_address_of_this_service() =>
        service.Document.ToJsonString().ShouldNotContain(service.Http.BaseAddress!.Authority);

    [Fact]
    public void Every_mapped_route_is_described_and_nothing_else()
    {
        var mapped = service
            .App.Services.GetRequiredService<EndpointDataSource>()
            .Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint =>
                (
                    Path: "/" + endpoint.RoutePattern.RawText!.Replace("**", "").Trim('/'),
                    Methods: endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"]
                )
            )
            .Where(route =>
                !ServerApp.Prefixes.Any(prefix => prefix.Length > 0 && route.Path.StartsWith(prefix + "/", StringComparison.Ordinal))
            )
            .Where(route =>
                !route.Path.StartsWith("/docs", StringComparison.Ordinal) && !route.Path.StartsWith("/openapi", StringComparison.Ordinal)
            )
            .Where(route => route.Path != "/" && !route.Path.StartsWith("/page/", StringComparison.Ordinal))
            .SelectMany(route => route.Methods.Select(method => $"{method} {route.Path}"));
        var described = DescribedOperations().Select(each => $"{each.Method.ToUpperInvariant()} {each.Path}").ToList();

        described.ShouldBe(mapped, ignoreOrder: true);
        described.ShouldBe(Operations.All.Select(each => $"{each.Method} {each.Path}"), ignoreOrder: true);
    }

    [Fact]
    public void Every_operation_has_an_id_of_its_own_a_summary_a_text_and_a_known_tag()
    {
        var tags = service.Document["tags"]!.AsArray().Select(tag => tag!["name"]!.GetValue<string>()).ToList();
        tags.ShouldBe(["Upload", "Query", "Download", "Bytes", "Access", "Health"]);
        var operations = DescribedOperations().ToList();
        foreach (var (path, method, operation) in operations)
        {
            TextOf(operation, "summary").ShouldNotBeEmpty($"{method} {path}");
            TextOf(operation, "description").ShouldNotBeEmpty($"{method} {path}");
            tags.ShouldContain(operation["tags"]!.AsArray().ShouldHaveSingleItem()!.GetValue<string>(), $"{method} {path}");
        }

        operations.Select(each => TextOf(each.Operation, "operationId")).ShouldBeUnique();
    }

    [Fact]
    public void Every_query_parameter_is_described()
    {
        var parameters = service.Document["paths"]!["/query"]!["get"]!["parameters"]!.AsArray();
        parameters
            .Where(each => each!["in"]!.GetValue<string>() == "query")
            .Select(each => each!["name"]!.GetValue<string>())
            .ShouldBe(QueryParameters.Names);
    }

    [Theory]
    [InlineData("/coverage", "bin")]
    [InlineData("/facets")]
    public void Every_filter_of_a_query_is_described_where_it_is_taken(string path, params string[] own) =>
        service.Document["paths"]![path]!["get"]!["parameters"]!.AsArray().Where(each => each!["in"]!.GetValue<string>() == "query")
            .Select(each => each!["name"]!.GetValue<string>()).ShouldBe([.. CoverageRequest.Filters, .. own]);

    [Fact]
    public void Every_parameter_has_a_text_a_shape_and_an_example()
    {
        foreach (var (path, method, operation) in DescribedOperations())
        {
            var parameters = operation["parameters"]?.AsArray() ?? [];
            foreach (var parameter in parameters)
            {
                var where = $"{method} {path} {parameter!["name"]}";
                TextOf(parameter, "description").ShouldNotBeEmpty(where);
                parameter["schema"].ShouldNotBeNull(where);
                (parameter["example"] ?? parameter["examples"]?["default"]?["value"]).ShouldNotBeNull(where);
                // All optional parameters at once contradict each other: a sample request has none but the
                // limit that keeps the answer short.
                var isSent =
                    parameter["required"]?.GetValue<bool>() == true
                    || (path == "/query" && parameter["name"]!.GetValue<string>() == "limit");
                (parameter["examples"]?["default"]?["x-disabled"]?.GetValue<bool>() == true).ShouldBe(!isSent, where);
            }

            foreach (Match slot in Regex.Matches(path, "{(.*?)}"))
                parameters.ShouldContain(
                    each => each!["in"]!.GetValue<string>() == "path" && each["name"]!.GetValue<string>() == slot.Groups[1].Value,
                    $"{method} {path}"
                );
        }
    }

    [Fact]
    public void Every_answer_has_a_text_and_every_body_a_shape_and_examples()
    {
        foreach (var (path, method, operation) in DescribedOperations())
        {
            var responses = operation["responses"]!.AsObject();
            responses.ShouldContain(each => each.Key.StartsWith('2') || each.Key.StartsWith('3') || each.Key == "501", $"{method} {path}");
            foreach (var (status, response) in responses)
            {
                TextOf(response!, "description").ShouldNotBeEmpty($"{method} {path} {status}");
                if (method == "head")
                    response!["content"].ShouldBeNull($"{method} {path} {status}");
                foreach (var (mediaType, body) in response!["content"]?.AsObject() ?? [])
                {
                    body!["schema"].ShouldNotBeNull($"{method} {path} {status} {mediaType}");
                    (body["examples"]?.AsObject().Count ?? 0).ShouldBePositive($"{method} {path} {status} {mediaType}");
                }
            }
        }
    }

    [Fact]
    public void Every_reference_leads_somewhere()
    {
        foreach (Match reference in Regex.Matches(service.Document.ToJsonString(), "\"\\$ref\":\"#/(.*?)\""))
        {
            JsonNode? at = service.Document;
            foreach (var step in reference.Groups[1].Value.Split('/'))
                at = at?[step];
            at.ShouldNotBeNull(reference.Value);
        }
    }

    [Theory]
    [InlineData("FileRecord", typeof(FileRecord))]
    [InlineData("UploadReceipt", typeof(UploadReceipt))]
    public void The_shapes_of_the_contract_have_the_members_that_cross_the_wire(string shape, Type type) =>
        service.Document["components"]!["schemas"]![shape]!["properties"]!.AsObject().Select(each => each.Key)
            .ShouldBe(ContractJson.Default.GetTypeInfo(type)!.Properties.Where(each => !each.IsExtensionData).Select(each => each.Name));

    [Theory]
    [InlineData("/upload/nonsense", "/upload/{path}", "name-not-valid")]
    [InlineData("/upload/", "/upload/{path}", "no-name")]
    [InlineData("/download/nonsense", "/download/{path}", "name-not-valid")]
    [InlineData("/download/", "/download/{path}", "no-name")]
    [InlineData("/download/imap_codice_l1a_lo_20260101_20260102_v01-01.cdf", "/download/{path}", "not-found")]
    [InlineData("/query?colour=red", "/query", "unknown-parameter")]
    [InlineData("/query?start_date=2026-01-01", "/query", "bad-parameter")]
    [InlineData("/coverage?colour=red", "/coverage", "unknown-parameter")]
    [InlineData("/coverage?bin=week", "/coverage", "bad-parameter")]
    [InlineData("/facets?limit=1", "/facets", "bad-parameter")]
    [InlineData("/objects/imap/none.cdf", "/objects/{key}", "bad-signature")]
    public async Task An_error_is_one_that_the_document_describes(string request, string path, string code)
    {
        foreach (var accept in (string[])["*/*", "application/json"])
        {
            using var message = new HttpRequestMessage(HttpMethod.Get, request);
            message.Headers.Add("Accept", accept);
            using var answer = await service.Http.SendAsync(message);
            var body = JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject();
            var described = service.Document["paths"]![path]!["get"]!["responses"]![$"{(int)answer.StatusCode}"]!["content"]![
                answer.Content.Headers.ContentType!.MediaType!
            ]!;
            var example = described["examples"]![code]!["value"]!.AsObject();
            // The faults of a name differ from name to name, and some errors have none.
            body.Select(each => each.Key)
                .Where(key => key != "errors")
                .ShouldBe(example.Select(each => each.Key).Where(key => key != "errors"), $"{accept} {request}");
        }
    }

    [Fact]
    public async Task The_reference_for_people_names_every_parameter_and_every_error()
    {
        var text = await File.ReadAllTextAsync(Path.Combine(SharedData.RepositoryRoot, "docs", "api.md"));
        var codes = Regex
            .Matches(service.Document.ToJsonString(), "urn:opensdc:problem:([a-z-]+)")
            .Select(match => match.Groups[1].Value)
            .Distinct();
        foreach (var name in QueryParameters.Names.Append(CoverageRequest.Bin).Concat(codes))
            text.ShouldContain($"`{name}`");
    }

    [Fact]
    public async Task The_page_and_all_that_it_loads_come_from_the_service()
    {
        using var bare = await service.Http.GetAsync("/docs");
        bare.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        bare.Headers.Location!.OriginalString.ShouldBe("docs/");

        using var page = await service.Http.GetAsync("/docs/");
        page.StatusCode.ShouldBe(HttpStatusCode.OK);
        var html = await page.Content.ReadAsStringAsync();
        html.ShouldNotMatch("(https?:)?//[a-z]");
        page.Headers.GetValues("Content-Security-Policy").ShouldHaveSingleItem().ShouldContain("default-src 'self'");
        foreach (var setting in (string[])["\"withDefaultFonts\":false", "\"telemetry\":false", "\"openapi/v1.json\""])
            html.ShouldContain(setting);

        var assets = Regex
            .Matches(html, "(?:src|href|favicon)\"?[=:]\"([^\"]+)\"")
            .Select(match => match.Groups[1].Value)
            .Distinct()
            .ToList();
        assets.ShouldContain("scalar.js");
        foreach (var asset in assets)
        {
            using var answer = await service.Http.GetAsync("/docs/" + asset);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, asset);
        }
    }

    [Fact]
    public void Every_operation_says_which_credentials_it_needs_and_what_is_answered_without()
    {
        var schemes = service.Document["components"]!["securitySchemes"]!;
        (TextOf(schemes["apiKey"]!, "type"), TextOf(schemes["apiKey"]!, "in"), TextOf(schemes["apiKey"]!, "name")).ShouldBe(
            ("apiKey", "header", "x-api-key")
        );
        (TextOf(schemes["token"]!, "type"), TextOf(schemes["token"]!, "scheme")).ShouldBe(("http", "bearer"));

        var needed = service.App.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<Needs>() is { Scope: not Scopes.None })
            .SelectMany(endpoint =>
                endpoint
                    .Metadata.GetMetadata<IHttpMethodMetadata>()!
                    .HttpMethods.Select(method => $"{method} /{endpoint.RoutePattern.RawText!.Replace("**", "").Trim('/')}")
            )
            .Where(route => !ServerApp.Prefixes.Any(prefix => prefix.Length > 0 && route.Contains($" {prefix}/", StringComparison.Ordinal)))
            .Append("GET /release");
        foreach (var (path, method, operation) in DescribedOperations())
        {
            var where = $"{method.ToUpperInvariant()} {path}";
            var security = operation["security"]?.AsArray().Select(each => each!.ToJsonString()).ToList();
            var statuses = operation["responses"]!.AsObject().Select(each => each.Key).ToList();
            statuses.Contains("429").ShouldBe(!path.StartsWith("/health/", StringComparison.Ordinal), where);
            if (security is null)
                continue;
            string[] either = ["{\"apiKey\":[]}", "{\"token\":[]}"];
            security.ShouldBe(needed.Contains(where) ? either : ["{}", .. either], ignoreOrder: false, where);
            foreach (var status in (string[])["401", "403"])
                statuses.Contains(status).ShouldBeTrue($"{where} {status}");
        }

        // What reads no credentials: bytes at signed URLs, and what supervisors and stores call.
        DescribedOperations()
            .Where(each => each.Operation["security"] is null)
            .Select(each => $"{each.Method.ToUpperInvariant()} {each.Path}")
            .ShouldBe(
                [
                    "PUT /objects/{key}",
                    "GET /objects/{key}",
                    "HEAD /objects/{key}",
                    "PUT /uploads/{id}/parts/{part}",
                    "POST /hooks/s3",
                    "GET /.well-known/oauth-protected-resource",
                    "GET /health/live",
                    "HEAD /health/live",
                    "GET /health/ready",
                    "HEAD /health/ready",
                    "GET /metrics",
                ],
                ignoreOrder: true
            );
    }

    private IEnumerable<(string Path, string Method, JsonNode Operation)> DescribedOperations() =>
        from path in service.Document["paths"]!.AsObject()
        from operation in path.Value!.AsObject()
        where Methods.Contains(operation.Key)
        select (path.Key, operation.Key, operation.Value!);

    private static string TextOf(JsonNode node, string member) => node[member]?.GetValue<string>() ?? "";
    /// <summary>The real service on a port of its own, and what it says of itself.</summary>
    public sealed class Service : IAsyncLifetime
    {
        private readonly string data = Directory.CreateTempSubdirectory("opensdc-openapi-").FullName;

        internal WebApplication App { get; private set; } = null!;

        internal HttpClient Http { get; private set; } = null!;

        internal JsonNode Document { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            App = await ServerApp.BuildAsync(
                new ServerOptions { Urls = "http://127.0.0.1:0", Data = data },
                TimeProvider.System,
                CancellationToken.None
            );
            await App.StartAsync();
            var address = App.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
            Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(address) };
            using (var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30)))
            {
                while ((await Http.GetAsync("/health/ready", deadline.Token)).StatusCode != HttpStatusCode.OK)
                    await Task.Delay(20, deadline.Token);
            }

            Document = JsonNode.Parse(await Http.GetStringAsync("/openapi/v1.json"))!;
        }

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            await App.StopAsync();
            await App.DisposeAsync();
            Directory.Delete(data, recursive: true);
        }
    }
}
