using System.Globalization;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>What a session keeps of its statements is bounded by their length, on its own side and on the server's.</summary>
public abstract class SessionContract : IAsyncLifetime
{
    private readonly CatalogueFixture fixture;

    private protected SessionContract(TestDatabase database) => fixture = new CatalogueFixture(TimeProvider.System, database);

    /// <summary>Counts the statements that the server keeps prepared for this session; null where that is not asked.</summary>
    protected virtual string? CountPreparedSql => null;

    public ValueTask InitializeAsync() => fixture.InitializeAsync();

    public ValueTask DisposeAsync() => fixture.DisposeAsync();

    [Theory]
    [InlineData(100, 5000)]
    [InlineData(1000, 100)]
    public async Task Statements_of_many_texts_are_kept_up_to_a_length(int values, int statements) =>
        (await fixture.Catalogue.ReadAsync(async session =>
        {
            var list = string.Join(", ", Enumerable.Range(0, values).Select(i => string.Create(CultureInfo.InvariantCulture, $"@p{i}")));
            object?[] given = [.. Enumerable.Range(0, values).Select(i => "name" + i.ToString(CultureInfo.InvariantCulture))];
            var most = 0;
            for (var i = 0; i < statements; i++)
            {
                var sql = string.Create(CultureInfo.InvariantCulture, $"SELECT COUNT(*) + {i} FROM files WHERE file_path IN ({list})");
                // The driver prepares a text that comes again.
                for (var times = 0; times < 3; times++)
                    Convert.ToInt64(await session.Statement(sql, given).ExecuteScalarAsync(), CultureInfo.InvariantCulture).ShouldBe(i);
                session.TextLength.ShouldBeLessThanOrEqualTo(Math.Max(sql.Length, Server.Catalogue.Session.MostText));
                most = sql.Length;
            }

            if (CountPreparedSql is { } count)
                Convert.ToInt32(await session.Statement(count, []).ExecuteScalarAsync(), CultureInfo.InvariantCulture)
                    .ShouldBeLessThanOrEqualTo(Server.Catalogue.Session.MostText / most + 1);
            return true;
        }, CancellationToken.None)).ShouldBeTrue();
}

public sealed class SqliteSessionTests() : SessionContract(new SqliteDatabase());

public sealed class PostgresSessionTests() : SessionContract(new PostgresDatabase())
{
    protected override string CountPreparedSql => "SELECT COUNT(*) FROM pg_prepared_statements";
}
