#pragma warning disable CA1416 // The tests run on Linux.
using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using OpenSdc.Cli;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary><c>sdc serve</c> as a person and a supervisor meet it: settings, banner, exit codes, signals.</summary>
public sealed class ServeCommandTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public void Dispose()
    {
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("--catalogue Host=127.0.0.1;Port=1;Database=archive", "Waiting up to 30 s for the database archive at 127.0.0.1:1: ")]
    [InlineData(
        "--objects s3://archive --s3-endpoint http://127.0.0.1:1",
        "Waiting up to 30 s for the object store s3://archive at http://127.0.0.1:1/: "
    )]
    public async Task A_start_says_what_it_waits_for(string settings, string sentence)
    {
        await using var sdc = SdcProcess.Start(
            folder,
            $"serve --urls http://127.0.0.1:0 --data data {settings}",
            ("AWS_ACCESS_KEY_ID", "key"),
            ("AWS_SECRET_ACCESS_KEY", "secret")
        );
        for (var tries = 0; tries < 800 && !sdc.Errors.Contains('\n'); tries++)
            await Task.Delay(25);
        sdc.OnlySentence.ShouldStartWith(sentence);
    }

    [Fact]
    public async Task What_the_archive_writes_is_for_its_user_alone_whatever_the_shell_says()
    {
        foreach (var (option, folders, files) in ((string, string, string)[])[("", "700", "600"), ("--data-mode 0750", "750", "640")])
        {
            var name = "data" + folders;
            await using (var sdc = SdcProcess.Start(folder, $"serve --urls http://127.0.0.1:0 --data {name} --demo 3 {option}".TrimEnd()))
            {
                await sdc.AddressAsync();
                sdc.Errors.ShouldNotContain("has the mode");
                sdc.Terminate();
                (await sdc.ExitCodeAsync()).ShouldBe(0);
            }

            await using var backup = SdcProcess.Start(folder, $"backup backup{folders} --data {name} {option}".TrimEnd());
            (await backup.ExitCodeAsync()).ShouldBe(0, backup.Errors);
            await using var restore = SdcProcess.Start(folder, $"restore backup{folders} --data restored{folders} {option}".TrimEnd());
            (await restore.ExitCodeAsync()).ShouldBe(0, restore.Errors);
            foreach (var made in (string[])[name, "backup" + folders, "restored" + folders])
            {
                var root = Path.Combine(folder, made);
                foreach (var path in Directory.EnumerateDirectories(root, "*", SearchOption.AllDirectories).Prepend(root))
                    Mode(path).ShouldBe(folders, path);
                foreach (var path in Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories))
                    Mode(path).ShouldBe(path.EndsWith("signing.key", StringComparison.Ordinal) ? "600" : files, path);
            }
        }

        static string Mode(string path) => Convert.ToString((int)File.GetUnixFileMode(path), 8);
    }

    [Fact]
    public async Task A_start_warns_of_wider_rights()
    {
        var data = Path.Combine(folder, "data");
        var (first, _) = await SdcProcess.ServeAsync(folder);
        await using (first)
            first.Errors.ShouldNotContain("has the mode");
        File.SetUnixFileMode(data, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(Path.Combine(data, "catalogue.sqlite"), (UnixFileMode)0b110_100_100);
        var (second, _) = await SdcProcess.ServeAsync(folder);
        await using var __ = second;
        second.Errors.ShouldContain($"{data} has the mode 755");
        second.Errors.ShouldContain($"{Path.Combine(data, "catalogue.sqlite")} has the mode 644");
    }

    /// <summary>What a lock file in it allowed: a second process that empties the first one's staging.</summary>
    [Fact]
    public async Task The_data_folder_stays_locked_whatever_is_removed_from_it()
    {
        var (first, address) = await SdcProcess.ServeAsync(folder);
        await using var _ = first;
        var data = Path.Combine(folder, "data");
        File.Exists(Path.Combine(data, "lock")).ShouldBeFalse();
        File.Delete(Path.Combine(data, "signing.key"));
        await using var second = SdcProcess.Start(folder, "serve --urls http://127.0.0.1:0 --data data");
        (await second.ExitCodeAsync()).ShouldBe(2);
        second.OnlySentence.ShouldStartWith($"The data folder {data} cannot be used; is another archive running on it?");
        (await http.GetStringAsync($"{address}/health/ready")).ShouldContain("\"status\":\"ready\"");
    }

    [Fact]
    public async Task A_service_manager_is_told_when_it_serves_and_when_it_stops()
    {
        var socketPath = Path.Combine(folder, "notify");
        using var manager = new System.Net.Sockets.Socket(
            System.Net.Sockets.AddressFamily.Unix,
            System.Net.Sockets.SocketType.Dgram,
            System.Net.Sockets.ProtocolType.Unspecified
        );
        manager.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(socketPath));
        await using var sdc = SdcProcess.Start(folder, "serve --urls http://127.0.0.1:0 --data data", ("NOTIFY_SOCKET", socketPath));
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        (await NextAsync()).ShouldBe("READY=1");
        var address = await sdc.AddressAsync();
        (await http.GetStringAsync($"{address}/health/ready", deadline.Token)).ShouldContain("\"status\":\"ready\"");
        sdc.Terminate();
        (await NextAsync()).ShouldBe("STOPPING=1");
        (await sdc.ExitCodeAsync()).ShouldBe(0);

        async Task<string> NextAsync()
        {
            var buffer = new byte[256];
            return System.Text.Encoding.ASCII.GetString(buffer, 0, await manager.ReceiveAsync(buffer, deadline.Token));
        }
    }

    [Fact]
    public async Task An_address_that_is_taken_ends_with_code_1_since_another_start_may_succeed()
    {
        await using var archive = await RunningArchive.StartAsync();
        await using var sdc = SdcProcess.Start(folder, $"serve --urls {archive.Address} --data data");
        (await sdc.ExitCodeAsync()).ShouldBe(1);
        sdc.OnlySentence.ShouldStartWith("The archive cannot listen: ");
    }

    [Fact]
    public async Task A_demo_for_an_archive_that_holds_files_ends_with_code_2_and_one_sentence()
    {
        await using (var first = SdcProcess.Start(folder, "serve --urls http://127.0.0.1:0 --data data --demo 3"))
            await first.AddressAsync();
        await using var sdc = SdcProcess.Start(folder, "serve --urls http://127.0.0.1:0 --data data --demo 3");
        (await sdc.ExitCodeAsync()).ShouldBe(2);
        sdc.OnlySentence.ShouldContain("already holds files");
    }

    [Fact]
    public async Task An_address_that_this_machine_does_not_have_ends_with_code_2_and_one_sentence()
    {
        await using var sdc = SdcProcess.Start(folder, "serve --open --urls http://192.0.2.1:8080 --data data");
        (await sdc.ExitCodeAsync()).ShouldBe(2);
        sdc.OnlySentence.ShouldStartWith("The archive cannot listen: ");
    }

    [Fact]
    public async Task The_three_lines_of_the_banner_work_when_pasted_and_at_the_next_start_again()
    {
        for (var start = 1; start <= 2; start++)
        {
            var (sdc, address) = await SdcProcess.ServeAsync(folder);
            await using var _ = sdc;
            sdc.Output.ShouldContain($"The data lie in   {Path.Combine(folder, "data")}\n");
            var lines = sdc
                .Output.Split('\n')
                .Select(line => line.Trim())
                .Where(line => line.Contains("curl ", StringComparison.Ordinal))
                .ToList();
            lines.Count.ShouldBe(3);
            lines.ShouldAllBe(line => line.Contains(address));

            var answers = new List<string>();
            foreach (var line in lines)
                answers.Add(await PasteAsync(line));
            JsonDocument.Parse(answers[0]).RootElement.GetProperty("size").GetInt64().ShouldBe(1024);
            JsonDocument.Parse(answers[1]).RootElement.GetArrayLength().ShouldBe(1);
            var name = lines[2].Split('/')[^1];
            (await File.ReadAllBytesAsync(Path.Combine(folder, "copy.pkts"))).ShouldBe(
                await File.ReadAllBytesAsync(Path.Combine(folder, name))
            );
        }
    }

    [Fact]
    public async Task A_signal_to_stop_lets_an_upload_on_its_way_finish()
    {
        var (sdc, address) = await SdcProcess.ServeAsync(folder);
        await using var _ = sdc;
        const string Name = "imap_swe_l0_sci_20260101_v001.pkts";
        var url = await http.GetFromJsonAsync<string>($"{address}/upload/{Name}");
        using var slow = new SlowContent(pieces: 16, TimeSpan.FromMilliseconds(250));
        var upload = http.PutAsync(url, slow);
        await slow.HasBegun;
        sdc.Terminate();

        using var answer = await upload;
        ((int)answer.StatusCode).ShouldBe(201);
        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("size").GetInt64().ShouldBe(16_000);
        (await sdc.ExitCodeAsync()).ShouldBe(0);

        // What was acknowledged is there at the next start.
        var (next, nextAddress) = await SdcProcess.ServeAsync(folder);
        await using var __ = next;
        (await http.GetFromJsonAsync<JsonElement>($"{nextAddress}/query?filename={Name}")).GetArrayLength().ShouldBe(1);
    }

    /// <summary>Of requests that are cut off at the end of the drain it is not said that they have ended.</summary>
    [Theory]
    [InlineData("text")]
    [InlineData("json")]
    public async Task The_last_line_counts_the_requests_that_were_cut_off(string format)
    {
        await using var sdc = SdcProcess.Start(
            folder,
            "serve --urls http://127.0.0.1:0 --data data --drain-timeout 1",
            ("OPENSDC_LOG_FORMAT", format)
        );
        var address = format == "json" ? await sdc.JsonAddressAsync() : await sdc.AddressAsync();
        var url = await http.GetFromJsonAsync<string>($"{address}/upload/imap_swe_l0_sci_20260101_v001.pkts");
        using var slow = new SlowContent(pieces: 400, TimeSpan.FromMilliseconds(250));
        var upload = http.PutAsync(url, slow);
        await slow.HasBegun;
        sdc.Terminate();
        await Should.ThrowAsync<HttpRequestException>(upload);
        (await sdc.ExitCodeAsync()).ShouldBe(0, sdc.Errors);
        sdc.Output.Trim()
            .Split('\n')[^1]
            .ShouldContain("OpenSDC has stopped; 1 request had not ended within drain-timeout (1 s) and was cut off");
    }

    [Fact]
    public async Task The_age_of_the_last_backup_is_told_once_there_is_one()
    {
        var (sdc, address) = await SdcProcess.ServeAsync(folder);
        await using var _ = sdc;
        (await http.GetStringAsync($"{address}/metrics")).ShouldNotContain("opensdc_backup_age_seconds");

        var begun = Stopwatch.GetTimestamp();
        await using var backup = SdcProcess.Start(folder, "backup copies --data data");
        (await backup.ExitCodeAsync()).ShouldBe(0, backup.Errors);
        var age = "";
        for (var tries = 0; age.Length == 0; tries++)
        {
            tries.ShouldBeLessThan(100, "the exporter keeps its last answer for a moment only");
            var metrics = await http.GetStringAsync($"{address}/metrics");
            age = metrics.Split('\n').FirstOrDefault(line => line.StartsWith("opensdc_backup_age_seconds", StringComparison.Ordinal)) ?? "";
            await Task.Delay(100);
        }

        // It counts from the backup's beginning.
        double.Parse(age.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)
            .ShouldBeInRange(0, Stopwatch.GetElapsedTime(begun).TotalSeconds);
    }

    [Fact]
    public async Task Without_requests_a_signal_ends_it_with_code_0()
    {
        var (sdc, _) = await SdcProcess.ServeAsync(folder);
        await using var __ = sdc;
        sdc.Terminate();
        (await sdc.ExitCodeAsync()).ShouldBe(0);
        sdc.Output.Trim().Split('\n')[^1].ShouldBe("OpenSDC has stopped; every request in flight has ended.");
    }

    [Fact]
    public async Task A_second_process_on_the_same_data_is_refused_and_the_first_goes_on()
    {
        var (first, address) = await SdcProcess.ServeAsync(folder);
        await using var _ = first;
        await using var second = SdcProcess.Start(folder, "serve --urls http://127.0.0.1:0 --data data");
        (await second.ExitCodeAsync()).ShouldBe(2);
        second
            .Errors.Trim()
            .ShouldStartWith($"The data folder {Path.Combine(folder, "data")} cannot be used; is another archive running on it?");
        (await http.GetStringAsync($"{address}/health/ready")).ShouldContain("\"status\":\"ready\"");
    }

    [Fact]
    public async Task A_demo_fills_an_empty_archive_and_no_other()
    {
        var (sdc, address) = await SdcProcess.ServeAsync(folder, "--demo 50");
        await using (sdc)
        {
            var count = 0;
            foreach (var family in (string[])["science", "ancillary", "spice", "quicklook", "dependency", "release"])
                count += (await http.GetFromJsonAsync<JsonElement>($"{address}/query?table={family}")).GetArrayLength();
            count.ShouldBe(50);
            sdc.Terminate();
            (await sdc.ExitCodeAsync()).ShouldBe(0);
        }

        await using var again = SdcProcess.Start(folder, "serve --urls http://127.0.0.1:0 --data data --demo 50");
        (await again.ExitCodeAsync()).ShouldBe(2);
        again.Errors.ShouldContain("The archive already holds files; --demo fills only an empty one, so give it another --data folder.");
    }

    [Fact]
    public async Task A_signed_url_is_as_good_after_a_restart_and_the_key_is_the_owners_alone()
    {
        var (first, address) = await SdcProcess.ServeAsync(folder);
        string url;
        await using (first)
        {
            url = (await http.GetFromJsonAsync<string>($"{address}/upload/imap_swe_l0_sci_20260101_v001.pkts"))!;
            first.Terminate();
            (await first.ExitCodeAsync()).ShouldBe(0);
        }

        if (!OperatingSystem.IsWindows())
            File.GetUnixFileMode(Path.Combine(folder, "data", "signing.key")).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        var (next, nextAddress) = await SdcProcess.ServeAsync(folder);
        await using var _ = next;
        using var answer = await http.PutAsync(url.Replace(address, nextAddress), new ByteArrayContent([1]));
        ((int)answer.StatusCode).ShouldBe(201);
    }

    [Fact]
    public void Only_a_start_that_another_cannot_mend_ends_with_the_code_that_keeps_systemd_from_trying()
    {
        ServeCommand.CodeOf(new SettingException("wrong")).ShouldBe(2);
        ServeCommand.CodeOf(new SettingException("away") { MayPass = true }).ShouldBe(1);
        File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "deploy", "systemd", "opensdc.service"))
            .ShouldContain("\nRestartPreventExitStatus=2\n");
    }

    [Theory]
    [InlineData("600", false)]
    [InlineData("400", false)]
    [InlineData("640", true)]
    [InlineData("644", true)]
    [InlineData("602", true)]
    public async Task A_key_that_others_can_use_is_warned_of_and_no_reason_not_to_start(string mode, bool warned)
    {
        if (OperatingSystem.IsWindows())
            return;
        Directory.CreateDirectory(Path.Combine(folder, "data"));
        var key = Path.Combine(folder, "data", "signing.key");
        await File.WriteAllBytesAsync(key, new byte[32]);
        File.SetUnixFileMode(key, (UnixFileMode)Convert.ToInt32(mode, 8));
        var (sdc, _) = await SdcProcess.ServeAsync(folder);
        await using (sdc)
        {
            sdc.Terminate();
            (await sdc.ExitCodeAsync()).ShouldBe(0);
            sdc.Errors.Contains(
                    $"signing.key has the mode {mode}: others than its owner can sign URLs with it, so chmod 600 it",
                    StringComparison.Ordinal
                )
                .ShouldBe(warned, sdc.Errors);
        }
    }

    private async Task<string> PasteAsync(string line)
    {
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", line])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var errors = bash.StandardError.ReadToEndAsync();
        var answer = await bash.StandardOutput.ReadToEndAsync();
        await bash.WaitForExitAsync();
        bash.ExitCode.ShouldBe(0, await errors);
        return answer;
    }
}
