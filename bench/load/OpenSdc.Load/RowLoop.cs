using System.Diagnostics;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace OpenSdc.Load;

/// <summary>
/// The peer of a long list: one pass of the driver over the rows of one instrument in the order of their
/// paths, with the statement that the archive runs. Either every column is read with its typed getter, or the
/// rendered record alone, as bytes. Nothing is written or sent.
/// </summary>
internal static class RowLoop
{
    public static int Run(Arguments options)
    {
        var columns = options.Text("columns", "all");
        using var connection = new SqliteConnection($"Data Source={options.Text("db")};Mode=ReadWrite;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            $"SELECT {(columns == "all" ? string.Join(", ", QueryLoop.Columns.Select(each => each.Name)) : "item, file_path")} FROM files JOIN products ON products.id = files.product "
            + "WHERE file_path >= @p0 AND file_path < @p1 AND family || '' = @p2 ORDER BY file_path";
        command.Parameters.AddWithValue("@p0", $"imap/{options.Text("instrument")}/");
        command.Parameters.AddWithValue("@p1", $"imap/{options.Text("instrument")}0");
        command.Parameters.AddWithValue("@p2", "science");
        var times = new List<double>();
        long rows = 0;
        for (var round = 0; round < options.Number("rounds", 3); round++)
        {
            var started = Stopwatch.GetTimestamp();
            rows = columns == "all" ? QueryLoop.ReadAll(command) : ReadItems(command);
            times.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
        }

        times.Sort();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"rows={rows} seconds={times[times.Count / 2]:F3}"));
        return 0;
    }

    private static long ReadItems(SqliteCommand command)
    {
        long rows = 0, used = 0;
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            rows++;
            used += reader.GetFieldValue<byte[]>(0).Length;
        }

        GC.KeepAlive(used);
        return rows;
    }
}
