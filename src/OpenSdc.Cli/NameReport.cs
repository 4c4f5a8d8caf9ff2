using System.Globalization;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;

namespace OpenSdc.Cli;

/// <summary>What <c>sdc mission check</c> says of one name.</summary>
internal static class NameReport
{
    /// <returns>Whether it is a name of the mission.</returns>
    public static bool Write(TextWriter output, string text, Mission mission)
    {
        output.WriteLine(ShownText.Plain(text));
        var parsed = FileName.Parse(text, mission);
        if (parsed.Name is not { } name)
        {
            if (parsed.Closest is { } closest)
                Line(output, "closest to", closest);
            foreach (var fault in parsed.Faults)
                Line(output, "fault", fault.Message);
            return false;
        }

        Line(output, "convention", $"{name.Family}/{name.Convention}");
        Line(output, "instrument", name.Instrument);
        Line(output, "data_level", name.DataLevel);
        Line(output, "descriptor", name.Descriptor);
        Line(output, "start_date", name.StartDate?.ToString("yyyyMMdd", CultureInfo.InvariantCulture));
        Line(output, "end_date", name.EndDate?.ToString("yyyyMMdd", CultureInfo.InvariantCulture));
        Line(output, "start_time", name.StartTime);
        Line(output, "end_time", name.EndTime);
        Line(output, "repointing", name.Repointing?.ToString(CultureInfo.InvariantCulture));
        Line(output, "cr", name.Cr?.ToString(CultureInfo.InvariantCulture));
        Line(output, "version", name.Version);
        Line(output, "extension", name.Extension);
        foreach (var (field, value) in name.Own)
            Line(output, field.Name, value);
        Line(output, "key", name.Key);
        Line(output, "series", name.Series);
        Line(output, "order", name.VersionOrder);
        return true;
    }

    private static void Line(TextWriter output, string what, string? value)
    {
        if (value is not null)
            output.WriteLine($"  {what,-12} {value}");
    }
}
