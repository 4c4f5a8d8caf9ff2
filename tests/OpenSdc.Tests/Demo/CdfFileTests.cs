using System.Buffers.Binary;
using OpenSdc.Cli.Demo;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Demo;

public sealed class CdfFileTests
{
    [Fact]
    public void The_walk_is_right_because_it_reads_real_files()
    {
        foreach (var path in RealFiles.With("cdf"))
        {
            var walk = CdfWalk.Of(File.ReadAllBytes(path));
            walk.Globals.ShouldContainKey("Logical_source", path);
            walk.Variables.ShouldNotBeEmpty(path);
        }
    }

    [Fact]
    public void Every_demo_cdf_walks_from_the_magic_to_the_last_byte()
    {
        foreach (var file in DemoFiles.Generate(400).Where(file => file.Name.EndsWith(".cdf", StringComparison.Ordinal)))
        {
            var walk = CdfWalk.Of(file.Content.ToArray());

            walk.Unclaimed.ShouldBe(0, file.Name);
            walk.Globals["Logical_file_id"].ShouldBe(file.Name[..^4]);
            file.Name.ShouldStartWith(walk.Globals["Logical_source"] + "_");
            file.Name.ShouldEndWith($"_v{walk.Globals["Data_version"]}.cdf");
            walk.Globals["Project"].ShouldStartWith("IMAP>");

            walk.Variables.Select(variable => (variable.Name, variable.Number, variable.Type, variable.RecordSize, variable.Records))
                .ShouldBe([("epoch", 0, 33, 8, 12), ("counts", 1, 12, 16, 12)]);
            walk.VariableAttributes.ShouldBe([("DEPEND_0", 1)]);
        }
    }

    [Fact]
    public void The_times_of_a_day_are_terrestrial_nanoseconds_of_that_day()
    {
        var file = DemoFiles.Generate(400).First(file => file.Name.Contains("_swe_l1a_", StringComparison.Ordinal));
        var day = DateTime.ParseExact(file.Name.Split('_')[4], "yyyyMMdd", null);
        var epochs = CdfWalk.Of(file.Content.ToArray()).Variables[0].Values;

        // 2017-01-01T00:00:00 UTC is 536500869184000000 by the conversion tables of NASA's library; no leap second came after it.
        var expected = 536_500_869_184_000_000 + (long)(day - new DateTime(2017, 1, 1)).TotalSeconds * 1_000_000_000;
        BinaryPrimitives.ReadInt64BigEndian(epochs).ShouldBe(expected);
        BinaryPrimitives.ReadInt64BigEndian(epochs.AsSpan(8)).ShouldBe(expected + 7_200_000_000_000);
    }

    [Fact]
    public void A_file_larger_than_the_first_guess_is_written_whole()
    {
        var values = new byte[100_000];
        new Random(1).NextBytes(values);
        var cdf = new CdfFile("A large one");
        cdf.GlobalAttribute("Project", "Größe");
        cdf.Variable("image", CdfType.UInt2, [10, 50], 100, values);

        var walk = CdfWalk.Of(cdf.Complete().ToArray());

        walk.Globals["Project"].ShouldBe("Größe");
        walk.Variables.ShouldHaveSingleItem().Values.ShouldBe(values);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(320)]
    [InlineData(340)]
    [InlineData(356)]
    public void The_walk_sees_a_wrong_byte_in_the_headers(int at)
    {
        var bytes = DemoFiles.At(1).Content.ToArray();
        bytes[at] ^= 0x40;
        Should.Throw<Exception>(() => CdfWalk.Of(bytes));
    }
}
