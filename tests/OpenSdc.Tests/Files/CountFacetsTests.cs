using CsCheck;
using OpenSdc.Contract;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary><c>GET /facets</c>: the values of each field with their numbers, under all filters.</summary>
public sealed class CountFacetsTests(QueryArchive query) : IClassFixture<QueryArchive>
{
    private static readonly string[] Fields = ["instrument", "data_level", "descriptor", "extension", "start_year"];

    private readonly RunningArchive archive = query.Archive;

    /// <summary>Parameters, the number of files, and each field's values with theirs.</summary>
    [Theory]
    [InlineData(
        "",
        13,
        "codice 1 glows 3 hi 1 mag 2 swe 6",
        "l0 2 l1 6 l1a 4 l2 1",
        "45sensor-de 1 burst 2 counts 3 lo 1 sci 5 sci-x 1",
        "cdf 10 pkts 3",
        "2023 2 2026 11"
    )]
    [InlineData("instrument=swe,mag", 8, "mag 2 swe 6", "l0 2 l1 6", "burst 2 sci 5 sci-x 1", "cdf 6 pkts 2", "2023 2 2026 6")]
    [InlineData("instrument=swe&latest=true", 2, "swe 2", "l1 2", "sci 1 sci-x 1", "cdf 2", "2026 2")]
    [InlineData("start_date=20230101&end_date=20231231", 2, "mag 2", "l0 2", "burst 2", "pkts 2", "2023 2")]
    [InlineData("start_date=20230113&end_date=20260101", 1, "codice 1", "l1a 1", "lo 1", "cdf 1", "2026 1")]
    [InlineData("table=spice", 1, "- 1", "- 1", "leapseconds 1", "tls 1", "- 1")]
    [InlineData("descriptor=none*", 0, "", "", "", "", "")]
    public async Task Each_field_counts_the_files_that_all_filters_leave(string parameters, int files, params string[] expected)
    {
        foreach (var prefix in (string[])["", "/api-key", "/authorized"])
        {
            foreach (var accept in (string[])["*/*", "application/json"])
            {
                var answer = await archive.SendAsync($"GET {prefix}/facets?{parameters}", accept);
                answer.Status.ShouldBe(200, answer.Text);
                answer.Json.GetProperty("files").GetInt32().ShouldBe(files);
                answer.Json.GetProperty("facets").EnumerateObject().Select(each => each.Name).ShouldBe(Fields);
                Fields.Select(field => Shown(answer, field)).ShouldBe(expected);
            }
        }
    }

    [Fact]
    public async Task The_answer_has_this_form() =>
        (await archive.SendAsync("GET /facets?instrument=mag")).Text.ShouldBe(
            """
            {"files":2,"bytes":94,"facets":{"instrument":[{"value":"mag","files":2,"bytes":94}],"data_level":[{"value":"l0","files":2,"bytes":94}],"descriptor":[{"value":"burst","files":2,"bytes":94}],"extension":[{"value":"pkts","files":2,"bytes":94}],"start_year":[{"value":"2023","files":2,"bytes":94}]}}
            """);

    [Fact]
    public async Task Any_filters_leave_what_is_counted_file_by_file()
    {
        string[] filters =
        [
            "instrument=swe",
            "instrument=m*,swe",
            "data_level=l1*",
            "descriptor=s*",
            "extension=cdf",
            "start_date=20230113",
            "end_date=20260901",
            "latest=true",
            "major_version=1",
            "repointing=2,3",
            "ingestion_end_date=20260302",
            "overlaps=20230113-20260101",
            "as_of=9",
            "since_seq=6",
        ];
        await Gen.Int[0, filters.Length - 1]
            .Select(i => filters[i])
            .Array[0, 4]
            .SampleAsync(
                async chosen =>
                {
                    var parameters = string.Join('&', chosen.DistinctBy(each => each.Split('=')[0]));
                    // Only lists leave out lower majors by default.
                    var files = (await archive.QueryAsync(parameters + "&version=*")).ToList();
                    var answer = await archive.SendAsync($"GET /facets?{parameters}");
                    answer.Json.GetProperty("files").GetInt32().ShouldBe(files.Count, parameters);
                    answer.Json.GetProperty("bytes").GetInt64().ShouldBe(files.Sum(each => each.Size), parameters);
                    Shown(answer, "instrument").ShouldBe(Counted(files, each => each.Instrument), parameters);
                    Shown(answer, "data_level").ShouldBe(Counted(files, each => each.DataLevel), parameters);
                    Shown(answer, "descriptor").ShouldBe(Counted(files, each => each.Descriptor), parameters);
                    Shown(answer, "extension").ShouldBe(Counted(files, each => each.Extension), parameters);
                    Shown(answer, "start_year").ShouldBe(Counted(files, each => each.StartDate?[..4]), parameters);
                },
                iter: 200,
                threads: 1
            );
    }

    private static string Counted(List<FileRecord> files, Func<FileRecord, string?> field) =>
        string.Join(
            ' ',
            files
                .GroupBy(each => field(each) ?? "-")
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => $"{group.Key} {group.Count()}")
        );

    private static string Shown(Answer answer, string field) =>
        string.Join(
            ' ',
            answer
                .Json.GetProperty("facets")
                .GetProperty(field)
                .EnumerateArray()
                .Select(each => $"{each.GetProperty("value").GetString() ?? "-"} {each.GetProperty("files").GetInt64()}")
        );
}
