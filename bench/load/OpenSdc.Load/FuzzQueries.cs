using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace OpenSdc.Load;

/// <summary>
/// Query strings that a careless or hostile caller might send: good ones, and good ones with something done
/// to them. Number n of a seed is always the same text, so that what went wrong can be asked again. ASCII
/// only: other bytes never get past the web server.
/// </summary>
internal sealed class FuzzQueries(int seed, string? limit = null)
{
    private static readonly (string Name, string[] Values)[] Good =
    [
        ("instrument", ["mag", "swe", "hi", "glows", "*", "h*", "mag,swe", "ultra-45"]),
        ("data_level", ["l0", "l1a", "l1*", "*", "l2,l3", "l3e"]),
        ("descriptor", ["sci", "burst", "norm-1min", "*", "n*", "*-*", "*i*n*", "zzz*", "sci,burst,de", "d*,h*,*o*"]),
        ("start_date", ["20260101", "20300615", "20471231", "00010101", "99991231"]),
        ("end_date", ["20260131", "20300615", "20250101", "99991231"]),
        ("version", ["v001", "v01-02", "v001.0002", "latest", "*", "v0*", "v*.*1", "*2", "v01-01,v002,v001.0001"]),
        ("extension", ["cdf", "pkts", "*", "c*"]),
        ("repointing", ["2", "repoint00002", "1,2,3", "2147483647"]),
        ("cr", ["2300", "cr02310", "0"]),
        ("ingestion_start_date", ["20260101", "20200101", "20990101"]),
        ("ingestion_end_date", ["20260101", "20991231", "20000101"]),
        ("major_version", ["1", "0", "1,2"]),
        ("minor_version", ["1", "2,3", "99"]),
        ("latest", ["true", "false", "True"]),
        ("table", ["science", "ancillary", "spice", "quicklook", "dependency", "release"]),
        ("filename", ["imap_mag_l1a_sci_20260101_20260101_v01-01.cdf", "naif0012.tls", "imap_swe_l0_sci_20300101_v001.pkts,naif0012.tls"]),
        ("file_path", ["imap/spice/lsk/naif0012.tls", "imap/mag/l1a/2026/01/imap_mag_l1a_sci_20260101_20260101_v01-01.cdf"]),
        ("overlaps", ["20260101", "20260101-20261231", "20480101-20990101"]),
        ("since_seq", ["0", "10", "500000", "999990", "9223372036854775807"]),
        ("as_of", ["0", "10", "1000000"]),
        ("sort", ["start_date", "-ingestion_date", "version", "size", "-file_path", "-version,size", "start_date,-size,version"]),
        ("fields", ["file_path", "seq,size", "sha256"]),
        ("count", ["true", "false"]),
        ("format", ["json", "csv", "ndjson", "urls"]),
        ("limit", ["1", "100", "10000"]),
        ("cursor", ["MjppbWFwL2NvZGljZQ", "MTA6MDppbWFwL21hZw"]),
    ];

    private static readonly string[] Nasty =
    [
        "",
        " ",
        "%20",
        "+",
        "%",
        "%%",
        "%zz",
        "%2",
        "%00",
        "a%00b",
        "%0d%0a",
        "%0A",
        "%C0%80",
        "%ff%fe",
        "%ED%A0%80",
        "%F0%9F%92%A5",
        "%E2%80%AE",
        "%D9%A1%D9%A2",
        "%u0041",
        "%2525",
        "%252A",
        "%2a",
        "%2c",
        ",",
        ",,",
        "a,",
        ",a",
        "*,*",
        "**",
        "****",
        "*a*b*c*d*",
        "*****",
        "-",
        "--",
        "_",
        ".",
        "..",
        "../..",
        "/",
        "//",
        "\\",
        "'",
        "''",
        "\"",
        "`",
        "' OR 1=1--",
        "%27%20OR%20%271%27=%271",
        "%27;DROP%20TABLE%20files;--",
        "1)%20UNION%20SELECT%20*%20FROM%20files--",
        "@p0",
        ":p0",
        "?1",
        "lo%25' ESCAPE",
        "0",
        "-1",
        "+1",
        "01",
        "1.5",
        "1e9",
        "0x10",
        "2147483648",
        "9223372036854775808",
        "99999999999999999999999999",
        "NaN",
        "null",
        "None",
        "true",
        "TRUE",
        "yes",
        "00000000",
        "20260230",
        "2026-01-01",
        "202601",
        "20260101-",
        "-20260101",
        "20260102-20260101",
        "20260101-20260102-20260103",
        "00000101",
        "99999999",
        "{}",
        "[]",
        "$",
        "#x",
        ";",
        "|",
        "~",
        "!",
        "(",
        ")",
        "<script>",
        "%3Cscript%3E",
        "imap",
        "IMAP_mag",
        "MAG",
        "s3://b/x",
        "naif.tls",
        "naif99999999999999999999.tls",
    ];

    private static readonly string[] Names =
    [
        "",
        "Instrument",
        "instrument[]",
        "instrument%5B%5D",
        "%69nstrument",
        "q",
        "page",
        "descriptor%00",
        "__proto__",
        "LIMIT",
        " limit",
        "end_date ",
        "*",
    ];

    /// <summary>The query string with this number, without its question mark.</summary>
    public string this[long number]
    {
        get
        {
            var random = new Random(HashCode(seed, number));
            var parts = new List<string>();
            var used = new HashSet<string>(StringComparer.Ordinal);
            for (var count = 1 + random.Next(random.Next(4) == 0 ? 10 : 4); count > 0; count--)
            {
                var (name, values) = Good[random.Next(Good.Length)];
                if ((name is "limit" or "cursor" && limit is not null) || !used.Add(name))
                    continue;
                parts.Add($"{name}={values[random.Next(values.Length)]}");
            }

            // A third stays as it is: the good ones are those that reach the catalogue.
            for (var faults = random.Next(3); faults > 0; faults--)
                Spoil(parts, random);
            if (limit is not null)
                parts.Add("limit=" + limit);
            return string.Join('&', parts).Replace("#", "%23", StringComparison.Ordinal).Replace(" ", "%20", StringComparison.Ordinal);
        }
    }

    private static void Spoil(List<string> parts, Random random)
    {
        if (parts.Count == 0)
            parts.Add("instrument=mag");
        var at = random.Next(parts.Count);
        var part = parts[at];
        var name = part.Split('=')[0];
        var value = part.Contains('=', StringComparison.Ordinal) ? part[(name.Length + 1)..] : "";
        parts[at] = random.Next(16) switch
        {
            0 or 1 or 2 => $"{name}={Pick(Nasty)}",
            3 => $"{name}={value}{Pick(Nasty)}",
            4 => $"{name}={Pick(Nasty)}{value}",
            5 => $"{Pick(Names)}={value}",
            6 => name,
            7 => part + "&" + part,
            8 => $"{part}&{name}={Pick(Good[random.Next(Good.Length)].Values)}",
            9 => $"{name}={Pick(Good[random.Next(Good.Length)].Values)}",
            10 => string.Concat(value.Select(c => random.Next(2) == 0 && c < 128 ? $"%{(int)c:x2}" : c.ToString())) is var encoded
                ? $"{name}={encoded}"
                : part,
            11 => $"{name}={Many(value, random)}",
            12 => $"{name}={new string('*', 1 + random.Next(400))}",
            13 => $"{name}={new string("a*9-"[random.Next(4)], random.Next(20) == 0 ? 600_000 : random.Next(3000))}",
            14 => $"limit=10&cursor={Base64Url.EncodeToString(Encoding.UTF8.GetBytes(CursorOf(random)))}",
            _ => Changed(part, random),
        };

        string Pick(string[] all) => all[random.Next(all.Length)];
    }

    /// <summary>Thousands of values, as a list or by repeating, all alike or each its own.</summary>
    private static string Many(string value, Random random)
    {
        value = value[..Math.Min(value.Length, 200)];
        var count = random.Next(3) switch { 0 => 40, 1 => 999, _ => 3000 };
        var alike = random.Next(2) == 0;
        return string.Join(',', Enumerable.Range(0, count).Select(i => alike ? value : value + i.ToString(CultureInfo.InvariantCulture)));
    }

    private static string CursorOf(Random random) => random.Next(6) switch
    {
        0 => "9223372036854775807:0:imap/mag",
        1 => "10:2147483647:",
        2 => "10:-1:x",
        3 => $"{random.Next(100)}:{random.Next(50)}:imap/{(char)('a' + random.Next(26))}",
        4 => "5:0:\0\uffff\ud7ff",
        _ => "::::",
    };

    /// <summary>One character taken out, put in or replaced.</summary>
    private static string Changed(string text, Random random)
    {
        var at = random.Next(text.Length + 1);
        var put = random.Next(3) == 0 ? "" : ((char)random.Next('!', '\u007f')).ToString();
        return text[..at] + put + text[Math.Min(text.Length, at + random.Next(2))..];
    }

    private static int HashCode(int seed, long number) =>
        unchecked((int)(((ulong)seed * 0x9E3779B97F4A7C15) ^ ((ulong)number * 0xC2B2AE3D27D4EB4F) >> 17));
}
