using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using Xunit;
using Archive = OpenSdc.Server.Catalogue.Catalogue;

namespace OpenSdc.Tests.Catalogue;

/// <summary>A catalogue in a database of its own, without a service around it.</summary>
public sealed class CatalogueFixture : IAsyncLifetime
{
    private readonly Telemetry telemetry = new();
    private readonly TestDatabase database;

    public CatalogueFixture() : this(TimeProvider.System, new SqliteDatabase())
    {
    }

    internal CatalogueFixture(TimeProvider clock, TestDatabase database)
    {
        this.database = database;
        Catalogue = new Archive(database.Dialect, clock, telemetry) { ReleasesAll = true };
    }

    internal Archive Catalogue { get; }

    public async ValueTask InitializeAsync() => await Catalogue.OpenAsync(CancellationToken.None);

    /// <summary>What the database says it would do, a line a step.</summary>
    internal ValueTask<List<string>> PlanAsync(SqlStatement statement) => Catalogue.ReadAsync(async session =>
    {
        var lines = new List<string>();
        await using var reader = await session.Statement("EXPLAIN QUERY PLAN " + statement.Text, statement.Values).ExecuteReaderAsync();
        while (await reader.ReadAsync())
            lines.Add(reader.GetString(3));
        return lines;
    }, CancellationToken.None);

    public ValueTask DisposeAsync()
    {
        Catalogue.Dispose();
        database.Dispose();
        telemetry.Dispose();
        return ValueTask.CompletedTask;
    }
}
