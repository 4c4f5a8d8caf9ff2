using System.Globalization;
using Microsoft.Data.Sqlite;
using OpenSdc.Tests.Cli;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

public sealed class UnexpectedErrorsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>The answer says that the request id finds it in the log.</summary>
    [Theory]
    [InlineData("json")]
    [InlineData("text")]
    public async Task An_error_of_the_archives_own_is_in_the_log_once_under_the_id_of_its_answer(string format)
    {
        // The scrub would meet the error too, and say so in a line of its own.
        await using var sdc = SdcProcess.Start(folder, $"serve --urls http://127.0.0.1:0 --data data --log-format {format} --scrub-rate 0");
        var address = format == "json" ? await sdc.JsonAddressAsync() : await sdc.AddressAsync();
        using var http = new HttpClient();
        await using (var database = new SqliteConnection($"Data Source={Path.Combine(folder, "data", "catalogue.sqlite")};Pooling=False"))
        {
            await database.OpenAsync();
            await using var command = database.CreateCommand();
            command.CommandText = "ALTER TABLE files RENAME TO spoilt";
            await command.ExecuteNonQueryAsync();
        }

        using var answer = await http.GetAsync($"{address}/query?filename=imap_swe_l1_sci_20260901_v001.0002.cdf");
        ((int)answer.StatusCode).ShouldBe(500);
        var id = answer.Headers.GetValues("X-Request-Id").Single();
        for (var tries = 0; tries < 400 && !Log().Contains(id, StringComparison.Ordinal); tries++)
            await Task.Delay(25);
        // Upkeep of its own may meet the same, and says so in lines of its own.
        var lines = Log()
            .Split('\n')
            .Where(line =>
                line.Contains("no such table", StringComparison.Ordinal)
                && !line.Contains("Cannot clean up uploads", StringComparison.Ordinal)
            )
            .ToList();
        lines.ShouldHaveSingleItem().ShouldContain($"GET /query failed; client 127.0.0.1, request {id}");

        string Log() => format == "json" ? sdc.Output : sdc.Errors;
    }

    /// <summary>Thousands of requests may meet it, and their traces would fill the disk that the log is on.</summary>
    [Fact]
    public async Task A_database_that_is_away_is_one_short_line_for_each_request()
    {
        var database = PostgresServer.NewFolder("lines");
        var connection = PostgresServer.Script("up", database, PostgresServer.FreePort().ToString(CultureInfo.InvariantCulture));
        var (sdc, address) = await SdcProcess.ServeAsync(folder, $"--log-format text --scrub-rate 0 --catalogue {connection}");
        await using (sdc)
        {
            using var http = new HttpClient();
            PostgresServer.Script("kill", database);
            using var answer = await http.GetAsync($"{address}/query");
            ((int)answer.StatusCode).ShouldBe(503);
            var id = answer.Headers.GetValues("X-Request-Id").Single();
            for (var tries = 0; tries < 400 && !sdc.Errors.Contains(id, StringComparison.Ordinal); tries++)
                await Task.Delay(25);
            var line = sdc.Errors.Split('\n').Where(each => each.Contains(id, StringComparison.Ordinal)).ShouldHaveSingleItem();
            line.ShouldContain(" warn: ");
            line.ShouldContain("GET /query is answered 503 (catalogue-unavailable): ");
            line.ShouldNotContain("   at ");
        }

        Directory.Delete(database, recursive: true);
    }
}
