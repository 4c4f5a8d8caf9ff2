using System.Buffers.Binary;
using OpenSdc.Cli.Demo;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Demo;

public sealed class CcsdsPacketTests
{
    [Fact]
    public void A_header_is_as_the_standard_lays_it_out()
    {
        var bytes = new byte[64];
        var length = CcsdsPacket.Write(bytes, apid: 0x4A4, sequence: 0x11B7, seconds: 0x1BB581DF, fraction: 0x8000, data: [1, 2, 3, 4]);

        length.ShouldBe(16);

        // Version 0, telemetry, secondary header, 0x4A4; unsegmented, 0x11B7; ten bytes follow; the time; the data.
        Convert.ToHexString(bytes, 0, length).ShouldBe("0CA4" + "D1B7" + "0009" + "1BB581DF8000" + "01020304");
    }

    [Fact]
    public void The_sequence_count_starts_again_after_14_bits()
    {
        var bytes = new byte[64];
        CcsdsPacket.Write(bytes, apid: 1, sequence: CcsdsPacket.SequenceModulus, seconds: 0, fraction: 0, data: [0]);
        BinaryPrimitives.ReadUInt16BigEndian(bytes.AsSpan(2)).ShouldBe((ushort)0xC000);
    }

    [Fact]
    public void An_identifier_wider_than_11_bits_is_refused() =>
        Should.Throw<ArgumentOutOfRangeException>(() => CcsdsPacket.Write(new byte[64], 0x800, 0, 0, 0, [0]));

    [Fact]
    public void Every_demo_packet_file_walks_packet_by_packet_to_its_end()
    {
        var files = DemoFiles.Generate(5000).Where(file => file.Name.EndsWith(".pkts", StringComparison.Ordinal)).ToList();
        files.Count.ShouldBeGreaterThan(500);
        foreach (var file in files)
        {
            var day = DateTime.ParseExact(file.Name.Split('_')[4], "yyyyMMdd", null);
            var packets = Walk(file.Content.ToArray());

            packets.Count.ShouldBe(16);
            packets.ShouldAllBe(packet => packet.First >> 11 == 1, "version 0, telemetry, secondary header");
            packets.ShouldAllBe(packet => packet.Second >> 14 == 3, "unsegmented");
            packets.Select(packet => packet.First & 0x7FF).Distinct().ShouldBe([DemoContent.Apid(file.Name.Split('_')[1])]);
            for (var i = 1; i < packets.Count; i++)
            {
                (packets[i].Second & 0x3FFF).ShouldBe(((packets[i - 1].Second & 0x3FFF) + 1) % 16_384);
                packets[i].Time.ShouldBeGreaterThan(packets[i - 1].Time);
            }

            // Three leap seconds lie between the epoch and the demo.
            var start = (day - new DateTime(2010, 1, 1)).TotalSeconds + 3;
            packets.ShouldAllBe(packet => packet.Time >= start && packet.Time < start + 86_400);
        }
    }

    [Fact]
    public void The_walk_is_right_because_it_reads_real_files()
    {
        foreach (var path in RealFiles.With("pkts"))
        {
            var packets = Walk(File.ReadAllBytes(path));
            packets.ShouldNotBeEmpty(path);
            packets.ShouldAllBe(packet => packet.First >> 11 == 1, path);
        }
    }

    /// <summary>Goes from header to header by the lengths; throws where they do not add up to the file.</summary>
    private static List<(int First, int Second, uint Time)> Walk(ReadOnlySpan<byte> file)
    {
        var packets = new List<(int, int, uint)>();
        while (file.Length > 0)
        {
            var length = 6 + BinaryPrimitives.ReadUInt16BigEndian(file[4..]) + 1;
            packets.Add((BinaryPrimitives.ReadUInt16BigEndian(file), BinaryPrimitives.ReadUInt16BigEndian(file[2..]),
                BinaryPrimitives.ReadUInt32BigEndian(file[6..])));
            file = file[length..];
        }

        return packets;
    }
}
