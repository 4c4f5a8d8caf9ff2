using OpenSdc.Tests.Access;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files.Kernels;

/// <summary>
/// The routes of the live service answer bare whatever the <c>Accept</c> header says, also where a request is
/// refused before its route.
/// </summary>
public sealed class BareRefusalTests(ClosedArchive closed) : IClassFixture<ClosedArchive>
{
    [Theory]
    [InlineData("GET /api-key/spice-query", 401)]
    [InlineData("GET /authorized/spin-table", 401)]
    [InlineData("GET /api-key/repoint-table", 401)]
    [InlineData("GET /api-key/small-forces-table", 401)]
    [InlineData("GET /api-key/metakernel", 401)]
    [InlineData("GET /api-key/release?release_type=release", 401)]
    [InlineData("GET /spice-query", 403)]
    [InlineData("GET /metakernel", 403)]
    public async Task A_refusal_is_bare_whatever_is_accepted(string request, int status)
    {
        (string, string)[] headers = status == 403 ? [("x-api-key", "sdc_of_nobody")] : [];
        foreach (var accept in (string?[])[null, "*/*", "application/json", "text/html,application/xhtml+xml,*/*;q=0.8"])
        {
            var answer = await closed.Archive.SendAsync(request, accept, headers: headers);
            answer.Status.ShouldBe(status, answer.Text);
            answer.Text.ShouldNotContain("statusCode", Case.Sensitive, accept);
            answer.Text.ShouldNotContain("<html", Case.Sensitive, accept);
        }

        // The founding document's own routes answer in its words.
        (await closed.Archive.SendAsync("GET /api-key/query", "application/json")).Text.ShouldStartWith("{\"statusCode\": 401, ");
    }
}
