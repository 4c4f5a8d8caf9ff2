using System.Data.Common;
using System.Globalization;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Catalogue;

/// <summary>From when to when the files of a query can be: made closer where an overlap says it, and left away where there are no files beyond them.</summary>
internal static class Bounds
{
    /// <summary>
    /// The same query with the days on which a file that overlaps the asked ones may begin: no earlier than the longest of all files goes on. Without it everything that began before them
    /// would be looked through.
    /// </summary>
    public static async ValueTask<FileQuery> BeginAsync(Func<SqlStatement, DbCommand> command, FileQuery query, CancellationToken cancel)
    {
        if (query.Overlaps is not { } days || query.FilePaths.Count > 0)
            return query;
        var filters = new Filters().And("s.digits = 0");
        CoveragePlan.AddSeries(filters, query);
        var longest = await command(new($"SELECT COALESCE(MAX(s.max_days), 0) FROM coverage AS s{filters.Where}", filters.Values)).ExecuteScalarAsync(cancel);
        var from = Day.Of(days.From).DayNumber - Convert.ToInt64(longest, CultureInfo.InvariantCulture);
        var first = Day.Text(DateOnly.FromDayNumber((int)Math.Max(0, from)));
        return query with
        {
            StartDate = string.CompareOrdinal(query.StartDate, first) > 0 ? query.StartDate : first,
            EndDate = query.EndDate is { } end && string.CompareOrdinal(end, days.To) < 0 ? end : days.To,
        };
    }

    /// <summary>
    /// The same query without the bounds that leave nothing out, such as a start in the year 1 or a publication since number 0. With them it would be read file by file what is known of all of them.
    /// </summary>
    public static async ValueTask<FileQuery> DropAsync(Func<SqlStatement, DbCommand> command, FileQuery query, Family? family, CancellationToken cancel)
    {
        if (query.SinceSeq <= 0)
            query = query with { SinceSeq = null };
        // A file without a start date is left out by any.
        if (!IsBounded(query) || family is null || !family.FieldsOfAll.Contains("start_date"))
            return query;
        var filters = new Filters().And("s.digits = 4");
        CoveragePlan.AddSeries(filters, query);
        await using var reader = await command(new(
            $"SELECT MIN(s.start_date), MAX(s.start_date), MIN(s.first_ingestion), MAX(s.last_ingestion) FROM coverage AS s{filters.Where}", filters.Values)).ExecuteReaderAsync(cancel);
        if (!await reader.ReadAsync(cancel) || await reader.IsDBNullAsync(0, cancel))
            return query;
        return query with
        {
            StartDate = IsBefore(query.StartDate, reader.GetString(0) + "0101") ? null : query.StartDate,
            EndDate = IsBefore(reader.GetString(1) + "1231", query.EndDate) ? null : query.EndDate,
            IngestionStartDate = IsBefore(query.IngestionStartDate, reader.GetString(2)[..8]) ? null : query.IngestionStartDate,
            IngestionEndDate = IsBefore(reader.GetString(3)[..8], query.IngestionEndDate) ? null : query.IngestionEndDate,
        };

        static bool IsBefore(string? day, string? other) => string.CompareOrdinal(day, other) <= 0;
    }

    private static bool IsBounded(FileQuery query) => (query.StartDate ?? query.EndDate ?? query.IngestionStartDate ?? query.IngestionEndDate) is not null;
}
