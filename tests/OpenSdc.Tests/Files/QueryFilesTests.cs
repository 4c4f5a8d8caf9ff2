using System.Security.Cryptography;
using System.Text;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>Contract, "Query": what each parameter means, the two bodies, the order.</summary>
public sealed class QueryFilesTests(QueryArchive query) : IClassFixture<QueryArchive>
{
    private readonly RunningArchive archive = query.Archive;

    /// <summary>Parameters, and the numbers of the files that they leave.</summary>
    [Theory]
    [InlineData("", "0 1 2 3 4 5 9 10 11 12")]
    [InlineData("instrument=mag", "1 2")]
    [InlineData("instrument=ultra", "")]
    [InlineData("instrument=mag,codice", "0 1 2")]
    [InlineData("instrument=mag&instrument=codice", "0 1 2")]
    [InlineData("instrument=mag&instrument=codice,glows", "0 1 2 3 4 5")]
    [InlineData("instrument=*", "0 1 2 3 4 5 9 10 11 12")]
    [InlineData("instrument=*s*", "3 4 5 9 10 11")]
    [InlineData("instrument=h*", "12")]
    [InlineData("data_level=l1a", "0 3 4 12")]
    [InlineData("data_level=l0,l2", "1 2 5")]
    [InlineData("data_level=l1*", "0 3 4 9 10 11 12")]
    [InlineData("descriptor=sci", "9 10")]
    [InlineData("descriptor=sci*", "9 10 11")]
    [InlineData("descriptor=*sensor-*", "12")]
    [InlineData("descriptor=burst,lo", "0 1 2")]
    [InlineData("descriptor=burst,sci-*", "1 2 11")]
    [InlineData("descriptor=s%25", "")]
    [InlineData("descriptor=BURST", "")]
    [InlineData("descriptor=*", "0 1 2 3 4 5 9 10 11 12")]
    [InlineData("extension=pkts", "1 2 12")]
    [InlineData("extension=cdf,pkts", "0 1 2 3 4 5 9 10 11 12")]
    [InlineData("extension=p*", "1 2 12")]
    [InlineData("start_date=20260101", "0 3 4 5 9 10 11 12")]
    [InlineData("start_date=20260102", "3 4 5 9 10 11 12")]
    [InlineData("end_date=20260101", "0 1 2")]
    [InlineData("end_date=20251231", "1 2")]
    [InlineData("start_date=20230112&end_date=20230112", "1 2")]
    [InlineData("start_date=20230113&end_date=20230113", "")]
    [InlineData("version=v01-01", "0 1")]
    [InlineData("version=v001", "3 4 5 10 11 12")]
    [InlineData("version=1", "3 4 5 10 11 12")]
    [InlineData("version=V2", "6")]
    [InlineData("version=1.10", "7")]
    [InlineData("version=v010&minor_version=10", "7")]
    [InlineData("minor_version=2,10&descriptor=sci", "6 7")]
    [InlineData("version=*", "0 1 2 3 4 5 6 7 8 9 10 11 12")]
    [InlineData("major_version=*", "0 1 2 3 4 5 6 7 8 9 10 11 12")]
    [InlineData("current=false", "1 6 7 8 9")]
    [InlineData("table=*", "0 1 2 3 4 5 9 10 11 12 13 14 15 16 17 18")]
    [InlineData("table=*&version=*&extension=pkts,tls", "1 2 12 15")]
    [InlineData("version=v001.0002", "6")]
    [InlineData("version=v001.*", "6 7")]
    [InlineData("version=v01-*", "0 1 2 9")]
    [InlineData("version=v01-02,v999", "2 8")]
    [InlineData("repointing=2", "3")]
    [InlineData("repointing=00002", "3")]
    [InlineData("repointing=repoint00002", "3")]
    [InlineData("repointing=2,repoint00003", "3 4")]
    [InlineData("repointing=2&repointing=3", "3 4")]
    [InlineData("repointing=7", "")]
    [InlineData("cr=2092", "5")]
    [InlineData("cr=02092", "5")]
    [InlineData("cr=1", "")]
    [InlineData("major_version=1", "0 1 2 6 7 9")]
    [InlineData("major_version=2", "10")]
    [InlineData("major_version=1,2&descriptor=sci", "6 7 9 10")]
    [InlineData("minor_version=2", "2 6")]
    [InlineData("minor_version=10", "7")]
    [InlineData("ingestion_start_date=20260301&ingestion_end_date=20260301", "0 1")]
    [InlineData("ingestion_start_date=20260302&ingestion_end_date=20260302", "2")]
    [InlineData("ingestion_end_date=20260302", "0 1 2")]
    [InlineData("ingestion_start_date=20260303&instrument=glows", "3 4 5")]
    [InlineData("ingestion_start_date=20260304", "")]
    [InlineData("table=science&instrument=mag", "1 2")]
    [InlineData("table=ancillary", "13 14")]
    [InlineData("table=ancillary&instrument=mag&descriptor=l1-calibration&version=v002", "14")]
    [InlineData("table=ancillary&start_date=20260101&end_date=20260101&extension=cdf", "13 14")]
    [InlineData("table=spice", "15")]
    [InlineData("table=spice&descriptor=leapseconds", "15")]
    [InlineData("table=quicklook", "16")]
    [InlineData("table=quicklook&instrument=swe&data_level=l1&extension=png", "16")]
    [InlineData("table=dependency", "17")]
    [InlineData("table=release", "18")]
    [InlineData("filename=imap_swe_l1_sci_20260901_v999.cdf", "8")]
    [InlineData("filename=naif0012.tls", "15")]
    [InlineData("filename=naif0012.tls&table=spice", "15")]
    [InlineData("filename=naif0012.tls&table=science", "")]
    [InlineData("filename=imap_swe_l1_sci_20260901_v999.cdf,imap_swe_l1_sci_20260901_v001.png", "8 16")]
    [InlineData("filename=imap_swe_l1_sci_20260901_v998.cdf", "")]
    [InlineData("filename=naif0012.tls&file_path=imap/mag/l0/2023/01/imap_mag_l0_burst_20230112_20230113_v01-01.pkts", "")]
    [InlineData(
        "filename=naif0012.tls,imap_mag_l0_burst_20230112_20230113_v01-01.pkts&file_path=imap/mag/l0/2023/01/imap_mag_l0_burst_20230112_20230113_v01-01.pkts",
        "1"
    )]
    [InlineData("version=*v999", "8")]
    [InlineData("version=*v*9&instrument=swe", "8")]
    [InlineData("file_path=imap/mag/l0/2023/01/imap_mag_l0_burst_20230112_20230113_v01-01.pkts", "1")]
    [InlineData("file_path=mag/l0/2023/01/imap_mag_l0_burst_20230112_20230113_v01-01.pkts", "1")]
    [InlineData("file_path=imap/ancillary/mag/imap_mag_l1-calibration_20260101_v001.cdf", "13")]
    [InlineData("instrument=mag&data_level=l0&descriptor=burst&start_date=20230112&end_date=20230113&version=*&extension=pkts", "1 2")]
    [InlineData("instrument=mag&data_level=l1a", "")]
    [InlineData("latest=true", "0 2 3 4 5 10 11 12")]
    [InlineData("latest=false&instrument=mag", "1 2")]
    [InlineData("version=latest", "0 2 3 4 5 10 11 12")]
    [InlineData("version=latest&instrument=mag", "2")]
    [InlineData("latest=true&descriptor=sci&major_version=1", "7")]
    [InlineData("latest=true&descriptor=sci&version=v001.*", "7")]
    [InlineData("latest=true&version=v01-03,v001.0002", "9")]
    [InlineData("latest=true&version=v01-03,v999", "9")]
    [InlineData("latest=true&version=v999", "8")]
    [InlineData("latest=true&instrument=mag&version=v01-01", "1")]
    [InlineData("latest=true&ingestion_end_date=20260301", "0 1")]
    [InlineData("latest=true&table=ancillary", "14")]
    [InlineData("latest=true&table=spice", "15")]
    public async Task Parameters_leave_these_files(string parameters, string numbers)
    {
        var expected = numbers.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse).ToList();
        foreach (var prefix in (string[])["", "/api-key", "/authorized"])
        {
            var answer = await archive.SendAsync($"GET {prefix}/query?{parameters}");
            answer.Status.ShouldBe(200, answer.Text);
            answer["Content-Type"].ShouldBe("application/json");
            var paths = answer.Json.EnumerateArray().Select(each => each.GetProperty("file_path").GetString()!).ToList();
            paths.ShouldBe(paths.Order(StringComparer.Ordinal).ToList(), "ordered by path, ordinal");
            paths.Select(path => Array.IndexOf(QueryArchive.Names, Path.GetFileName(path))).Order().ShouldBe(expected);
        }
    }

    [Theory]
    [InlineData("instrument=swe&count=true")]
    [InlineData("instrument=swe&count=true&format=csv")]
    [InlineData("instrument=swe&count=true&limit=2")]
    public async Task Head_answers_with_the_headers_of_get_alone(string parameters)
    {
        var get = await archive.SendAsync($"GET /query?{parameters}");
        var head = await archive.SendAsync($"HEAD /query?{parameters}");
        head.Status.ShouldBe(200);
        head.Bytes.ShouldBeEmpty();
        foreach (var name in (string[])["ETag", "OpenSDC-Count", "Content-Type", "Content-Disposition", "Link", "Vary"])
            head[name].ShouldBe(get[name], name);
        head["OpenSDC-Count"].ShouldBe("3");
        (await archive.SendAsync("HEAD /query?instrument=nonsense")).Status.ShouldBe(400);
        (await archive.SendAsync($"HEAD /query?{parameters}", headers: [("If-None-Match", get["ETag"]!)])).Status.ShouldBe(304);
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("version=v001", true)]
    [InlineData("minor_version=1", true)]
    [InlineData("instrument=swe&limit=1&format=csv", true)]
    [InlineData("version=*", false)]
    [InlineData("version=v001.0002", false)]
    [InlineData("major_version=1", false)]
    [InlineData("latest=true", false)]
    [InlineData("current=true", false)]
    [InlineData("since_seq=0", false)]
    [InlineData("filename=naif0012.tls", false)]
    [InlineData("table=quicklook", false)]
    public async Task A_header_tells_that_lower_majors_are_left_out(string parameters, bool areLeftOut) =>
        (await archive.SendAsync($"GET /query?{parameters}"))["OpenSDC-Default-Versions"]
            .ShouldBe(areLeftOut ? "highest major version of each series; version=* lists all" : null);

    [Fact]
    public async Task The_founding_documents_own_query_is_answered_to_the_letter()
    {
        var answer = await archive.SendAsync(
            "GET /query?instrument=mag&data_level=l0&descriptor=burst&start_date=20230112&end_date=20230113&version=*&extension=pkts",
            "application/json"
        );
        answer.Status.ShouldBe(200);
        answer["Content-Type"].ShouldBe("application/json");
        answer["Access-Control-Allow-Origin"].ShouldBe("*");
        answer.Text.ShouldBe("""
            {"statusCode": 200, "headers": {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}, "body": "[('mag', 'l0', 'burst', '20230112', '20230113', 'v01-01', 'pkts'), ('mag', 'l0', 'burst', '20230112', '20230113', 'v01-02', 'pkts')]"}
            """);
    }

    [Theory]
    [InlineData("instrument=ultra", "[]")]
    [InlineData("repointing=2", "[('glows', 'l1a', 'counts', '20261206', '20261206', 'v001', 'cdf')]")]
    [InlineData("version=v001.0002", "[('swe', 'l1', 'sci', '20260901', '20260901', 'v001.0002', 'cdf')]")]
    [InlineData(
        "table=ancillary",
        "[('mag', None, 'l1-calibration', '20260101', '20260131', 'v002', 'cdf'), ('mag', None, 'l1-calibration', '20260101', '20260101', 'v001', 'cdf')]"
    )]
    [InlineData("table=spice", "[(None, None, 'leapseconds', None, None, '0012', 'tls')]")]
    public async Task The_documented_body_is_python_text(string parameters, string body)
    {
        var answer = await archive.SendAsync($"GET /query?{parameters}", "application/json");
        answer.Json.GetProperty("body").GetString().ShouldBe(body);
    }

    [Theory]
    [InlineData(
        1,
        """
            {"file_path":"imap/mag/l0/2023/01/imap_mag_l0_burst_20230112_20230113_v01-01.pkts","instrument":"mag","data_level":"l0","descriptor":"burst","start_date":"20230112","end_date":"20230113","repointing":null,"cr":null,"version":"v01-01","major_version":1,"minor_version":1,"extension":"pkts","ingestion_date":"20260301 23:59:59","size":47,"sha256":"SHA","seq":2,"released":true,"crid":null}
            """
    )]
    [InlineData(
        3,
        """
            {"file_path":"imap/glows/l1a/2026/12/imap_glows_l1a_counts_20261206-repoint00002_v001.cdf","instrument":"glows","data_level":"l1a","descriptor":"counts","start_date":"20261206","repointing":2,"cr":null,"version":"v001","major_version":null,"minor_version":1,"extension":"cdf","ingestion_date":"20260303 12:00:00","size":52,"sha256":"SHA","seq":4,"released":true,"crid":null}
            """
    )]
    [InlineData(
        15,
        """
            {"file_path":"imap/spice/lsk/naif0012.tls","instrument":null,"data_level":null,"descriptor":"leapseconds","start_date":null,"repointing":null,"cr":null,"version":"0012","major_version":null,"minor_version":12,"extension":"tls","ingestion_date":"20260303 12:00:00","size":12,"sha256":"SHA","seq":16,"released":true,"crid":null}
            """
    )]
    public async Task A_plain_item_has_these_members_in_this_order(int number, string item)
    {
        var name = QueryArchive.Names[number];
        var answer = await archive.SendAsync($"GET /query?filename={name}");
        answer.Text.ShouldBe($"[{item.Replace("SHA", Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(name))))}]");
    }
}
