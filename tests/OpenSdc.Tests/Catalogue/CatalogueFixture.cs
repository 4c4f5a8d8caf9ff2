using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using Xunit;
using Archive = OpenSdc.Server.Catalogue.Catalogue;

namespace OpenSdc.Tests.Catalogue;

/// <summary>A catalogue in a folder of its own, without a service around it.</summary>
public sealed class CatalogueFixture : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
    private readonly Telemetry telemetry = new();
    private readonly Sqlite dialect;

    public CatalogueFixture() : this(TimeProvider.System)
    {
    }

    internal CatalogueFixture(TimeProvider clock)
    {
        dialect = new Sqlite(Path.Combine(folder, "catalogue.sqlite"));
        Catalogue = new Archive(dialect, clock, telemetry);
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
        dialect.Dispose();
        telemetry.Dispose();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }
}
