using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary>An archive keeps the mission that it was made with: at later starts, and for every command that reads names.</summary>
public sealed class KeptMissionTests : IDisposable
{
    private const string Name = "moth_cam_20260101_v01.fits";
    private const string Key = "moth/cam/" + Name;

    private readonly string root = Directory.CreateTempSubdirectory("opensdc-").FullName;

    private string Data => Path.Combine(root, "data");

    public void Dispose() => Directory.Delete(root, recursive: true);

    public static TheoryData<string> Databases => ["SQLite", "PostgreSQL"];

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Without_the_setting_the_kept_one_counts(string database)
    {
        var catalogue = database == "SQLite" ? null : PostgresServer.NewDatabase();
        await FillAsync(catalogue);
        await using var archive = await StartAsync(null, catalogue);
        (await archive.SendAsync($"GET /query?filename={Name}")).Json[0].GetProperty("instrument").GetString().ShouldBe("cam");
        (await archive.SendAsync("GET /upload/moth_cam_20260102_v01.fits")).Status.ShouldBe(200);
        (await archive.SendAsync("GET /upload/imap_swe_l1_sci_20260901_v003.cdf")).Status.ShouldBe(400);
        File.ReadAllText(Path.Combine(Data, "mission.json")).ShouldBe(Text());
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Another_one_is_refused(string database)
    {
        var catalogue = database == "SQLite" ? null : PostgresServer.NewDatabase();
        await FillAsync(catalogue);
        (await RefusalAsync(Other(), catalogue)).ShouldContain("is not the one that the archive in");
        (await RefusalAsync(Mission.ImapText, catalogue)).ShouldContain("of the mission moth, stored 2");
    }

    [Fact]
    public async Task The_same_one_with_other_comments_is_none_other()
    {
        await FillAsync();
        await (await StartAsync("// as before\n" + Text())).DisposeAsync();
    }

    [Fact]
    public async Task Another_one_is_accepted_where_every_record_is_read_the_same()
    {
        await FillAsync();
        await using (var archive = await StartAsync(Other(), accept: true))
            (await archive.SendAsync("GET /upload/moth_spec_20260102_v01.fits")).Status.ShouldBe(200);
        await using var later = await StartAsync(null);
        (await later.SendAsync("GET /upload/moth_spec_20260102_v01.fits")).Status.ShouldBe(200);
    }

    [Theory]
    [InlineData(
        "moth/{instrument}/{name}",
        "moth/{start:yyyy}/{name}",
        "moth/cam/moth_cam_20260101_v01.fits would have the key moth/2026/moth_cam_20260101_v01.fits."
    )]
    [InlineData("\"cam\"", "\"spec\"", "moth/cam/moth_cam_20260101_v01.fits is no name of the mission.")]
    [InlineData("{minor:digits(2)}", "{major:digits(2)}", "would have 1 for major_version, and has null.")]
    [InlineData("v{minor:digits(2)}", "v{minor:digits(1)}{rest:digits(1)}", "would have 0 for minor_version, and has 1.")]
    [InlineData("\"one\",", "\"one\", \"highest_major_by_default\": true,", "would stand elsewhere in the order of versions.")]
    [InlineData("_{start:date}_", "_{day:date}_", "would have null for start_date, and has \"20260101\".")]
    public async Task What_would_be_read_otherwise_is_listed_and_nothing_is_changed(string of, string by, string listed)
    {
        await FillAsync();
        (await RefusalAsync(Text().Replace(of, by, StringComparison.Ordinal), accept: true)).ShouldEndWith(listed);
        await using var archive = await StartAsync(null);
        (await archive.DownloadAsync(Name)).ShouldBe([1]);
    }

    [Fact]
    public async Task A_check_takes_it_from_the_archive()
    {
        await FillAsync();
        File.WriteAllText(Path.Combine(Data, "objects/moth/cam/moth_cam_20260103_v01.fits"), "an orphan");
        (await CheckAsync(Data)).ShouldBe(["orphan moth/cam/moth_cam_20260103_v01.fits"]);
    }

    [Fact]
    public async Task A_rebuild_takes_it_from_the_folder()
    {
        await FillAsync();
        foreach (var file in Directory.EnumerateFiles(Data, "catalogue.sqlite*"))
            File.Delete(file);
        using (var steps = new BackupSteps())
            (await steps.RebuildAsync(Data)).ShouldBe(new RebuildResult(1, 0));
        await using var archive = await StartAsync(null);
        (await archive.QueryAsync($"filename={Name}")).ShouldHaveSingleItem().FilePath.ShouldBe(Key);
    }

    /// <summary>The way to have names read otherwise in an archive that exists.</summary>
    [Fact]
    public async Task A_rebuild_of_a_folder_that_keeps_none_takes_another()
    {
        await FillAsync();
        foreach (var file in Directory.EnumerateFiles(Data, "catalogue.sqlite*").Append(Path.Combine(Data, "mission.json")))
            File.Delete(file);
        await File.WriteAllTextAsync(
            Path.Combine(root, "new.json"),
            Text().Replace("v{minor:digits(2)}", "v{minor:digits(1)}{rest:digits(1)}", StringComparison.Ordinal)
        );
        await using (var sdc = Cli.SdcProcess.Start(root, "rebuild --data data --mission new.json"))
            (await sdc.ExitCodeAsync()).ShouldBe(0, sdc.Errors);
        await using var archive = await StartAsync(null);
        (await archive.SendAsync("GET /query?rest=1")).Json[0].GetProperty("rest").GetInt32().ShouldBe(1);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData(" --mission other.json", 2)]
    public async Task A_rebuild_takes_no_other_than_the_folder_keeps(string more, int code)
    {
        await FillAsync();
        foreach (var file in Directory.EnumerateFiles(Data, "catalogue.sqlite*"))
            File.Delete(file);
        await File.WriteAllTextAsync(Path.Combine(root, "other.json"), Other());
        await using var sdc = Cli.SdcProcess.Start(root, "rebuild --data data" + more);
        (await sdc.ExitCodeAsync()).ShouldBe(code, sdc.Errors);
        if (code != 0)
            sdc.Errors.ShouldContain("is not the one that the data folder keeps in mission.json");
    }

    [Fact]
    public async Task A_restore_takes_it_from_the_backup()
    {
        await FillAsync();
        using var steps = new BackupSteps();
        await steps.BackUpAsync(Data);
        await steps.RestoreAsync();
        File.ReadAllText(Path.Combine(steps.Restored, "mission.json")).ShouldBe(Text());
        await using var archive = await RunningArchive.StartAsync(folder: steps.Restored);
        (await archive.QueryAsync($"filename={Name}")).ShouldHaveSingleItem().FilePath.ShouldBe(Key);
    }

    [Fact]
    public async Task A_migration_takes_it_along()
    {
        await FillAsync();
        var database = PostgresServer.NewDatabase();
        using (var held = DataFolder.Open(Data))
            await new Migration(held, database, TimeProvider.System, new UpkeepProgress()).RunAsync(CancellationToken.None);
        await using var archive = await StartAsync(null, database);
        (await archive.QueryAsync($"filename={Name}")).ShouldHaveSingleItem().FilePath.ShouldBe(Key);
    }

    [Fact]
    public async Task A_newer_one_of_the_program_is_told_of_and_taken_where_that_is_asked_for()
    {
        await (await StartAsync(null)).DisposeAsync();
        using (var connection = new SqliteConnection($"Data Source={Path.Combine(Data, "catalogue.sqlite")};Pooling=False"))
        {
            connection.Open();
            using var older = connection.CreateCommand();
            older.CommandText = "UPDATE missions SET text = replace(text, ', \"l1const\"', '')";
            older.ExecuteNonQuery().ShouldBe(1);
        }

        const string New = "GET /upload/imap_l1const_l1_sci_20260901_v001.0001.cdf";
        (await OpenAsync()).ShouldHaveSingleItem().ShouldStartWith("the program brings a newer built-in mission file");
        await using (var archive = await StartAsync(null))
            (await archive.SendAsync(New)).Status.ShouldBe(400);
        await using (var archive = await StartAsync(null, accept: true))
            (await archive.SendAsync(New)).Status.ShouldBe(200);
        (await OpenAsync()).ShouldBeEmpty();
    }

    private static string Text() => """
        { "mission": "moth", "root": "moth/", "fields": { "instrument": ["cam"], "extension": ["fits"] }, // a moth
          "families": [{ "name": "images", "key": "moth/{instrument}/{name}", "conventions": [
            { "name": "one", "template": "moth_{instrument}_{start:date}_{version=v{minor:digits(2)}}.{extension}" }] }] }
        """;

    private static string Other() => Text().Replace("\"cam\"", "\"cam\", \"spec\"", StringComparison.Ordinal);

    private async Task FillAsync(string? catalogue = null)
    {
        await using var archive = await StartAsync(Text(), catalogue);
        await archive.UploadAsync(Name, [1]);
    }

    private async Task<RunningArchive> StartAsync(string? mission, string? catalogue = null, bool accept = false)
    {
        var file = Path.Combine(root, "given.json");
        if (mission is not null)
            await File.WriteAllTextAsync(file, mission);
        return await RunningArchive.StartAsync(
            options => options with { Catalogue = catalogue, Mission = mission is null ? null : file, AcceptMissionChange = accept },
            folder: Data
        );
    }

    private async Task<string> RefusalAsync(string mission, string? catalogue = null, bool accept = false) =>
        (await Should.ThrowAsync<SettingException>(() => StartAsync(mission, catalogue, accept))).Message;

    private static async Task<List<string>> CheckAsync(string data)
    {
        using var run = await Fsck.RunAsync(
            new ServerOptions { Data = data },
            new FsckOptions(),
            new UpkeepProgress(),
            FsckArchive.Ahead(1),
            CancellationToken.None
        );
        var found = new List<string>();
        await foreach (var finding in run.Report.Findings)
            found.Add($"{finding.Kind} {finding.Key}");
        return found;
    }

    /// <summary>What the log says where the archive's mission is opened.</summary>
    private async Task<List<string>> OpenAsync()
    {
        using var telemetry = new Telemetry();
        using var sqlite = new Server.Catalogue.Sqlite(Path.Combine(Data, "catalogue.sqlite"));
        using var catalogue = new Server.Catalogue.Catalogue(sqlite, TimeProvider.System, telemetry);
        var log = new Lines();
        await new ArchiveMission(new ServerOptions { Data = Data }, catalogue, TimeProvider.System, log).OpenAsync(CancellationToken.None);
        return log;
    }

    private sealed class Lines : List<string>, ILogger<ArchiveMission>
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Add(formatter(state, exception));
    }
}
