using System.Buffers.Binary;

namespace OpenSdc.Cli.Demo;

/// <summary>Makes the bytes of a demo file: the measurements are noise, everything around them is as the format asks.</summary>
internal static class DemoContent
{
    private const string Copyright =
        "\nCommon Data Format (CDF)\nhttps://cdf.gsfc.nasa.gov\nSynthetic demonstration file; holds no measurement.\n";

    private const int PacketsPerFile = 16;
    private const int SecondsPerDay = 86_400;

    /// <summary>2000-01-01T12:00:00 terrestrial time lies 69.184 s before that hour of UTC, as counted since 2017.</summary>
    private const long TerrestrialOffset = 69_184_000_000 - SecondsPerDay / 2 * NanosecondsPerSecond;

    private const long NanosecondsPerSecond = 1_000_000_000;

    private static readonly DateOnly J2000 = new(2000, 1, 1);

    /// <summary>All bytes of the file.</summary>
    public static ReadOnlyMemory<byte> Of(DemoDescription file) => file.Product.Extension switch
    {
        "pkts" => Packets(file),
        "cdf" => Cdf(file),
        "png" => Png(file),
        _ => DemoText.Of(file),
    };

    /// <summary>The identifier under which an instrument sends its main data.</summary>
    public static int Apid(string instrument) => instrument switch
    {
        "codice" => 0x494,
        "glows" => 0x5C8,
        "hi" => 0x302,
        "hit" => 0x4E3,
        "idex" => 0x560,
        "lo" => 0x2A0,
        "mag" => 0x41C,
        "swapi" => 0x4A4,
        "swe" => 0x540,
        "ultra" => 0x370,
        _ => throw new ArgumentOutOfRangeException(nameof(instrument), instrument, "This instrument sends no packets in the demo."),
    };

    private static ReadOnlyMemory<byte> Packets(DemoDescription file)
    {
        const int longest = 160;
        var noise = new DemoNoise(file.Seed);
        var bytes = new byte[PacketsPerFile * (CcsdsPacket.HeaderLength + longest)];
        Span<byte> data = stackalloc byte[longest];

        var apid = Apid(file.Product.Instrument);
        var start = CcsdsPacket.MissionTime(file.Day);
        var length = 0;
        for (var i = 0; i < PacketsPerFile; i++)
        {
            // Instruments send packets of differing length; whole 16-bit words, as their tables ask.
            var size = 32 + 2 * noise.Below((longest - 32) / 2 + 1);
            for (var at = 0; at < size; at += 2)
                BinaryPrimitives.WriteUInt16BigEndian(data[at..], (ushort)noise.Below(4096));

            // The count goes on from day to day; the time stays within the day.
            var sequence = file.DayIndex * PacketsPerFile + i;
            var seconds = start + (uint)(i * (SecondsPerDay / PacketsPerFile) + noise.Below(60));
            length += CcsdsPacket.Write(bytes.AsSpan(length), apid, sequence, seconds, (ushort)noise.Below(65_536), data[..size]);
        }

        return bytes.AsMemory(0, length);
    }

    private static ReadOnlyMemory<byte> Cdf(DemoDescription file)
    {
        const int records = 12;
        const int channels = 8;
        const long step = SecondsPerDay / records * NanosecondsPerSecond;

        var product = file.Product;
        var cdf = new CdfFile(Copyright);
        cdf.GlobalAttribute("Project", "IMAP>Interstellar Mapping and Acceleration Probe");
        cdf.GlobalAttribute("Logical_source", product.Logical);
        cdf.GlobalAttribute("Logical_file_id", Path.GetFileNameWithoutExtension(file.Name));
        cdf.GlobalAttribute("Data_version", product.VersionText(file.Version)[1..]);
        cdf.GlobalAttribute("TEXT", "Synthetic demonstration data");

        var noise = new DemoNoise(file.Seed);
        var start = (long)(file.Day.DayNumber - J2000.DayNumber) * SecondsPerDay * NanosecondsPerSecond + TerrestrialOffset;
        Span<byte> epochs = stackalloc byte[records * sizeof(long)];
        Span<byte> counts = stackalloc byte[records * channels * sizeof(ushort)];
        for (var i = 0; i < records; i++)
            BinaryPrimitives.WriteInt64BigEndian(epochs[(i * sizeof(long))..], start + i * step);
        for (var at = 0; at < counts.Length; at += sizeof(ushort))
            BinaryPrimitives.WriteUInt16BigEndian(counts[at..], (ushort)noise.Below(1000));

        cdf.Variable("epoch", CdfType.TimeTt2000, [], records, epochs);
        var variable = cdf.Variable("counts", CdfType.UInt2, [channels], records, counts);
        cdf.VariableAttribute("DEPEND_0", variable, "epoch");
        return cdf.Complete();
    }

    private static byte[] Png(DemoDescription file)
    {
        // A spectrogram: energy upwards, time to the right, a band that wanders and fades, an event, noise.
        // Whole numbers only: the same on every machine.
        const int width = 72;
        const int height = 48;
        var noise = new DemoNoise(file.Seed);
        var (centre, period, onset) = (14 + noise.Below(20), 18 + noise.Below(40), noise.Below(width));
        Span<byte> pixels = stackalloc byte[width * height];
        for (var x = 0; x < width; x++)
        {
            var wander = Math.Abs((x % period) - (period / 2)) / 2;
            var age = x - onset;
            for (var y = 0; y < height; y++)
            {
                var band = Math.Max(0, 200 - (18 * Math.Abs(y - centre - wander)));
                var flash = age is >= 0 and < 16 ? Math.Max(0, 160 - (10 * age) - (4 * Math.Abs(y - height + 8 + age))) : 0;
                pixels[(y * width) + x] = (byte)Math.Min(255, Math.Max(band, flash) + noise.Below(40));
            }
        }

        return QuicklookPng.Draw(width, height, pixels);
    }
}
