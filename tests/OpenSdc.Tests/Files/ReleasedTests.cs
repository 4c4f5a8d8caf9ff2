using System.Globalization;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

/// <summary>
/// Every file is released, and none is of a composite release: the members that the records of the live
/// service have, and their filters.
/// </summary>
public sealed class ReleasedTests
{
    private const string Name = "imap_swe_l1a_sci_20260101_v001.cdf";

    public static TheoryData<string> Setups => [.. ArchiveSetup.OfEachCatalogue];

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Records_say_that_they_are_released_and_both_members_are_filters(string setup)
    {
        await using var archive = await RunningArchive.StartAsync(setup: ArchiveSetup.Of(setup));
        await archive.UploadAsync(Name, "bytes"u8.ToArray());
        var record = (await archive.SendAsync("GET /query")).Json.EnumerateArray().Single();
        record.GetProperty("released").GetBoolean().ShouldBeTrue();
        record.GetProperty("crid").GetString().ShouldBeNull();
        (await archive.SendAsync("GET /query?fields=released,crid")).Text.ShouldBe("[{\"released\":true,\"crid\":null}]");
        (string, string)[] counts =
        [
            ("", "1"),
            ("&released=true", "1"),
            ("&released=True", "1"),
            ("&released=false", "0"),
            ("&crid=CRID01", "0"),
            ("&released=false&latest=true", "0"),
        ];
        foreach (var (query, count) in counts)
        {
            (await archive.SendAsync($"GET /query?count=true{query}"))["OpenSDC-Count"].ShouldBe(count, query);
            (await archive.SendAsync($"GET /query?filename={Name}{query}"))
                .Json.GetArrayLength()
                .ToString(CultureInfo.InvariantCulture)
                .ShouldBe(count, query);
            (await archive.SendAsync($"GET /facets?table=science{query}"))
                .Json.GetProperty("files")
                .GetInt64()
                .ToString(CultureInfo.InvariantCulture)
                .ShouldBe(count, query);
            (await archive.SendAsync($"GET /coverage?table=science{query}")).Status.ShouldBe(200, query);
        }

        var refused = await archive.SendAsync("GET /query?released=yes");
        refused.Status.ShouldBe(400);
        refused.Json.GetProperty("detail").GetString().ShouldBe("The parameter released is 'yes'; allowed: true or false.");
    }
}
