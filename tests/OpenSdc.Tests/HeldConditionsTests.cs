using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>A condition is held, refused by name, or ignored where HTTP requires it: on every route.</summary>
public sealed class HeldConditionsTests(ArchiveFixture fixture) : IClassFixture<ArchiveFixture>
{
    private static readonly string[] All = ["If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "If-Range"];

    private readonly RunningArchive archive = fixture.Archive;

    [Theory]
    [InlineData("GET /health/live")]
    [InlineData("HEAD /health/ready")]
    [InlineData("GET /metrics")]
    [InlineData("GET /openapi/v1.json")]
    [InlineData("GET /spice-query")]
    [InlineData("GET /api-key/spin-table")]
    [InlineData("GET /repoint-table")]
    [InlineData("GET /small-forces-table")]
    [InlineData("GET /metakernel?start_time=2026-01-01&end_time=2026-01-02")]
    [InlineData("GET /docs/")]
    [InlineData("GET /uploads?state=open")]
    public async Task What_a_route_does_not_hold_it_refuses_by_name(string request)
    {
        foreach (var header in All.Where(each => each != "If-None-Match" || !request.Contains("/docs", StringComparison.Ordinal)))
        {
            var answer = await archive.SendAsync(
                request,
                headers: (header, header.EndsWith("Since", StringComparison.Ordinal) ? "Sat, 03 Jan 2026 04:05:06 GMT" : "\"x\"")
            );
            answer.Status.ShouldBe(400, $"{request} {header}");
            if (request.StartsWith("GET", StringComparison.Ordinal))
                answer
                    .Json.GetProperty("detail")
                    .GetString()!
                    .ShouldStartWith($"The header {header} is a condition that GET at this address does not hold; ");
        }
    }

    /// <summary>
    /// Its answer is neither 2xx nor 412, and then HTTP has conditions ignored (RFC 9110, section 13.2.1):
    /// they hold where it leads to.
    /// </summary>
    [Fact]
    public async Task A_redirect_ignores_conditions_and_the_object_holds_them()
    {
        var name = ArchiveFixture.NewName();
        var receipt = await archive.UploadAsync(name, [1, 2, 3]);
        (string, string, int)[] conditions =
        [
            ("If-None-Match", $"\"{receipt.Sha256}\"", 304),
            ("If-Match", "\"other\"", 412),
            ("If-Unmodified-Since", "Sat, 03 Jan 2015 04:05:06 GMT", 412),
            ("If-Range", "\"other\"", 200),
        ];
        foreach (var (header, value, status) in conditions)
        {
            var redirect = await archive.SendAsync($"GET /download/{name}", headers: (header, value));
            redirect.Status.ShouldBe(302, header);
            (await archive.SendAsync($"GET {redirect["Location"]}", headers: (header, value))).Status.ShouldBe(status, header);
        }
    }

    [Fact]
    public void Every_route_says_what_it_holds_but_objects_and_those_that_never_succeed()
    {
        var silent = archive.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(each => each.Metadata.GetMetadata<HeldConditions>() is null)
            .Select(each =>
                $"{string.Join(',', each.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? [])} {each.RoutePattern.RawText}"
            )
            .Where(each =>
                !each.Contains("/api-key/", StringComparison.Ordinal) && !each.Contains("/authorized/", StringComparison.Ordinal)
            )
            .Order(StringComparer.Ordinal);
        silent.ShouldBe(["GET,HEAD /download/{**path}", "GET,HEAD /objects/{**key}", "POST /reprocess"]);
    }
}
