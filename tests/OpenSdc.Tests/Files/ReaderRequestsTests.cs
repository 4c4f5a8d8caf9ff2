using System.Text;
using System.Text.Json;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>What a reader sends that is not as it should be is told with its true fault, and what only looks odd is understood.</summary>
public sealed class ReaderRequestsTests(QueryArchive archive) : IClassFixture<QueryArchive>
{
    [Theory]
    [InlineData("GET /query?filename=naif0012.tls,nonsense.cdf,imap_swe_l9_sci_20260901_v001.cdf,folder/naif0012.tls")]
    [InlineData("POST /query?filename=naif0012.tls,nonsense.cdf,imap_swe_l9_sci_20260901_v001.cdf,folder/naif0012.tls")]
    [InlineData("GET /coverage?filename=naif0012.tls&filename=nonsense.cdf,imap_swe_l9_sci_20260901_v001.cdf&filename=folder/naif0012.tls")]
    [InlineData("GET /facets?filename=naif0012.tls,nonsense.cdf,imap_swe_l9_sci_20260901_v001.cdf,folder/naif0012.tls")]
    public async Task All_strays_in_a_list_of_names_are_named(string request)
    {
        var answer = await archive.Archive.SendAsync(request);
        answer.Status.ShouldBe(400);
        answer
            .Json.GetProperty("detail")
            .GetString()
            .ShouldNotBeNull()
            .ShouldStartWith("The parameter filename has 3 values that are not allowed");
        var errors = answer.Json.GetProperty("errors").EnumerateArray().Select(each => each.GetString()!).ToList();
        errors.Count.ShouldBe(3);
        errors[0].ShouldStartWith("'nonsense.cdf'");
        errors[1].ShouldStartWith("'imap_swe_l9_sci_20260901_v001.cdf': The data level 'l9' is not known");
        errors[2].ShouldStartWith("'folder/naif0012.tls'");
    }

    [Fact]
    public async Task All_strays_in_a_list_of_paths_are_named()
    {
        var answer = await archive.Archive.SendAsync(
            "GET /query?file_path=imap/spice/lsk/naif0012.tls,imap/spice/spk/naif0012.tls,imap/nonsense",
            "application/json"
        );
        answer.Status.ShouldBe(400);
        var errors = answer.Json.GetProperty("errors").EnumerateArray().Select(each => each.GetString()!).ToList();
        errors.Count.ShouldBe(2);
        errors[0].ShouldBe("'imap/spice/spk/naif0012.tls': The path of that file is imap/spice/lsk/naif0012.tls.");
        errors[1].ShouldStartWith("'imap/nonsense'");
    }

    [Fact]
    public async Task Thousands_of_strays_are_named_up_to_a_bound()
    {
        var names = Enumerable.Range(0, 3000).Select(i => $"stray-{i}.cdf").ToArray();
        var answer = await PostAsync(JsonSerializer.Serialize(new Dictionary<string, string[]> { ["filename"] = names }));
        answer.Status.ShouldBe(400);
        var errors = answer.Json.GetProperty("errors").EnumerateArray().Select(each => each.GetString()!).ToList();
        errors.Count.ShouldBe(1001);
        for (var i = 0; i < 1000; i++)
            errors[i].ShouldStartWith($"'stray-{i}.cdf'");
        errors[^1].ShouldBe("There are 2000 more.");
    }

    [Fact]
    public async Task An_element_of_an_array_is_one_value_whatever_it_holds()
    {
        (await PostAsync("""{"filename": "naif0012.tls,imap_swe_l1_sci_20260901_v999.cdf", "fields": ["seq"]}""")).Text.ShouldBe(
            """[{"seq":16},{"seq":9}]""",
            customMessage: "a text is a list"
        );
        var answer = await PostAsync("""{"filename": ["naif0012.tls,imap_swe_l1_sci_20260901_v999.cdf"]}""");
        answer.Status.ShouldBe(400);
        answer
            .Json.GetProperty("detail")
            .GetString()
            .ShouldBe("The parameter filename is 'naif0012.tls,imap_swe_l1_sci_20260901_v999.cdf'; allowed: a file name of the mission.");
        (await PostAsync("""{"instrument": ["mag,swe"]}""")).Status.ShouldBe(400);
        // What the address gives for the same parameter stays a list.
        var both = await archive.Archive.SendAsync(
            "POST /query?data_level=l0,l1a&fields=data_level",
            content: new StringContent("""{"data_level": ["l2"]}""", Encoding.UTF8, "application/json")
        );
        both.Json.EnumerateArray()
            .Select(each => each.GetProperty("data_level").GetString())
            .Distinct()
            .Order()
            .ShouldBe(["l0", "l1a", "l2"]);
    }

    [Theory]
    [InlineData("GET /query")]
    [InlineData("HEAD /query")]
    [InlineData("GET /coverage")]
    [InlineData("GET /facets")]
    [InlineData("GET /authorized/query")]
    public async Task A_body_where_none_is_read_is_refused(string request)
    {
        var answer = await archive.Archive.SendAsync(
            request,
            content: new StringContent("""{"instrument": "mag"}""", Encoding.UTF8, "application/json")
        );
        answer.Status.ShouldBe(400);
        if (request.StartsWith("GET", StringComparison.Ordinal))
            answer
                .Json.GetProperty("detail")
                .GetString()
                .ShouldBe("The GET has a body; allowed: the parameters in the address, or POST /query with the parameters in the body.");
        var chunked = new StreamContent(new MemoryStream("instrument=mag"u8.ToArray()));
        (await archive.Archive.SendAsync(request, content: chunked, headers: ("Transfer-Encoding", "chunked"))).Status.ShouldBe(400);
        (await archive.Archive.SendAsync(request, content: new ByteArrayContent([]))).Status.ShouldBe(200, "a length of 0 is no body");
    }

    [Theory]
    [InlineData("//query?filename=naif0012.tls", 200)]
    [InlineData("///query?filename=naif0012.tls", 200)]
    [InlineData("//api-key//query?filename=naif0012.tls", 200)]
    [InlineData("/authorized//query?filename=naif0012.tls", 200)]
    [InlineData("//coverage", 200)]
    [InlineData("/api-key//facets", 200)]
    [InlineData("//download/naif0012.tls", 302)]
    [InlineData("//download/imap/spice/lsk/naif0012.tls", 302)]
    [InlineData("/api-key//download/naif0012.tls", 302)]
    [InlineData("/download//imap/spice/lsk/naif0012.tls", 302)]
    [InlineData("/download/s3://bucket/imap/spice/lsk/naif0012.tls", 302)]
    [InlineData("//upload/naif0013.tls", 200)]
    [InlineData("//upload//science/naif0013.tls", 200)]
    [InlineData("//upload/nonsense", 400)]
    [InlineData("//upload/a/../naif0013.tls", 400)]
    [InlineData("//nothing", 404)]
    [InlineData("//metrics", 404)]
    [InlineData("/query//", 404)]
    public async Task A_base_address_with_a_slash_at_its_end_leads_to_the_same(string target, int status) =>
        (await archive.Archive.SendAsync($"GET {archive.Archive.Address}{target}")).Status.ShouldBe(status);

    [Fact]
    public async Task The_next_page_of_a_doubled_slash_is_found()
    {
        var page = await archive.Archive.SendAsync($"GET {archive.Archive.Address}//query?limit=1");
        var link = page["Link"].ShouldNotBeNull();
        link.ShouldStartWith($"<{archive.Archive.Address}/query?");
    }

    [Theory]
    [InlineData("PUT /upload/naif0013.tls")]
    [InlineData("POST /upload/naif0013.tls")]
    [InlineData("PUT /api-key/upload/science/naif0013.tls")]
    [InlineData("PUT //upload/naif0013.tls")]
    public async Task Bytes_at_the_wrong_address_are_told_the_right_one(string request)
    {
        var answer = await archive.Archive.SendAsync(
            request.Replace(" /", $" {archive.Archive.Address}/", StringComparison.Ordinal),
            content: new ByteArrayContent([1, 2, 3])
        );
        (answer.Status, answer["Allow"]).ShouldBe((405, "GET"));
        answer
            .Json.GetProperty("detail")
            .GetString()
            .ShouldBe("This address takes no bytes, and nothing was stored: GET it, and PUT the file to the signed URL that it answers.");
    }

    [Theory]
    [InlineData("{0}")]
    [InlineData("nonsense, {0}, \"")]
    [InlineData("x{0}x")]
    [InlineData("\"a{0}\"")]
    [InlineData("'{0}'")]
    public async Task A_list_of_tags_is_taken_only_where_it_can_be_read(string form)
    {
        foreach (var route in (string[])["/query", "/coverage", "/facets"])
        {
            var tag = (await archive.Archive.SendAsync("GET " + route))["ETag"]!;
            var asks = string.Format(System.Globalization.CultureInfo.InvariantCulture, form, tag);
            (await archive.Archive.SendAsync("GET " + route, headers: ("If-None-Match", asks))).Status.ShouldBe(
                form == "{0}" ? 304 : 200,
                route + asks
            );
        }
    }

    [Fact]
    public async Task Conditions_on_objects_that_cannot_be_read_are_never_taken_for_a_match()
    {
        var url = await archive.Archive.DownloadUrlAsync("naif0012.tls");
        var whole = await archive.Archive.SendAsync($"GET {url}");
        var (tag, modified) = (whole["ETag"]!, whole["Last-Modified"]!);
        (await SendAsync(("Range", "bytes=0-0"), ("If-Range", tag))).ShouldBe(206);
        (await SendAsync(("Range", "bytes=0-0"), ("If-Range", tag.Trim('"')))).ShouldBe(200);
        (await SendAsync(("Range", "bytes=0-0"), ("If-Range", "nonsense"))).ShouldBe(200);
        (await SendAsync(("Range", "bytes=0-0"), ("If-Range", ""))).ShouldBe(200);
        (await SendAsync(("If-None-Match", tag))).ShouldBe(304);
        (await SendAsync(("If-None-Match", tag.Trim('"')))).ShouldBe(200);
        (await SendAsync(("If-None-Match", $"nonsense {tag}"))).ShouldBe(200);
        (await SendAsync(("If-None-Match", "nonsense"), ("If-Modified-Since", modified))).ShouldBe(
            200,
            "the date counts only where there are no tags"
        );
        (await SendAsync(("If-Match", tag))).ShouldBe(200);
        (await SendAsync(("If-Match", tag.Trim('"')))).ShouldBe(412);
        (await SendAsync(("If-Match", "nonsense"), ("If-Unmodified-Since", modified))).ShouldBe(412);

        async Task<int> SendAsync(params (string, string)[] headers) =>
            (await archive.Archive.SendAsync($"GET {url}", headers: headers)).Status;
    }

    [Fact]
    public async Task A_cursor_is_taken_only_as_it_was_given()
    {
        var page = await archive.Archive.SendAsync("GET /query?limit=1");
        var link = page["Link"]!;
        var next = link[1..link.IndexOf('>', StringComparison.Ordinal)];
        (await archive.Archive.SendAsync($"GET {next}")).Status.ShouldBe(200);
        foreach (var bad in (string[])["x", "!", "%00", "="])
            (await archive.Archive.SendAsync($"GET {next}{bad}")).Status.ShouldBe(400, bad);
        (await archive.Archive.SendAsync($"GET {next}&as_of=3")).Status.ShouldBe(400);
    }

    [Theory]
    [InlineData("latest=true")]
    [InlineData("latest=True")]
    [InlineData("latest=TRUE")]
    [InlineData("version=latest")]
    [InlineData("version=Latest")]
    [InlineData("version=LATEST")]
    public async Task Latest_is_read_in_any_case(string latest)
    {
        (await archive.NumbersAsync($"instrument=swe&descriptor=sci&{latest}")).ShouldBe([10]);
        (await archive.Archive.SendAsync($"GET /facets?instrument=swe&descriptor=sci&{latest}"))
            .Json.GetProperty("files")
            .GetInt64()
            .ShouldBe(1);
    }

    [Fact]
    public async Task Files_whose_names_may_have_an_end_date_always_have_the_member()
    {
        (await archive.Archive.SendAsync("GET /query?table=ancillary&fields=end_date")).Text.ShouldBe(
            """[{"end_date":"20260131"},{"end_date":null}]"""
        );
        foreach (
            var each in (await archive.Archive.SendAsync("GET /query?table=ancillary"))
                .Json.EnumerateArray()
                .Concat((await archive.Archive.SendAsync("GET /query?table=release")).Json.EnumerateArray())
        )
            each.TryGetProperty("end_date", out _).ShouldBeTrue();
        var lines = (await archive.Archive.SendAsync("GET /query?table=ancillary&format=csv&fields=end_date,version")).Text;
        lines.ShouldBe("end_date,version\r\n20260131,v002\r\n,v001\r\n");
        // Of science files only the founding document's convention has it.
        foreach (var each in (await archive.Archive.SendAsync("GET /query?table=science")).Json.EnumerateArray())
            each.TryGetProperty("end_date", out _)
                .ShouldBe(each.GetProperty("version").GetString()!.Contains('-', StringComparison.Ordinal));
        (await archive.Archive.SendAsync("GET /query?table=spice"))
            .Json.EnumerateArray()
            .Single()
            .TryGetProperty("end_date", out _)
            .ShouldBeFalse();
    }

    [Fact]
    public void A_path_is_joined_only_before_its_route()
    {
        OpenSdc.Server.PathSlashes.Joined("//query").ShouldBe("/query");
        OpenSdc.Server.PathSlashes.Joined("//api-key//download/s3://b/k").ShouldBe("/api-key/download/s3://b/k");
        OpenSdc.Server.PathSlashes.Joined("//objects/a//b").ShouldBe("/objects/a//b");
        OpenSdc.Server.PathSlashes.Joined("//metrics").ShouldBeNull();
        OpenSdc.Server.PathSlashes.Joined("//queryx").ShouldBeNull();
    }

    private Task<Answer> PostAsync(string json) =>
        archive.Archive.SendAsync("POST /query", content: new StringContent(json, Encoding.UTF8, "application/json"));
}
