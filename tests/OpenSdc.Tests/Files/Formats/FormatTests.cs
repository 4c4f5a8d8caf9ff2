using System.Security.Cryptography;
using System.Text.Json;
using OpenSdc.Server.Files;
using OpenSdc.Server.Files.Formats;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files.Formats;

/// <summary>Every format says the same of the same rows: each is held against the plain JSON, over a real port.</summary>
public sealed class FormatTests(FormatArchive formats) : IClassFixture<FormatArchive>
{
    private readonly RunningArchive archive = formats.Archive;

    public static TheoryData<string> Queries =>
        ["", "table=ancillary", "table=spice", "instrument=swe", "extension=pkts", "instrument=mag", "sort=-size", "latest=true"];

    public static TheoryData<string> EachFormat => [.. ListingFormats.Names];

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Ndjson_is_the_same_objects_one_a_line(string query)
    {
        var records = await formats.RecordsAsync(query);
        var answer = await GetAsync(query, "ndjson");
        answer["Content-Type"].ShouldBe("application/x-ndjson");
        answer.Text.ShouldBe(string.Concat(records.Select(each => each.GetRawText() + "\n")));
    }

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Csv_is_the_same_values_under_a_header_line(string query)
    {
        var records = await formats.RecordsAsync(query);
        var answer = await GetAsync(query, "csv");
        answer["Content-Type"]!.ShouldStartWith("text/csv");
        var rows = FormatArchive.ReadCsv(answer.Text);
        rows[0].ShouldBe(QueryRequest.AllFields);
        rows.Skip(1).ShouldBe(records.Select(each => Values(each, QueryRequest.AllFields)));
    }

    [Fact]
    public async Task Csv_quotes_what_must_be_quoted_and_nothing_else()
    {
        var lines = (await GetAsync("extension=pkts&fields=descriptor,version,repointing,size", "csv")).Text.Split("\r\n");
        lines.ShouldBe(
            ["descriptor,version,repointing,size", "\"\"\"quoted\"\",\"\"\"\"\",v001,,50", "=1+1,v002,,43", ""],
            ignoreOrder: true
        );
    }

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Urls_lead_to_the_bytes_of_the_same_files_in_the_same_order(string query)
    {
        var records = await formats.RecordsAsync(query);
        var answer = await GetAsync(query, "urls");
        answer["Content-Type"]!.ShouldStartWith("text/plain");
        var lines = Lines(answer);
        lines.Length.ShouldBe(records.Count);
        foreach (var (url, record) in lines.Zip(records))
        {
            url.ShouldStartWith(archive.Address + "/objects/imap/");
            url.ShouldMatch("^[-A-Za-z0-9._~:/?=&%]+$", "neither a shell nor a URL parser finds anything in it to act upon");
            var bytes = await archive.SendAsync($"GET {url}");
            bytes.Status.ShouldBe(200, bytes.Text);
            Convert.ToHexStringLower(SHA256.HashData(bytes.Bytes)).ShouldBe(record.GetProperty("sha256").GetString());
        }
    }

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Sha256sum_lines_have_digest_and_bare_name(string query)
    {
        var records = await formats.RecordsAsync(query);
        Lines(await GetAsync(query, "sha256sum"))
            .ShouldBe(
                records.Select(each =>
                    $"{each.GetProperty("sha256").GetString()}  {Path.GetFileName(each.GetProperty("file_path").GetString())}"
                )
            );
    }

    [Theory]
    [InlineData("json", "[]")]
    [InlineData("ndjson", "")]
    [InlineData("csv", "seq,file_path\r\n")]
    [InlineData("urls", "")]
    [InlineData("sha256sum", "")]
    public async Task No_files_are_an_empty_answer(string format, string text)
    {
        var answer = await GetAsync("instrument=ultra&count=true" + (format == "csv" ? "&fields=seq,file_path" : ""), format);
        answer.Text.ShouldBe(text);
        answer["OpenSDC-Count"].ShouldBe("0");
        (await GetAsync("instrument=ultra&limit=3" + (format == "csv" ? "&fields=seq,file_path" : ""), format)).Text.ShouldBe(text);
    }

    [Theory]
    [InlineData("file_path")]
    [InlineData("seq,file_path")]
    [InlineData("end_date,start_date")]
    [InlineData("end_date")]
    [InlineData("sha256,repointing,cr,size,major_version,minor_version,version")]
    [InlineData("descriptor,descriptor&fields=instrument")]
    public async Task Fields_are_those_members_in_that_order(string fields)
    {
        var names = fields.Replace("&fields=", ",").Split(',').Distinct().ToArray();
        var whole = await formats.RecordsAsync("");
        // A member that the whole record leaves out is left out.
        var expected = whole.Select(each => "{" + string.Join(',', names
            .Where(name => each.TryGetProperty(name, out _))
            .Select(name => $"\"{name}\":{each.GetProperty(name).GetRawText()}")) + "}").ToList();

        (await GetAsync($"fields={fields}", "json")).Text.ShouldBe($"[{string.Join(',', expected)}]");
        (await archive.SendAsync($"GET /query?fields={fields}")).Text.ShouldBe($"[{string.Join(',', expected)}]");
        (await GetAsync($"fields={fields}", "ndjson")).Text.ShouldBe(string.Concat(expected.Select(each => each + "\n")));
        var rows = FormatArchive.ReadCsv((await GetAsync($"fields={fields}", "csv")).Text);
        rows[0].ShouldBe(names);
        rows.Skip(1).ShouldBe(whole.Select(each => Values(each, names)));
    }

    [Fact]
    public async Task The_documented_tuples_quote_hostile_names_as_python_does()
    {
        var answer = await archive.SendAsync("GET /query?instrument=swe,hi", "application/json");
        answer
            .Json.GetProperty("body")
            .GetString()
            .ShouldBe(
                "[('hi', 'l0', '\"quoted\",\"\"', '20260901', '20260901', 'v001', 'pkts'), ('hi', 'l0', '=1+1', '20260901', '20260901', 'v002', 'pkts'), "
                    + "('swe', 'l1', ',', '20260901', '20260901', 'v001', 'cdf'), "
                    + $"('swe', 'l1', \"{FormatArchive.Hostile}\", '20260901', '20260901', 'v001', 'cdf'), "
                    + "('swe', 'l1', 'sci', '20260901', '20260901', 'v001.0002', 'cdf')]"
            );
    }

    [Fact]
    public async Task All_fields_are_the_whole_record_byte_for_byte()
    {
        foreach (var format in (string[])["json", "ndjson", "csv"])
            (await GetAsync($"fields={string.Join(',', QueryRequest.AllFields)}", format)).Bytes.ShouldBe(
                (await GetAsync("", format)).Bytes
            );
    }

    [Theory]
    [MemberData(nameof(EachFormat))]
    public async Task Pages_put_together_are_the_whole_answer(string format)
    {
        foreach (var order in (string[])["", "&sort=-ingestion_date"])
        {
            var whole = Rows(await GetAsync(order, format), format);
            List<string> seen = [];
            string? next = $"/query?limit=2&format={format}{order}";
            for (var page = 0; next is not null; page++)
            {
                page.ShouldBeLessThan(20);
                var answer = await archive.SendAsync($"GET {next}");
                answer.Status.ShouldBe(200, answer.Text);
                seen.AddRange(Rows(answer, format));
                next = answer["Link"] is { } link ? link[1..link.IndexOf('>', StringComparison.Ordinal)] : null;
            }

            seen.ShouldBe(whole);
        }
    }

    private async Task<Answer> GetAsync(string query, string format)
    {
        var answer = await archive.SendAsync($"GET /query?{query}&format={format}".Replace("?&", "?", StringComparison.Ordinal));
        answer.Status.ShouldBe(200, answer.Text);
        return answer;
    }

    private static string[] Lines(Answer answer)
    {
        if (answer.Text.Length == 0)
            return [];
        answer.Text.ShouldEndWith("\n");
        return answer.Text[..^1].Split('\n');
    }

    /// <summary>What of an answer belongs to one file each.</summary>
    private static List<string> Rows(Answer answer, string format) => format switch
    {
        "json" => [.. answer.Json.EnumerateArray().Select(each => each.GetRawText())],
        "csv" => [.. FormatArchive.ReadCsv(answer.Text).Skip(1).Select(each => string.Join('|', each))],
        // Two of them for one file differ in when they end.
        "urls" => [.. Lines(answer).Select(each => each[..each.IndexOf('?', StringComparison.Ordinal)])],
        _ => [.. Lines(answer)],
    };

    private static List<string> Values(JsonElement record, IEnumerable<string> names) =>
        [
            .. names.Select(name =>
                !record.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null ? ""
                : value.ValueKind == JsonValueKind.String ? value.GetString()!
                : value.GetRawText()
            ),
        ];
}
