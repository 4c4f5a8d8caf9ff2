using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Tests.Naming;

/// <summary>
/// Mission files made at random, of every kind of field, with a version of any pieces, optional parts,
/// choices, fields of their own and fields outside the series.
/// </summary>
internal static class RandomMissions
{
    private static readonly string[] Kinds =
    [
        "digits(2)",
        "digits(5)",
        "digits(15)",
        "text",
        "date",
        "doy",
        "yymmdd",
        "year",
        "yyyyddd",
        "isodate",
        "hhmmss",
        "hhmm",
        "hhmmsst",
        "",
    ];

    private static readonly string[] Starts =
    [
        "{start:date}",
        "{start:yyyyddd}",
        "{start:isodate}",
        "{start:doy}",
        "{start:date}T{start_time:hhmmss}",
        "{start:yyyyddd}{start_time:hhmmsst}",
        "{start:date}{start_time:hhmm}",
    ];

    private static readonly string[] Ends = ["", "_e{end:date}", "[_e{end:isodate}]", "_e{end:date}{end_time:hhmmss}"];

    private static readonly string[] Versions =
    [
        "v{minor:digits(2)}",
        "v{major:digits(2)}.{minor:digits(3)}",
        "v{major:digits(1)}{letter:text}",
        "v{letter}{minor:digits(2)}",
        "c{made:yyyyddd}{made_at:hhmmsst}",
        "v{major:digits(2)}-{minor:digits(2)}-{patch:digits(2)}",
    ];

    /// <summary>A mission of one convention, as JSON.</summary>
    public static readonly Gen<string> Json = Gen.Select(
        OneOf(Kinds).Array[0, 4], OneOf(Starts), OneOf(Ends), OneOf(Versions), Gen.Bool.Array[4], Gen.Int[0, 2], Gen.Bool, Make);

    public static Mission Load(string json) => Mission.Load(new MemoryStream(Encoding.UTF8.GetBytes(json)));

    /// <summary>A name of a convention of the mission; not all of its days and times need be in order.</summary>
    public static Gen<string> Names(Mission mission) => RandomNames.Of(mission.Conventions[0].Nodes, Text);

    private static string Make(string[] own, string start, string end, string version, bool[] optional, int outside, bool inKey)
    {
        var template = new StringBuilder("m_{instrument}");
        List<string> always = [];
        List<string> outsides = [];
        var fields = new JsonObject
        {
            ["instrument"] = new JsonArray("cam", "cam-2", "spec"),
            ["letter"] = new JsonArray("a", "b", "rc"),
            ["extension"] = new JsonArray("fits", "cdf"),
        };
        for (var i = 0; i < own.Length; i++)
        {
            var name = $"own_{i}";
            if (own[i].Length == 0) fields[name] = new JsonArray("x", "xy", "z");
            var field = $"_{i}-{{{name}{(own[i].Length > 0 ? ":" + own[i] : "")}}}";
            template.Append(optional[i] ? $"[{field}]" : field);
            if (!optional[i]) always.Add(name);
            if (own[i].Length > 0 && i < outside) outsides.Add(name);
        }

        template.Append('_').Append(start).Append(end).Append("_{version=").Append(version).Append("}.{extension}");
        return new JsonObject
        {
            ["mission"] = "m",
            ["root"] = "m/",
            ["outside_series"] = new JsonArray([.. outsides.Select(each => (JsonNode)each)]),
            ["fields"] = fields,
            ["families"] = new JsonArray(
                new JsonObject
                {
                    ["name"] = "data",
                    ["key"] =
                        inKey && always.Count > 0
                            ? $"m/{{instrument}}/{{{always[0]}}}/{{start:yyyy}}/{{start:MM}}/{{start:dd}}/{{name}}"
                            : "m/{start:yyyy}/{name}",
                    ["conventions"] = new JsonArray(new JsonObject { ["name"] = "one", ["template"] = template.ToString() }),
                }
            ),
        }.ToJsonString();
    }

    public static Gen<string> OneOf(params string[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    // Few values, so that archives of such names have series of several versions.
    private static Gen<string> Text(Field field) =>
        field.Kind switch
        {
            FieldKind.OneOf => OneOf(field.Values),
            FieldKind.Digits => Gen.Int[0, 12]
                .Select(n => $"{n}".PadLeft(field.Width, '0'))
                .Where(text => text.Length == field.Width || field.Width == 0),
            FieldKind.Text or FieldKind.Words => OneOf("a", "b", "a9", "a10", "A", "a-b", "7"),
            _ when field.IsTime => OneOf("00:00:00.0", "12:34:56.7", "23:59:00.0").Select(time => TimeText.Write(field.Kind, time)),
            _ => Gen.Int[0, 3].Select(d => DayText.Write(field.Kind, new DateOnly(2024, 12, 30).AddDays(d))),
        };
}
