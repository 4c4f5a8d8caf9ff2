using System.Text;
using System.Text.Json;
using OpenSdc.Contract;
using OpenSdc.Tests.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary>The commands of scientists and pipelines, each through its process: standard output, standard error and exit code.</summary>
public sealed partial class ClientCommandTests(FoundingArchive fixture) : IClassFixture<FoundingArchive>, IDisposable
{
    private const string Mag1 = "imap_mag_l0_burst_20230112_20230113_v01-01.pkts";
    private const string Mag2 = "imap_mag_l0_burst_20230112_20230113_v01-02.pkts";
    private const string MagFolder = "imap/mag/l0/2023/01/";
    private readonly Folder folder = new();

    [Fact]
    public async Task Query_writes_the_list_to_standard_output_and_the_rest_to_standard_error()
    {
        var run = await RunAsync("query --instrument mag --output names");

        run.ShouldBe(new SdcCommand(0, $"{MagFolder}{Mag1}\n{MagFolder}{Mag2}\n", "2 files\n"));
    }

    [Fact]
    public async Task Query_as_JSON_is_the_archives_records()
    {
        var records = await fixture.Archive.QueryAsync("instrument=mag");

        var array = await RunAsync("query --instrument mag --output json");
        var lines = await RunAsync("query --instrument mag -o ndjson");

        JsonElement
            .Parse(array.Output)
            .EnumerateArray()
            .Select(each => each.Deserialize(ContractJson.Default.FileRecord)!)
            .ShouldBe(records);
        lines
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(each => JsonSerializer.Deserialize(each, ContractJson.Default.FileRecord)!)
            .ShouldBe(records);
        (await RunAsync("query --instrument hi --output json")).ShouldBe(new SdcCommand(0, "[]\n", "0 files\n"));
    }

    [Fact]
    public async Task Query_as_CSV_is_what_the_archive_itself_writes()
    {
        var columns =
            "file_path,instrument,data_level,descriptor,start_date,end_date,repointing,cr,version,major_version,minor_version,extension,ingestion_date,size,sha256,seq,released,crid";
        var server = await fixture.Archive.SendAsync($"GET /query?table=*&version=*&format=csv&fields={columns}");

        var run = await RunAsync("query --table * --version * --output csv");

        // The last columns of ours are integrity and other, which are empty.
        run.Output.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)[1..]
            .ShouldBe(server.Text.Split("\r\n", StringSplitOptions.RemoveEmptyEntries)[1..].Select(line => line + ",,"));
        run.Output.Split("\r\n")[0].ShouldBe(columns + ",integrity,other");
    }

    [Theory]
    [InlineData("200", true)]
    [InlineData("60", false)]
    [InlineData("10", false)]
    public async Task A_table_fits_the_terminal_and_cuts_no_name(string columns, bool wide)
    {
        var run = await RunAsync("query --instrument mag", null, ("COLUMNS", columns));

        var lines = run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        lines.Length.ShouldBe(3);
        lines[0].ShouldStartWith("FILE");
        lines[1].ShouldStartWith(Mag1);
        lines.ShouldAllBe(line => line.Length <= Math.Max(int.Parse(columns), Mag1.Length));
        lines[0].Contains("PUBLISHED").ShouldBe(wide);
    }

    [Fact]
    public async Task Latest_and_other_parameters()
    {
        (await RunAsync("latest --instrument mag -o names")).Output.ShouldBe($"{MagFolder}{Mag2}\n");
        (await RunAsync("query --instrument mag --latest -o names")).Output.ShouldBe($"{MagFolder}{Mag2}\n");
        (await RunAsync("query --instrument mag --where sort=-version --limit 1 -o names")).Output.ShouldBe($"{MagFolder}{Mag2}\n");
    }

    [Fact]
    public async Task Info_shows_a_record_and_says_what_is_absent()
    {
        var run = await RunAsync($"info {Mag1} {MagFolder}imap_mag_l0_burst_20230112_20230113_v01-09.pkts");

        run.Code.ShouldBe(40);
        JsonElement.Parse(run.Output)[0].GetProperty("file_path").GetString().ShouldBe(MagFolder + Mag1);
        run.Errors.ShouldBe($"The archive has no file {MagFolder}imap_mag_l0_burst_20230112_20230113_v01-09.pkts.\n");
    }

    [Fact]
    public async Task Coverage_is_a_calendar()
    {
        var run = await RunAsync("coverage --instrument mag");

        run.Output.ShouldBe("mag l0 burst pkts: 2 files, 94 bytes\n2023-01 ...........2...................\n");
        (await RunAsync("coverage --instrument mag --output csv --bin month")).Output.ShouldContain(
            "science,mag,l0,burst,pkts,202301,2,94,v01-02,"
        );
        JsonElement
            .Parse((await RunAsync("coverage --instrument mag --output json")).Output)[0]
            .GetProperty("bin")
            .GetString()
            .ShouldBe("20230112");
        (await RunAsync("coverage --bin month")).Code.ShouldBe(2);
    }

    [Fact]
    public async Task Download_by_query_puts_files_at_their_keys_and_verify_agrees()
    {
        var run = await RunAsync("download --instrument mag -j 2");

        run.Code.ShouldBe(0, run.Errors);
        run.Errors.ShouldBe("2 files fetched, 0 there already.\n");
        run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Order().ShouldBe(
            ((string[])[Mag1, Mag2]).Select(name => Path.Combine(folder.Path, "data", MagFolder + name)));
        folder.Files.ShouldBe([$"data/{MagFolder}{Mag1}", $"data/{MagFolder}{Mag2}"]);
        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Path.Combine(folder.Path, "data", MagFolder + Mag1))
                .HasFlag(UnixFileMode.OtherRead)
                .ShouldBeTrue("the shell's umask counts, not the archive's");

        (await RunAsync("download --instrument mag")).Errors.ShouldBe("0 files fetched, 2 there already.\n");
        (await RunAsync("verify --instrument mag")).ShouldBe(new SdcCommand(0, "", "2 files are right, 0 not.\n"));
        File.WriteAllText(Path.Combine(folder.Path, "data", MagFolder + Mag1), new string('x', Mag1.Length));
        File.Delete(Path.Combine(folder.Path, "data", MagFolder + Mag2));
        var verified = await RunAsync("verify --instrument mag");
        verified.Code.ShouldBe(42);
        verified
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Order()
            .ShouldBe([$"* {MagFolder}{Mag1}", $"+ {MagFolder}{Mag2}"]);
        (await RunAsync("download --instrument mag --existing skip")).Code.ShouldBe(41);
        (await RunAsync("download --instrument mag")).Code.ShouldBe(0);
        (await RunAsync("verify --instrument mag --all")).Output.ShouldContain($"= {MagFolder}{Mag1}");
        folder.Write("data/own.cdf", [1]);
        folder.Write("data/own.cdf.part", [1]);
        (await RunAsync("verify --instrument mag --extra")).ShouldBe(new SdcCommand(42, "- own.cdf\n", "2 files are right, 1 not.\n"));
    }

    [Fact]
    public async Task Download_by_names_globs_and_lists()
    {
        (await RunAsync($"download {Mag1} naif0012.tls --flat --data-dir out")).Code.ShouldBe(0);
        folder.Files.ShouldBe([$"out/{Mag1}", "out/naif0012.tls"]);

        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        (await RunAsync($"download imap_mag_l0_burst_*_v01-0?.pkts --flat --data-dir glob --url {proxy.Address}")).Errors.ShouldBe(
            "2 files fetched, 0 there already.\n"
        );
        proxy
            .Queries.Single(each =>
                each.StartsWith("/query", StringComparison.Ordinal) && !each.Contains("format=urls", StringComparison.Ordinal)
            )
            .ShouldContain("instrument=mag&data_level=l0&descriptor=burst");
        var sums = (await fixture.Archive.SendAsync("GET /query?instrument=mag&format=sha256sum")).Text;
        (await RunAsync("download --from - --flat --data-dir list", sums + $"\n{FoundingArchive.CodiceKey}\n")).Errors.ShouldBe(
            "3 files fetched, 0 there already.\n"
        );
        File.WriteAllText(
            Path.Combine(folder.Path, "names.txt"),
            "naif0012.tls\nimap_mag_l0_burst_20230112_20230113_v01-09.pkts\nnonsense\n"
        );
        var some = await RunAsync("download --from names.txt --flat --data-dir file");
        some.Code.ShouldBe(40);
        some.Errors.ShouldContain("The archive has no file imap_mag_l0_burst_20230112_20230113_v01-09.pkts.");
        File.Exists(Path.Combine(folder.Path, "file", "naif0012.tls")).ShouldBeTrue();
    }

    [Fact]
    public async Task Upload_says_what_was_there()
    {
        var (one, two, other) = (ArchiveFixture.NewName(), ArchiveFixture.NewName(), ArchiveFixture.NewName());
        folder.Write($"up/deep/{one}", [1]);
        folder.Write($"up/{two}", [2]);
        folder.Write($"up/{other}.part", [3]);

        var first = await RunAsync("upload up");
        first.Code.ShouldBe(0, first.Errors);
        first
            .Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Order()
            .ShouldBe(((string[])[one, two]).Select(name => "published  " + RunningArchive.KeyOf(name)));
        first.Errors.ShouldBe("2 files published, 0 there already.\n");

        var again = await RunAsync("upload -", $"up/{two}\n");
        again.ShouldBe(new SdcCommand(0, $"was there  {RunningArchive.KeyOf(two)}\n", "0 files published, 1 there already.\n"));

        folder.Write($"up/{two}", [9]);
        var conflict = await RunAsync($"upload up/{two}");
        conflict.Code.ShouldBe(43);
        conflict.Errors.ShouldContain("has other bytes under the name");
        (await RunAsync($"upload up/{two} up/deep/{one} absent.cdf")).Code.ShouldBe(41);
        (await RunAsync("upload absent.cdf")).Code.ShouldBe(1);
    }

    [Fact]
    public async Task Progress_for_programs_is_a_JSON_object_a_line()
    {
        var run = await RunAsync($"download {Mag1} --progress json");

        var events = run.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)[..^1].Select(line => JsonElement.Parse(line)).ToList();
        events.Select(each => each.GetProperty("event").GetString()).ShouldBe(["started", "done"]);
        events[^1].GetProperty("bytes").GetInt64().ShouldBe(Mag1.Length);
    }

    [Theory]
    [InlineData(
        "bash",
        """
        source <(sdc completion bash)
        ask() { COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sdc; printf '%s\n' "${COMPREPLY[@]}"; }
        """
    )]
    // compdef and compadd are of the line editor, which a script does not have.
    [InlineData(
        "zsh",
        """
        compdef() { [ "$*" = '_sdc sdc' ] || exit 9; }
        compadd() { print -l -- "${(@M)${(P@)2}:#${word}*}"; }
        source <(sdc completion zsh)
        ask() { BUFFER="$*"; word="${@[-1]}"; _sdc; }
        """
    )]
    [InlineData(
        "fish",
        """
        sdc completion fish | source
        function ask; complete -C "$argv"; end
        """
    )]
    public async Task A_shell_completes_commands_and_options(string shell, string script)
    {
        var program = folder.Write(
            "bin/sdc",
            Encoding.UTF8.GetBytes($"#!/bin/sh\nexec dotnet '{Path.Combine(AppContext.BaseDirectory, "sdc.dll")}' \"$@\"\n")
        );
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        folder.Write(
            "complete",
            Encoding.UTF8.GetBytes(
                script
                    + """

                    ask sdc dow
                    ask sdc query --inst
                    ask sdc query --output nd
                    ask sdc download --existing re

                    """
            )
        );

        var start = new System.Diagnostics.ProcessStartInfo(shell, ["complete"])
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment["PATH"] = Path.Combine(folder.Path, "bin") + ":" + start.Environment["PATH"];
        start.Environment["HOME"] = folder.Path;
        using var process = System.Diagnostics.Process.Start(start)!;

        (await process.StandardOutput.ReadToEndAsync()).ShouldBe("download\n--instrument\nndjson\nrefresh\n");
    }

    [Fact]
    public async Task Completion_is_there_for_four_shells()
    {
        (await RunAsync("completion pwsh")).Output.ShouldContain("[suggest:");
        (await RunAsync("completion csh")).Code.ShouldBe(2);
    }

    [Fact]
    public async Task Lists_are_the_committed_ones()
    {
        const string All = "--table * --version * --instrument mag,codice";
        var text = new StringBuilder();
        foreach (
            var command in (string[])
                [
                    .. ((string[])["table", "json", "ndjson", "csv", "names"]).Select(form => $"query {All} --output {form}"),
                    "latest --instrument mag --output-format json",
                    $"info {Mag1} --output json",
                    .. ((string[])["table", "json", "ndjson", "csv"]).Select(form => $"coverage --instrument mag --output {form}"),
                ]
        )
        {
            var run = await RunAsync(command, null, ("COLUMNS", "200"));
            run.Code.ShouldBe(0, run.Errors);
            text.Append($"$ sdc {command}\n{run.Output.Replace("\r\n", "\n", StringComparison.Ordinal)}\n");
        }

        var shown = PublicationTime().Replace(text.ToString(), "YYYYMMDD hh:mm:ss");
        var path = Path.Combine(SharedData.RepositoryRoot, "tests", "OpenSdc.Tests", "Cli", "Output.txt");
        if (Environment.GetEnvironmentVariable("OPENSDC_ACCEPT") == "1")
            File.WriteAllText(path, shown);

        shown.ShouldBe(
            File.ReadAllText(path),
            "If the lists were meant to change, run this test once with OPENSDC_ACCEPT=1 in the environment, review the file and commit it."
        );
    }

    [Theory]
    [InlineData("query --start-date yesterday", 43, "start_date")]
    [InlineData("query --url http://127.0.0.1:9 --retries 0", 30, "Look at --url")]
    [InlineData("query --url ftp://x", 2, "--url is 'ftp://x'")]
    [InlineData("query --output xml", 2, "xml")]
    [InlineData("query --where limit=3", 2, "--limit")]
    [InlineData("download", 2, "Nothing says which files are meant")]
    [InlineData("download x --jobs 0", 2, "allowed: 1 to 256")]
    [InlineData("download --from nowhere.txt", 2, "There is no file nowhere.txt")]
    [InlineData("download imap_mag_l0_burst_20230112_20230113_v01-07.pkts", 40, "has no file")]
    [InlineData("query --colour red", 2, "--colour")]
    public async Task A_failure_is_a_sentence_and_a_code(string arguments, int code, string sentence)
    {
        var run = await RunAsync(arguments);

        run.Code.ShouldBe(code, run.Errors);
        run.Errors.ShouldContain(sentence);
        run.Output.ShouldBeEmpty();
    }

    [Fact]
    public async Task An_option_wins_over_the_environment_and_that_over_the_file()
    {
        folder.Write(
            "config/opensdc/config.json",
            Encoding.UTF8.GetBytes($$"""{"url": "{{fixture.Archive.Address}}", "data_dir": "from-file"}""")
        );

        (await RunAsync($"download {Mag1}", null, ("IMAP_DATA_ACCESS_URL", null))).Code.ShouldBe(0);
        (await RunAsync($"download {Mag1}", null, ("IMAP_DATA_DIR", "from-environment"))).Code.ShouldBe(0);
        (await RunAsync($"download {Mag1} --data-dir from-option", null, ("IMAP_DATA_DIR", "from-environment2"))).Code.ShouldBe(0);
        folder
            .Files.Where(each => each.EndsWith(Mag1, StringComparison.Ordinal))
            .ShouldBe([$"from-environment/{MagFolder}{Mag1}", $"from-file/{MagFolder}{Mag1}", $"from-option/{MagFolder}{Mag1}"]);
        folder.Write("config/opensdc/config.json", "{\"api_key\": \"x\"}"u8.ToArray());
        var refused = await RunAsync("query", null, ("IMAP_DATA_ACCESS_URL", null));
        refused.Code.ShouldBe(2);
        refused.Errors.ShouldContain("api_key");
    }

    [Fact]
    public async Task Address_and_folder_may_stand_before_the_command()
    {
        var url = fixture.Archive.Address;
        (string, string?)[] elsewhere = [("IMAP_DATA_ACCESS_URL", "http://127.0.0.1:9")];

        var found = await RunAsync($"--url {url} --data-dir out query --instrument mag -o names", null, elsewhere);
        var fetched = await RunAsync($"--data-dir out --url {url} download {Mag1} --flat", null, elsewhere);
        var after = await RunAsync($"--data-dir out --url http://127.0.0.1:9 download {Mag2} --flat --url {url} --data-dir later");

        found.ShouldBe(new SdcCommand(0, $"{MagFolder}{Mag1}\n{MagFolder}{Mag2}\n", "2 files\n"));
        (fetched.Code, after.Code).ShouldBe((0, 0), fetched.Errors + after.Errors);
        folder.Files.ShouldBe([$"later/{Mag2}", $"out/{Mag1}"]);
        (await RunAsync("--url http://127.0.0.1:9 keys list")).Code.ShouldBe(30);
        foreach (var given in (string[])["--url http://x", "--data-dir out", "--debug", "-v"])
        {
            var refused = await RunAsync($"{given} serve");
            refused.Code.ShouldBe(2);
            refused.Errors.ShouldBe(
                $"The option {(given is "-v" or "--debug" ? "--verbose" : given.Split(' ')[0])} stands before serve, which does not have it.\n"
            );
        }
    }

    [Theory]
    [InlineData("--debug download")]
    [InlineData("-v download")]
    [InlineData("download --verbose")]
    public async Task Requests_are_written_without_keys_and_signatures(string words)
    {
        var run = await RunAsync($"{words} {Mag1}", null, ("IMAP_API_KEY", "very-secret"), ("IMAP_ACCESS_TOKEN", "more-secret"));

        // An open archive refuses a key that it does not know; without one the whole way is told.
        run.Errors.ShouldContain("/query?");
        var open = await RunAsync($"{words} {Mag1}");
        open.Code.ShouldBe(0, open.Errors);
        var lines = open.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)[..^1];
        lines.ShouldAllBe(line => Traced().IsMatch(line));
        lines.Count(line => line.StartsWith($"GET {fixture.Archive.Address}/query?", StringComparison.Ordinal)).ShouldBe(1);
        lines.Count(line => line.StartsWith($"GET {fixture.Archive.Address}/objects/", StringComparison.Ordinal)).ShouldBe(1);
        lines.Last().ShouldMatch(@"/objects/[^?]*$");
        (run.Errors + open.Errors).ShouldNotContain("secret");
        (run.Errors + open.Errors).ToLowerInvariant().ShouldNotContain("sig");
    }

    [Fact]
    public async Task An_upload_and_what_cannot_be_reached_are_written_too()
    {
        var name = ArchiveFixture.NewName();
        folder.Write(name, [1]);

        var sent = await RunAsync($"-v upload {name}");
        var away = await RunAsync("-v query --retries 0 --url http://127.0.0.1:9");

        sent.Errors.ShouldMatch($@"(?m)^PUT {fixture.Archive.Address}/\S+ 20\d \d+ ms$");
        sent.Errors.ToLowerInvariant().ShouldNotContain("sig");
        away.Code.ShouldBe(30);
        away.Errors.ShouldMatch(@"^GET http://127\.0\.0\.1:9/query\S* connection_error \d+ ms\n");
    }

    [Fact]
    public async Task Keys_are_sent_and_never_shown()
    {
        await using var proxy = await FaultyProxy.StartAsync(fixture.Archive.Address);
        proxy.Choose = request => request.Path.Value!.Contains("download") ? new Fault.Status(403) : new Fault.None();

        var run = await RunAsync(
            $"download {Mag1} --url {proxy.Address}",
            null,
            ("IMAP_API_KEY", "very-secret"),
            ("IMAP_ACCESS_TOKEN", "more-secret")
        );

        run.Code.ShouldBe(43);
        (run.Output + run.Errors).ShouldNotContain("secret");
        proxy.Headers.First().Headers["x-api-key"].ToString().ShouldBe("very-secret");
        var bad = await RunAsync("query", null, ("IMAP_API_KEY", "very\nsecret"));
        bad.Code.ShouldBe(2);
        bad.Errors.ShouldNotContain("secret");
    }

    public void Dispose() => folder.Dispose();

    [System.Text.RegularExpressions.GeneratedRegex(@"^[A-Z]+ http://\S+( [23]\d\d \d+ ms)?$")]
    private static partial System.Text.RegularExpressions.Regex Traced();

    [System.Text.RegularExpressions.GeneratedRegex(@"\d{8} \d\d:\d\d:\d\d")]
    private static partial System.Text.RegularExpressions.Regex PublicationTime();

    private Task<SdcCommand> RunAsync(string arguments, string? input = null, params (string Name, string? Value)[] environment) =>
        SdcCommand.RunAsync(folder.Path, fixture.Archive.Address, arguments.Split(' '), input, environment);
}
