using System.Globalization;
using CsCheck;

namespace OpenSdc.Tests.Truth;

/// <summary>
/// The parameters of a query as they are sent. Files and numbers of publications are drawn as shares of what
/// the archive holds when it is asked.
/// </summary>
/// <param name="Table">The family that the values are of.</param>
/// <param name="Fixed">The parameters that do not depend on the archive's state, lists as a caller writes
/// them.</param>
/// <param name="Files">Single files, by their place among all; empty for no such parameter.</param>
/// <param name="ByPath">Whether they are asked for as <c>file_path</c> or as <c>filename</c>.</param>
/// <param name="Since">In thousandths of the newest number, or less than nothing.</param>
/// <param name="AsOf">The same.</param>
/// <param name="Page">The limit of the paged form.</param>
/// <param name="Form">0 GET, 1 POST of a form, 2 POST of JSON.</param>
public sealed record TruthQuery(
    string Table, IReadOnlyList<(string Name, string Value)> Fixed, int[] Files, bool ByPath, int Since, int AsOf, int Page, int Form)
{
    private static readonly string[] Patterns =
    [
        "norm*",
        "n*",
        "*min",
        "*o*",
        "norm-*",
        "*-*",
        "*",
        "N*",
        "no%*",
        "zz*",
        "*norm*1*",
        "*r*m*",
    ];
    private static readonly string[] Versions =
    [
        "v001",
        "v01-01",
        "v01-10",
        "v002",
        "v001.0001",
        "v002.0010",
        "v*",
        "v001*",
        "v01-*",
        "v00*.000*",
        "*1",
        "v999",
        "v*2",
        "*",
        "1",
        "v2",
        "V010",
        "2.10",
    ];

    private static readonly string[] PlainVersions = ["v001", "v002", "v*", "v00*", "*1", "v999", "v*2", "*"];

    private static readonly string[] IngestionDays = ["20260228", "20260301", "20260302", "20260303", "20260304", "20260401"];
    private static readonly string[] OverlapDays =
    [
        "20251230",
        "20260102",
        "20260110",
        "20260215",
        "20260401-20270601",
        "20260102-20260131",
        "20251231-20260101",
        "20280101",
    ];
    private static readonly string[] SortFields =
    [
        "start_date",
        "ingestion_date",
        "version",
        "size",
        "file_path",
        "seq",
        "-seq",
        "-start_date",
        "-ingestion_date",
        "-version",
        "-size",
        "-file_path",
    ];

    public static readonly Gen<TruthQuery> Any =
        from table in Gen.Frequency((6, Gen.Const("")), (2, Gen.Const("science")), (2, Gen.Const("ancillary")), (2, Gen.Const("spice")),
            (1, Gen.Const("quicklook")), (1, Gen.Const("dependency")), (1, Gen.Const("release")))
        from density in Gen.OneOf(3, 7)
        from parameters in FilterGens(table, density)
            .Aggregate((all, next) => Gen.Select(all, next, (a, b) => ((string, string)[])[.. a, .. b]))
        from order in Gen.Int[0, 1000]
        from files in Gen.Frequency(
            (8, Gen.Const(Array.Empty<int>())),
            (1, Gen.Int[0, 1000].Array[1, 5]),
            (1, Gen.Int[0, 1000].Array[50, 700])
        )
        from byPath in Gen.Bool
        from since in Maybe(Gen.Int[0, 1000], 8)
        from asOf in Maybe(Gen.Int[0, 1000], 4)
        from page in Gen.OneOf(1, 2, 3, 7, 20, 100)
        from form in Gen.Int[0, 2]
        select new TruthQuery(
            table,
            [
                .. (table.Length > 0 ? [("table", table)] : Array.Empty<(string, string)>())
                    .Concat(parameters)
                    .OrderBy(each => each.Item1.Length * order % 17),
            ],
            files,
            byPath,
            since,
            asOf,
            page,
            form
        );

    /// <summary>The parameters as they are sent to an archive that holds these files, the newest publication being this one.</summary>
    public List<(string Name, string Value)> Parameters(IReadOnlyList<TruthFile> all, long head)
    {
        var sent = Fixed.ToList();
        if (Files.Length > 0)
        {
            var files = Files.Select(each => all[each * all.Count / 1001]).Select(file => ByPath ? file.Key : file.Name);
            sent.Add((ByPath ? "file_path" : "filename", string.Join(',', files)));
        }

        if (Since >= 0)
            sent.Add(("since_seq", Share(Since)));
        if (AsOf >= 0)
            sent.Add(("as_of", Share(AsOf)));
        PutInOrder(sent, "start_date", "end_date");
        PutInOrder(sent, "ingestion_start_date", "ingestion_end_date");
        PutInOrder(sent, "since_seq", "as_of");
        return sent;

        string Share(int thousandths) => (head * thousandths / 1000).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Exchanges the ends of a range that is reversed, which is refused.</summary>
    private static void PutInOrder(List<(string Name, string Value)> sent, string first, string last)
    {
        var (from, to) = (sent.FindIndex(each => each.Name == first), sent.FindIndex(each => each.Name == last));
        if (
            from >= 0
            && to >= 0
            && long.Parse(sent[from].Value, CultureInfo.InvariantCulture) > long.Parse(sent[to].Value, CultureInfo.InvariantCulture)
        )
            (sent[from], sent[to]) = ((first, sent[to].Value), (last, sent[from].Value));
    }

    /// <summary>Each parameter of a family with what it may be given, most of them left out.</summary>
    private static Gen<(string, string)[]>[] FilterGens(string table, int rarity)
    {
        var hasInstruments = table != "spice";
        // As of science: by repointing or rotation, and with a major version.
        var isScience = table is not ("spice" or "ancillary" or "release");
        var hasLevels = table is "" or "science" or "quicklook" or "dependency";
        string[] extensions = table switch
        {
            "ancillary" => ["csv", "json", "cdf", "c*", "*s*"],
            "spice" => ["ah.bc", "spin", "spin.csv", "*.csv", "bsp", "tls"],
            "quicklook" => ["png", "jpg", "p*"],
            "dependency" => ["json"],
            "release" => ["txt"],
            _ => ["cdf", "pkts", "c*", "*"],
        };
        return
        [
            Filter(
                "instrument",
                hasInstruments ? rarity : 0,
                [
                    "hi",
                    "hi",
                    "hit",
                    "mag",
                    "hi*",
                    "swe",
                    "*i*",
                    "*",
                    .. table is "ancillary" or "release" ? Array.Empty<string>() : ["hi-45"],
                ]
            ),
            Filter("data_level", hasLevels ? rarity : 0, ["l0", "l1", "l1a", "l1ca", "l1*", "l2", "*a", "*"]),
            Filter(
                "descriptor",
                rarity,
                table == "spice" ? [.. TruthFile.Kernels, "ephemeris*", "*t*", "*_*"] : [.. TruthFile.Descriptors, .. Patterns]
            ),
            Filter("extension", rarity * 2, extensions),
            Filter(
                "version",
                rarity * 2,
                table == "spice" ? ["0001", "01", "001", "*1", "12", "0*"]
                    : isScience ? (table is "" or "science" ? Versions : Versions[..^4])
                    : PlainVersions
            ),
            Filter("repointing", isScience ? rarity * 3 : 0, ["1", "repoint00002", "00002", "7"]),
            Filter("cr", isScience ? rarity * 4 : 0, ["2092", "cr02092", "1"]),
            Filter("major_version", isScience ? rarity * 3 : 0, ["1", "2", "3"]),
            Filter("minor_version", rarity * 3, ["1", "2", "10", "12"]),
            One("start_date", rarity, TruthFile.Days),
            One("end_date", rarity, TruthFile.Days),
            One("ingestion_start_date", rarity * 3, IngestionDays),
            One("ingestion_end_date", rarity * 3, IngestionDays),
            One("overlaps", rarity * 2, OverlapDays),
            One("latest", 3, ["true", "true", "True", "false"]),
            One("released", rarity * 3, ["true", "True", "false"]),
            One("crid", rarity * 6, ["CRID01", "a.b-c_9"]),
            One("current", 6, ["true", "True", "false"]),
            One("version", 40, ["latest"]),
            One("count", 4, ["true", "false"]),
            Sorted(rarity),
        ];
    }

    /// <summary>Left out but for one time in so many (0: always), else one to three values, as a list or repeated.</summary>
    private static Gen<(string, string)[]> Filter(string name, int oneIn, string[] values) =>
        oneIn == 0
            ? Gen.Const(Array.Empty<(string, string)>())
            : from given in Gen.Int[1, oneIn]
            from some in Gen.OneOf(values).Array[1, 3]
            from repeated in Gen.Bool
            select given > 1 ? Array.Empty<(string, string)>()
            : !repeated ? [(name, string.Join(',', some))]
            : [.. some.Select(value => (name, value))];

    /// <summary>An order by one to three fields, each of them once.</summary>
    private static Gen<(string, string)[]> Sorted(int oneIn) =>
        from given in Gen.Int[1, oneIn]
        from some in Gen.OneOf(SortFields).Array[1, 3]
        select given > 1 ? Array.Empty<(string, string)>() : [("sort", string.Join(',', some.DistinctBy(field => field.TrimStart('-'))))];

    private static Gen<(string, string)[]> One(string name, int oneIn, string[] values) =>
        Gen.Select(Gen.Int[1, oneIn], Gen.OneOf(values), (given, value) => given > 1 ? Array.Empty<(string, string)>() : [(name, value)]);

    private static Gen<int> Maybe(Gen<int> values, int oneIn) =>
        Gen.Select(Gen.Int[1, oneIn], values, (given, value) => given > 1 ? -1 : value);
}
