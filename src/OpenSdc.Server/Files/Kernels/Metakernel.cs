using System.Globalization;
using System.Text;
using OpenSdc.Server.Access;

namespace OpenSdc.Server.Files.Kernels;

/// <summary>
/// <c>GET /metakernel</c> of the live service: the kernels that a span of time needs, as names or as the text
/// of a metakernel that loads them in order.
/// </summary>
internal static class Metakernel
{
    private const string DefaultPath = "spice";

    private static readonly string[] Documented = ["start_time", "end_time", "spice_path", "list_files", "require_coverage", "file_types"];

    public static async Task<BareText> Handle(HttpContext context, KernelCatalogue catalogue)
    {
        AskedState.AddVisibility(context);
        try
        {
            return await AnswerAsync(
                new KernelParameters(context.Request.Query, Documented, []),
                catalogue,
                context.Caller(),
                context.RequestAborted
            );
        }
        catch (BareRefusal refusal)
        {
            return refusal.Answer;
        }
    }

    private static async Task<BareText> AnswerAsync(
        KernelParameters given,
        KernelCatalogue catalogue,
        Caller caller,
        CancellationToken cancel
    )
    {
        var from =
            given.SecondsOrDay("start_time", isEnd: false) ?? throw new BareRefusal(400, "Missing required query parameter 'start_time'.");
        var to = given.SecondsOrDay("end_time", isEnd: true) ?? throw new BareRefusal(400, "Missing required query parameter 'end_time'.");
        given.RequireOrder<double>(from, to, "end_time");
        var wanted = given.Words("file_types");
        foreach (var type in wanted.Where(each => !catalogue.Rules.LoadOrder.SelectMany(group => group).Contains(each)))
            throw KernelParameters.Invalid("file_types", type);
        var groups = catalogue
            .Rules.LoadOrder.Select(group => group.Where(type => wanted.Length == 0 || wanted.Contains(type)).ToArray())
            .Where(group => group.Length > 0)
            .ToArray();
        var all = await catalogue.ReadAsync([], caller, cancel);
        var newest = KernelTables.Latest(all.Where(each => each.Overlaps(from, to))).ToList();

        if (given.Flag("require_coverage"))
            RequireCoverage(groups, newest, from, to);
        // Of what is loaded, later files count before earlier ones.
        var loaded = groups
            .SelectMany(group => group)
            .SelectMany(type =>
                newest.Where(each => each.Type == type).OrderBy(each => each.To).ThenBy(each => each.Name, StringComparer.Ordinal)
            )
            .ToList();
        if (given.Flag("list_files"))
            return loaded.Count == 0
                ? throw new BareRefusal(404, "No files found.")
                : BareText.List(loaded, (json, each) => json.WriteStringValue(each.Name));
        return new BareText(200, "text/plain", TextOf(loaded, given.Text("spice_path") ?? DefaultPath));
    }

    /// <summary>
    /// The text of a metakernel. Its strings are at most 80 characters long, and a longer path is continued
    /// with a plus sign.
    /// </summary>
    private static string TextOf(List<Kernel> kernels, string path)
    {
        if (path.AsSpan().ContainsAny("'\r\n\0"))
            throw KernelParameters.Invalid("spice_path", path);
        var text = new StringBuilder("KPL/MK\n\n\\begindata\n\n");
        text.Append("PATH_VALUES = (").AppendJoin(",", Pieces(path)).Append(" )\nPATH_SYMBOLS = ( 'SPICE' )\n\nKERNELS_TO_LOAD = (\n");
        text.AppendJoin(",\n", kernels.Select(each => "    " + string.Join(",", Pieces("$SPICE/" + each.FileName))))
            .Append("\n)\n\n\\begintext\n");
        return text.ToString();
    }

    private static IEnumerable<string> Pieces(string value)
    {
        const int Most = 78;
        for (var at = 0; at < value.Length || at == 0; at += Most)
        {
            var piece = value[at..Math.Min(value.Length, at + Most)];
            yield return $" '{piece}{(at + Most < value.Length ? "+" : "")}'";
        }
    }

    /// <summary>Each group of types that has days must cover the whole span, whatever types of it the days come from.</summary>
    private static void RequireCoverage(string[][] groups, List<Kernel> kernels, double from, double to)
    {
        var gaps = new List<string>();
        foreach (var group in groups)
        {
            var at = from;
            foreach (var each in kernels.Where(each => group.Contains(each.Type)).OrderBy(each => each.From))
            {
                if (EphemerisTime.Of(each.From) > at)
                    gaps.Add(Gap(group, at, EphemerisTime.Of(each.From)));
                // The next day begins a second after the last one's last.
                at = Math.Max(at, EphemerisTime.Of(each.To.AddSeconds(1)));
            }

            if (at < to)
                gaps.Add(Gap(group, at, to));
        }

        if (gaps.Count > 0)
            throw new BareRefusal(422, "The time span is not covered: " + string.Join("; ", gaps.Take(100)));

        static string Gap(string[] group, double from, double to) =>
            string.Create(CultureInfo.InvariantCulture, $"{string.Join(" or ", group)} from {from:0.###} to {to:0.###} (ET)");
    }
}
