using Npgsql;
using OpenSdc.Server;
using OpenSdc.Tests.Cli;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>
/// What docs/operate.md promises of an upgrade: while a newer version expands the schema, replicas of this one go on with all that they do; and none of this one is started on it any more.
/// </summary>
public sealed class ExpandedCatalogueTests
{
    // All that a migration may do while an older version serves: tables, indexes, and columns that are null or have a default.
    private const string Expansion = """
        ALTER TABLE files ADD COLUMN quality BIGINT;
        ALTER TABLE files ADD COLUMN origin TEXT COLLATE "C" NOT NULL DEFAULT 'unknown';
        ALTER TABLE uploads ADD COLUMN priority BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE events ADD COLUMN who TEXT COLLATE "C";
        ALTER TABLE claims ADD COLUMN taken_at BIGINT;
        ALTER TABLE coverage ADD COLUMN seconds BIGINT NOT NULL DEFAULT 0;
        ALTER TABLE unsound ADD COLUMN note TEXT COLLATE "C";
        ALTER TABLE ledger ADD COLUMN epoch BIGINT NOT NULL DEFAULT 1;
        CREATE INDEX files_by_quality ON files (quality) WHERE quality IS NOT NULL;
        CREATE TABLE campaigns (name TEXT COLLATE "C" PRIMARY KEY, begun_at BIGINT NOT NULL);
        UPDATE schema_version SET version = version + 1;
        """;

    public static TheoryData<string> Setups => [.. ArchiveSetup.Names.Where(name => name.EndsWith("PostgreSQL", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task A_replica_goes_on_beside_a_newer_version_that_has_expanded_the_schema_and_none_is_started_on_it(string setup)
    {
        var settings = new ServerOptions();
        ServerOptions Keep(ServerOptions options) => settings = options;
        await using var archive = await RunningArchive.StartAsync(Keep, setup: ArchiveSetup.Of(setup));
        // Every statement is prepared with its general plan by then, as in a replica that has served for a while.
        for (var i = 0; i < 8; i++)
            await GoThroughAsync(archive);

        await using (var connection = new NpgsqlConnection(settings.Catalogue))
        {
            await connection.OpenAsync();
            // In one transaction, as migrations are.
            await using var migration = new NpgsqlCommand(Expansion, connection);
            await migration.ExecuteNonQueryAsync();
        }

        for (var i = 0; i < 8; i++)
            await GoThroughAsync(archive);
        var refused = await Should.ThrowAsync<SettingException>(() => RunningArchive.StartAsync(_ => settings with { Data = Directory.CreateTempSubdirectory("opensdc-").FullName }));
        refused.Message.ShouldContain("start it with the newer program");
        var onS3 = settings.Objects is { } objects ? $" --objects {objects} --s3-endpoint {settings.S3Endpoint}" : "";
        await using var fsck = SdcProcess.Start(archive.Folder, $"fsck --data {archive.Folder} --catalogue {settings.Catalogue}{onS3}");
        (await fsck.ExitCodeAsync()).ShouldBe(2, fsck.Output + fsck.Errors);
        fsck.Errors.ShouldContain("start it with the newer program");
        await GoThroughAsync(archive);
    }

    /// <summary>A file goes in, is found in every way that reads other tables, and comes out; another upload of its name is refused.</summary>
    private static async Task GoThroughAsync(RunningArchive archive)
    {
        var name = ArchiveFixture.NewName();
        byte[] bytes = [1, 2, 3];
        var receipt = await archive.UploadAsync(name, bytes);
        (await archive.QueryAsync($"filename={name}")).ShouldHaveSingleItem().Seq.ShouldBe(receipt.Seq);
        (await archive.QueryAsync("table=science&instrument=swe&version=latest")).ShouldContain(each => each.Seq == receipt.Seq);
        (await archive.QueryAsync($"table=science&since_seq={receipt.Seq - 1}")).ShouldHaveSingleItem().FilePath.ShouldBe(receipt.FilePath);
        foreach (var path in (string[])["/query?table=science&count=true&limit=1", "/coverage?instrument=swe", "/facets?instrument=swe"])
        {
            var answer = await archive.SendAsync($"GET {path}");
            answer.Status.ShouldBe(200, $"{path}: {answer.Text}");
        }

        (await archive.DownloadAsync(name)).ShouldBe(bytes);
        (await archive.SendAsync($"GET /upload/{name}")).Status.ShouldBe(409);
    }
}
