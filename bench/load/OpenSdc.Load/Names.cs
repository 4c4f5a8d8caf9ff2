namespace OpenSdc.Load;

/// <summary>Prints generated names, or the request paths made from them, one a line: what the wrk scripts rotate through.</summary>
internal static class Names
{
    public static int Run(Arguments options)
    {
        using var output = new StreamWriter(Console.OpenStandardOutput(), bufferSize: 1 << 16);
        if (options.Has("tag"))
        {
            var tag = options.Text("tag");
            for (var n = 0; n < options.Number("count"); n++)
                output.WriteLine(NameGenerator.ForUpload(tag, n));
            return 0;
        }

        var generator = new NameGenerator(options.Number("rows"));
        Func<long, string> line = options.Text("as", "name") switch
        {
            "name" => n => generator[n].Name,
            "key" => n => generator[n].Key,
            "download-key" => n => $"/download/{generator.Scattered(n).Key}",
            "download-filename" => n => $"/download/{generator.Scattered(n).Name}",
            "query-one" => n => $"/query?filename={generator.Scattered(n).Name}",
            "query-month" => n => Path(generator.Month(n)),
            "coverage-year" => n => $"/coverage?{Year(generator, n)}",
            "facets-year" => n => $"/facets?{Year(generator, n)}",
            var other => throw new UsageException($"--as is not one of the known: {other}"),
        };
        var count = options.Number("count", generator.Rows);
        for (long n = 0; n < count; n++)
            output.WriteLine(line(n));
        return 0;
    }

    /// <summary>An instrument and a year.</summary>
    private static string Year(NameGenerator generator, long n)
    {
        var q = generator.Month(n);
        return $"instrument={q.Instrument}&start_date={q.Start[..4]}0101&end_date={q.Start[..4]}1231";
    }

    private static string Path(MonthQuery q) =>
        $"/query?instrument={q.Instrument}&data_level={q.Level}&descriptor={q.Descriptor}&start_date={q.Start}&end_date={q.End}";
}
