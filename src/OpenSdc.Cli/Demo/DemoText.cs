using System.Globalization;
using System.Text;

namespace OpenSdc.Cli.Demo;

/// <summary>
/// The text files of the demo: SPICE text kernels, the tables of spins and repointings, calibration as CSV and JSON. Lines end in a
/// line feed on every system, because the bytes are part of the promise.
/// </summary>
internal static class DemoText
{
    /// <summary>
    /// TAI - UTC in seconds and the day from which it holds, all leap seconds that were ever announced: a leap-second kernel without
    /// them would be well-formed and wrong. Source: IERS Bulletin C.
    /// </summary>
    private const string LeapSeconds =
        "10,@1972-JAN-1 11,@1972-JUL-1 12,@1973-JAN-1 13,@1974-JAN-1 14,@1975-JAN-1 15,@1976-JAN-1 16,@1977-JAN-1 " +
        "17,@1978-JAN-1 18,@1979-JAN-1 19,@1980-JAN-1 20,@1981-JUL-1 21,@1982-JUL-1 22,@1983-JUL-1 23,@1985-JUL-1 " +
        "24,@1988-JAN-1 25,@1990-JAN-1 26,@1991-JAN-1 27,@1992-JUL-1 28,@1993-JUL-1 29,@1994-JUL-1 30,@1996-JAN-1 " +
        "31,@1997-JUL-1 32,@1999-JAN-1 33,@2006-JAN-1 34,@2009-JAN-1 35,@2012-JUL-1 36,@2015-JUL-1 37,@2017-JAN-1";

    /// <summary>All bytes of the file.</summary>
    public static byte[] Of(DemoDescription file)
    {
        var text = new StringBuilder(2048);
        switch (file.Product.Extension)
        {
            case "tls": LeapSecondKernel(text, file); break;
            case "tf": FrameKernel(text, file); break;
            case "spin.csv": Spins(text, file); break;
            case "repoint.csv": Repointing(text, file); break;
            case "csv": Calibration(text, file); break;
            case "json": CalibrationJson(text, file); break;
            default: throw new ArgumentOutOfRangeException(nameof(file), file.Product.Extension, "The demo makes no text of this kind.");
        }

        return Encoding.UTF8.GetBytes(text.ToString());
    }

    private static void LeapSecondKernel(StringBuilder text, DemoDescription file)
    {
        text.Append("KPL/LSK\n\n").Append(file.Name).Append(": synthetic demonstration kernel\n\n\\begindata\n\n")
            .Append("DELTET/DELTA_T_A       =   32.184\n")
            .Append("DELTET/K               =    1.657D-3\n")
            .Append("DELTET/EB              =    1.671D-2\n")
            .Append("DELTET/M               = (  6.239996D0   1.99096871D-7 )\n\n")
            .Append("DELTET/DELTA_AT        = ( ")
            .Append(LeapSeconds.Replace(" ", "\n                           ", StringComparison.Ordinal))
            .Append(" )\n\n\\begintext\n");
    }

    /// <summary>One frame, turned about the pole by a fixed angle; IMAP is body -43 and its frames count on from -43000.</summary>
    private static void FrameKernel(StringBuilder text, DemoDescription file)
    {
        const int frame = -43999;
        var angle = new DemoNoise(file.Seed).Below(360);
        text.Append("KPL/FK\n\n").Append(file.Name).Append(": synthetic demonstration kernel\n\n\\begindata\n\n")
            .Append(CultureInfo.InvariantCulture, $"FRAME_IMAP_DEMO          = {frame}\n")
            .Append(CultureInfo.InvariantCulture, $"FRAME_{frame}_NAME        = 'IMAP_DEMO'\n")
            .Append(CultureInfo.InvariantCulture, $"FRAME_{frame}_CLASS       = 4\n")
            .Append(CultureInfo.InvariantCulture, $"FRAME_{frame}_CLASS_ID    = {frame}\n")
            .Append(CultureInfo.InvariantCulture, $"FRAME_{frame}_CENTER      = -43\n")
            .Append(CultureInfo.InvariantCulture, $"TKFRAME_{frame}_RELATIVE  = 'ECLIPJ2000'\n")
            .Append(CultureInfo.InvariantCulture, $"TKFRAME_{frame}_SPEC      = 'ANGLES'\n")
            .Append(CultureInfo.InvariantCulture, $"TKFRAME_{frame}_UNITS     = 'DEGREES'\n")
            .Append(CultureInfo.InvariantCulture, $"TKFRAME_{frame}_AXES      = ( 3, 2, 1 )\n")
            .Append(CultureInfo.InvariantCulture, $"TKFRAME_{frame}_ANGLES    = ( {angle}.0, 0.0, 0.0 )\n\n")
            .Append("\\begintext\n");
    }

    /// <summary>The spacecraft spins four times a minute; the table keeps one spin an hour.</summary>
    private static void Spins(StringBuilder text, DemoDescription file)
    {
        var noise = new DemoNoise(file.Seed);
        var start = CcsdsPacket.MissionTime(file.Day);
        text.Append("spin_number,spin_start_sec_sclk,spin_start_subsec_sclk,spin_period_sec,spin_period_valid,spin_phase_valid\n");
        for (var hour = 0; hour < 24; hour++)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{file.DayIndex * 5760 + hour * 240},{start + hour * 3600},{noise.Below(1_000_000)},15.{noise.Below(100):000},1,1\n");
        }
    }

    private static void Repointing(StringBuilder text, DemoDescription file)
    {
        var start = CcsdsPacket.MissionTime(file.Day);
        var length = 600 + new DemoNoise(file.Seed).Below(300);
        text.Append("repoint_start_sec_sclk,repoint_start_subsec_sclk,repoint_end_sec_sclk,repoint_end_subsec_sclk,repoint_id\n")
            .Append(CultureInfo.InvariantCulture, $"{start},0,{start + length},0,{file.DayIndex + 1}\n");
    }

    private static void Calibration(StringBuilder text, DemoDescription file)
    {
        var noise = new DemoNoise(file.Seed);
        text.Append(CultureInfo.InvariantCulture, $"# {file.Name}: synthetic demonstration data\n")
            .Append("channel,energy_kev,efficiency\n");
        for (var channel = 0; channel < 32; channel++)
        {
            text.Append(CultureInfo.InvariantCulture,
                $"{channel},{10 * (channel + 1)}.{noise.Below(100):00},0.{500 + noise.Below(500)}\n");
        }
    }

    private static void CalibrationJson(StringBuilder text, DemoDescription file)
    {
        var noise = new DemoNoise(file.Seed);
        text.Append(CultureInfo.InvariantCulture, $"{{\n  \"name\": \"{file.Name}\",\n  \"synthetic\": true,\n  \"offsets\": [\n");
        for (var range = 0; range < 4; range++)
        {
            text.Append(CultureInfo.InvariantCulture, $"    [{noise.Below(100)}, {noise.Below(100)}, {noise.Below(100)}]")
                .Append(range < 3 ? ",\n" : "\n");
        }

        text.Append("  ]\n}\n");
    }
}
