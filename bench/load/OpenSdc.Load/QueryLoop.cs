using System.Diagnostics;
using Microsoft.Data.Sqlite;

namespace OpenSdc.Load;

/// <summary>
/// The peer of the query for about 100 rows: one thread, one connection, one prepared command, the same rows and columns read with the
/// driver's typed getters. Nothing is rendered, nothing is sent and, unless asked for, nothing is sorted. Column names stand in <see
/// cref="Columns"/> and <see cref="DefaultSql"/> only.
/// </summary>
internal static class QueryLoop
{
    public static readonly (string Name, bool IsText)[] Columns =
    [
        ("file_path", true), ("instrument", true), ("data_level", true), ("descriptor", true), ("start_date", true), ("end_date", true),
        ("repointing", false), ("cr", false), ("version", true), ("major_version", false), ("minor_version", false), ("extension", true),
        ("ingestion_date", true), ("size", false), ("sha256", true), ("seq", false),
    ];

    private static string DefaultSql =>
        $"""
        SELECT {string.Join(", ", Columns.Select(c => c.Name))} FROM files JOIN products ON products.id = files.product
        WHERE family = 'science' AND instrument = @instrument AND data_level = @level AND descriptor = @descriptor
        AND start_date >= @start AND start_date <= @end
        """;

    public static int Run(Arguments options)
    {
        var generator = new NameGenerator(options.Number("rows"));
        var sql = options.Text("sql", DefaultSql + (options.Text("order", "no") == "yes" ? " ORDER BY file_path" : ""));
        using var connection = new SqliteConnection($"Data Source={options.Text("db")};Mode=ReadWrite;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        string[] names = ["@instrument", "@level", "@descriptor", "@start", "@end"];
        SqliteParameter[] parameters = [.. names.Select(name => command.Parameters.Add(name, SqliteType.Text))];
        command.Prepare();

        long number = 0;
        Measure(TimeSpan.FromSeconds(1));
        var (total, found, seconds) = Measure(TimeSpan.FromSeconds(options.Number("seconds", 8)));
        if (found == 0)
            throw new LoadFailedException("No query found a row: the catalogue was not filled with this number of rows");
        Console.WriteLine($"queries_s={total / seconds:F1} rows_per_query={(double)found / total:F1}");
        return 0;

        (long Queries, long Rows, double Seconds) Measure(TimeSpan time)
        {
            long queries = 0, rows = 0;
            var started = Stopwatch.GetTimestamp();
            TimeSpan elapsed;
            do
            {
                var q = generator.Month(number++);
                parameters[0].Value = q.Instrument;
                parameters[1].Value = q.Level;
                parameters[2].Value = q.Descriptor;
                parameters[3].Value = q.Start;
                parameters[4].Value = q.End;
                rows += ReadAll(command);
                queries++;
                elapsed = Stopwatch.GetElapsedTime(started);
            }
            while (elapsed < time);
            return (queries, rows, elapsed.TotalSeconds);
        }
    }

    /// <summary>Reads every column of every row with its typed getter; gives the number of rows.</summary>
    public static long ReadAll(SqliteCommand command)
    {
        long rows = 0, used = 0;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            rows++;
            for (var i = 0; i < Columns.Length; i++)
            {
                if (reader.IsDBNull(i))
                    continue;
                used += Columns[i].IsText ? reader.GetString(i).Length : reader.GetInt64(i);
            }
        }

        GC.KeepAlive(used);
        return rows;
    }
}
