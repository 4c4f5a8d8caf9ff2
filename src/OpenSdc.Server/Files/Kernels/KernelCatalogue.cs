using System.Data.Common;
using System.Text.Json;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Files.Kernels;

/// <summary>
/// The SPICE files of the archive. A mission has some thousands, so that each request reads those of the
/// types that it asks for and chooses among them.
/// </summary>
internal sealed class KernelCatalogue(Catalogue.Catalogue catalogue, Mission mission)
{
    public KernelRules Rules { get; } = mission.Kernels ?? throw new InvalidOperationException("The mission has no kernels.");

    /// <summary>The files of some types, in the order of their paths; of all types where none is named.</summary>
    public async Task<List<Kernel>> ReadAsync(IReadOnlyList<string> types, Caller caller, CancellationToken cancel)
    {
        var query = new FileQuery { Family = Rules.Family, Descriptors = types };
        var kernels = new List<Kernel>();
        await using var rows = await catalogue.QueryAsync(
            query,
            ReadScope.Of(query, caller),
            mission.FindFamily(Rules.Family),
            "item",
            count: false,
            cancel
        );
        while (await rows.ReadAsync(cancel))
            kernels.Add(new Kernel(Record(rows.Columns), Rules));
        return kernels;
    }

    private static FileRecord Record(DbDataReader row) =>
        JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(0), ContractJson.Default.FileRecord)
        ?? throw new JsonException("A record of the catalogue is empty.");
}
