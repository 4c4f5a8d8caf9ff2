namespace OpenSdc.Cli.Demo;

/// <summary>How the name of a product is put together.</summary>
internal enum DemoForm
{
    /// <summary><c>imap_mag_l0_raw_20251001_20251001_v01-01.pkts</c>, the founding convention.</summary>
    A,

    /// <summary><c>imap_mag_l1a_norm-magi_20251001_v001.cdf</c>, with or without a tag behind the date.</summary>
    B,

    /// <summary><c>imap_mag_l1a_norm-magi_20251001_v001.0001.cdf</c>, the newest.</summary>
    C,

    /// <summary><c>imap_hit_calibration_20251001_v001.csv</c>.</summary>
    Ancillary,

    /// <summary><c>imap_swapi_density_20251001_20251008_v001.csv</c>: valid over a span.</summary>
    AncillarySpan,

    /// <summary><c>naif0101.tls</c>, <c>imap_101.tf</c>: a kernel that has a running number and no date.</summary>
    Kernel,

    /// <summary><c>imap_2025_274_2025_275_01.spin.csv</c>.</summary>
    Spin,

    /// <summary><c>imap_2025_274_01.repoint.csv</c>.</summary>
    Repoint,
}

/// <summary>What a science name carries behind its date.</summary>
internal enum DemoTag
{
    None,
    Repointing,
    Rotation,
}

/// <summary>One kind of file that the demo makes: a row of <see cref="DemoProducts"/>.</summary>
/// <param name="Instrument">The instrument; for a kernel the text before its number.</param>
/// <param name="Level">The level; empty where the family has none.</param>
/// <param name="Descriptor">The descriptor; empty for a kernel.</param>
/// <param name="Extension">The extension, without a dot.</param>
/// <param name="Revisions">How many versions of a day come one after the other.</param>
/// <param name="Form">How the name is put together.</param>
/// <param name="Tag">What stands behind the date.</param>
internal sealed record DemoProduct(
    string Instrument,
    string Level,
    string Descriptor,
    string Extension,
    int Revisions = 1,
    DemoForm Form = DemoForm.B,
    DemoTag Tag = DemoTag.None)
{
    /// <summary>Kernels are numbered from here on, so that no synthetic kernel takes the name of a real one.</summary>
    private const int FirstKernel = 101;

    private const int FirstRotation = 2291;

    /// <summary>The name of one file. Two calls with a different day, version or serial answer different names.</summary>
    /// <param name="day">The day that the data begin.</param>
    /// <param name="dayIndex">The same, counted from the first day of the archive.</param>
    /// <param name="version">From 1 up.</param>
    /// <param name="serial">Counts all files of this product from 0; a kernel has no date and takes its number from here.</param>
    public string Name(DateOnly day, int dayIndex, int version, int serial)
    {
        var next = day.AddDays(1);
        return Form switch
        {
            DemoForm.A => $"{Logical}_{day:yyyyMMdd}_{day:yyyyMMdd}_{VersionText(version)}.{Extension}",
            DemoForm.B or DemoForm.C => $"{Logical}_{day:yyyyMMdd}{TagText(dayIndex)}_{VersionText(version)}.{Extension}",
            DemoForm.Ancillary => $"{Logical}_{day:yyyyMMdd}_{VersionText(version)}.{Extension}",
            DemoForm.AncillarySpan => $"{Logical}_{day:yyyyMMdd}_{day.AddDays(7):yyyyMMdd}_{VersionText(version)}.{Extension}",
            DemoForm.Kernel => $"{Instrument}{FirstKernel + serial:0000}.{Extension}",
            DemoForm.Spin => $"imap_{day:yyyy}_{day.DayOfYear:000}_{next:yyyy}_{next.DayOfYear:000}_{version:00}.{Extension}",
            DemoForm.Repoint => $"imap_{day:yyyy}_{day.DayOfYear:000}_{version:00}.{Extension}",
            _ => throw new InvalidOperationException($"No name is known for {Form}."),
        };
    }

    /// <summary>The name without date and version, which a CDF calls its logical source.</summary>
    public string Logical => Level.Length > 0 ? $"imap_{Instrument}_{Level}_{Descriptor}" : $"imap_{Instrument}_{Descriptor}";

    /// <summary>The version as the name says it.</summary>
    public string VersionText(int version) => Form switch
    {
        // Two fields of two digits, each from 01 to 99: the software is new after 99 new versions of the data.
        DemoForm.A => $"v{(version - 1) / 99 + 1:00}-{(version - 1) % 99 + 1:00}",
        DemoForm.C => $"v001.{version:0000}",
        _ => $"v{version:000}",
    };

    private string TagText(int dayIndex) => Tag switch
    {
        // The spacecraft turns to the Sun once a day.
        DemoTag.Repointing => $"-repoint{dayIndex + 1:00000}",

        // A Carrington rotation takes 27.2753 days; number 2303 began on day 305 of the archive, 2025-10-02.
        DemoTag.Rotation => $"-cr{FirstRotation + (dayIndex * 10_000 + 223_036) / 272_753:00000}",
        _ => "",
    };
}
