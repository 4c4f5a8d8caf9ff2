using System.Net.Http.Json;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Cli;

/// <summary>The settings of <c>sdc serve</c>: where they come from, which one wins, and what is said of a wrong one.</summary>
public sealed class ServeSettingsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false });

    public void Dispose()
    {
        http.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData(
        "serve --upload-lifetime never",
        "The setting upload-lifetime (--upload-lifetime) is 'never'; allowed: a whole number from 1 to 604800."
    )]
    [InlineData(
        "serve --urls nonsense",
        "The setting urls (--urls) is 'nonsense'; allowed: http or https addresses by number, localhost or *, separated by semicolons, such as http://127.0.0.1:8080."
    )]
    [InlineData(
        "serve --mission nowhere.json",
        "The setting mission (--mission) is 'nowhere.json'; allowed: the path of a file that exists."
    )]
    [InlineData("serve --data /proc/nowhere", "The data folder /proc/nowhere cannot be made: ")]
    [InlineData("serve --demo -5", "The option --demo is '-5'; allowed: how many files, such as 500.")]
    [InlineData("serve --demo many", "The option --demo is 'many'; allowed: how many files, such as 500.")]
    [InlineData("serve --nonsense", "Unrecognized command or argument '--nonsense'.")]
    public async Task A_bad_setting_ends_with_code_2_and_one_sentence(string arguments, string sentence)
    {
        await using var sdc = SdcProcess.Start(folder, arguments);
        (await sdc.ExitCodeAsync()).ShouldBe(2);
        sdc.Output.Trim().ShouldBeEmpty();
        sdc.Errors.Trim().ShouldStartWith(sentence);
        sdc.Errors.Trim().ShouldNotContain("\n");
    }

    [Theory]
    [InlineData("OPENSDC_PUBLICURL", "OPENSDC_PUBLIC_URL")]
    [InlineData("OPENSDC_URL", "OPENSDC_URLS")]
    [InlineData("opensdc_data", "OPENSDC_DATA")]
    public async Task A_misspelt_variable_ends_with_code_2_and_the_setting_that_is_nearest(string variable, string meant)
    {
        await using var sdc = SdcProcess.Start(folder, "serve --urls http://127.0.0.1:0", (variable, "x"));
        (await sdc.ExitCodeAsync()).ShouldBe(2);
        sdc.OnlySentence.ShouldBe($"The variable {variable} of the environment is no setting; the nearest is {meant}.");
    }

    /// <summary>What an orchestrator makes of a service that is called opensdc.</summary>
    [Fact]
    public async Task A_variable_that_is_nothing_like_a_setting_keeps_nothing_from_starting()
    {
        await using var sdc = SdcProcess.Start(
            folder,
            "serve --urls http://127.0.0.1:0 --data data",
            ("OPENSDC_PORT", "tcp://10.0.0.1:80"),
            ("OPENSDC_SERVICE_HOST", "10.0.0.1"),
            ("OPENSDC_PORT_80_TCP_ADDR", "10.0.0.1")
        );
        (await sdc.AddressAsync()).ShouldStartWith("http://127.0.0.1:");
    }

    /// <summary>Variables and files that the framework would read by itself.</summary>
    [Fact]
    public async Task Nothing_but_the_settings_says_where_it_listens_and_whom_it_believes()
    {
        await using var sdc = SdcProcess.Start(
            folder,
            "serve --open --urls http://127.0.0.1:0 --data data",
            ("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true"),
            ("Kestrel__Endpoints__Extra__Url", "http://127.0.0.1:1"),
            ("ASPNETCORE_URLS", "http://127.0.0.1:1"),
            ("URLS", "http://127.0.0.1:1"),
            ("ASPNETCORE_HTTP_PORTS", "1"),
            ("DOTNET_URLS", "http://127.0.0.1:1"),
            ("ASPNETCORE_PREFERHOSTINGURLS", "true"),
            ("AllowedHosts", "nobody.example.org"),
            ("ASPNETCORE_ENVIRONMENT", "Development"),
            ("Kestrel__Limits__MaxConcurrentConnections", "0"),
            ("Logging__LogLevel__Default", "Trace")
        );
        var address = await sdc.AddressAsync();
        address.ShouldNotBe("http://127.0.0.1:1");
        sdc.Errors.ShouldNotContain("Overriding address");
        using var asked = new HttpRequestMessage(HttpMethod.Get, $"{address}/upload/imap_swe_l0_sci_20260101_v001.pkts");
        asked.Headers.Add("X-Forwarded-For", "203.0.113.9");
        asked.Headers.Add("X-Forwarded-Host", "evil.example.org");
        asked.Headers.Add("X-Forwarded-Proto", "https");
        using var answer = await http.SendAsync(asked);
        (await answer.Content.ReadFromJsonAsync<string>()).ShouldStartWith(address + "/objects/");
    }

    [Fact]
    public async Task A_wrong_variable_is_named_and_an_empty_one_is_absent()
    {
        await using (var wrong = SdcProcess.Start(folder, "serve", ("OPENSDC_UPLOAD_LIFETIME", "soon")))
        {
            (await wrong.ExitCodeAsync()).ShouldBe(2);
            wrong.OnlySentence.ShouldStartWith("The setting upload-lifetime (OPENSDC_UPLOAD_LIFETIME) is 'soon'; ");
        }

        var empty = SettingList
            .All.Where(each => each.Name is not ("urls" or "data"))
            .Select(each => (each.EnvironmentName, ""))
            .ToArray();
        await using var sdc = SdcProcess.Start(folder, "serve --urls http://127.0.0.1:0 --data data", empty);
        // Its log format is absent as well, so that it speaks as a service.
        (await sdc.JsonAddressAsync()).ShouldStartWith("http://127.0.0.1:");
    }

    [Theory]
    [InlineData(
        "--catalogue Host=127.0.0.1;Port=1;Password=hidden-word",
        "The option --catalogue holds a secret, which every user of this machine can read in the list of processes; give it as OPENSDC_CATALOGUE, or in a file that --catalogue-file names."
    )]
    public async Task A_secret_on_the_command_line_is_warned_of(string option, string sentence)
    {
        await using var sdc = SdcProcess.Start(folder, $"fsck --data data {option}");
        for (var tries = 0; tries < 800 && !sdc.Errors.Contains(sentence, StringComparison.Ordinal); tries++)
            await Task.Delay(25);
        sdc.Errors.ShouldContain(sentence);
        sdc.Errors.ShouldNotContain("hidden-word");
    }

    [Theory]
    [InlineData(
        """{"OpenSdc": {"TrustedProxies": ["10.0.0.1"]}}""",
        "The file FILE gives OpenSdc:TrustedProxies a list or an object; allowed: one text or number."
    )]
    [InlineData("""{"OpenSdc": "data"}""", "The file FILE gives OpenSdc the value 'data'; allowed: an object whose members are settings.")]
    [InlineData("""{"OpenSdc": {"UploadLifetime": "soon"}}""", "The setting upload-lifetime (OpenSdc:UploadLifetime in FILE) is 'soon'; ")]
    [InlineData(
        """{"OpenSdc": {"UploadLifespan": 10}}""",
        "The file FILE names the setting OpenSdc:UploadLifespan, which does not exist; allowed: OpenSdc:AccessLog, OpenSdc:AllowEmptyFiles, "
    )]
    [InlineData(
        """{"OpenSdcs": {"UploadLifetime": 10}}""",
        "The file FILE has the member OpenSdcs, which nothing reads; allowed: OpenSdc, an object whose members are settings."
    )]
    [InlineData("""{"UploadLifetime": 10}""", "The file FILE has the member UploadLifetime, which nothing reads; ")]
    [InlineData(
        """{"OpenSdc": {"Data": "data"}, "Kestrel": {"Limits": {}}}""",
        "The file FILE has the member Kestrel, which nothing reads; "
    )]
    [InlineData("{ nonsense", "The file FILE cannot be read: line 1 is not JSON: ")]
    [InlineData("{\n  \"OpenSdc\": {\n    \"Data\": oops\n  }\n}", "The file FILE cannot be read: line 3 is not JSON: ")]
    public async Task A_bad_settings_file_ends_with_code_2_and_one_sentence(string file, string sentence)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "appsettings.json"), file);
        await using var sdc = SdcProcess.Start(folder, "serve");
        (await sdc.ExitCodeAsync()).ShouldBe(2);
        sdc.OnlySentence.ShouldStartWith(sentence.Replace("FILE", Path.Combine(folder, "appsettings.json"), StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("11", null, null, 11)]
    [InlineData("11", "22", null, 22)]
    [InlineData("11", "22", "33", 33)]
    [InlineData("11", null, "33", 33)]
    [InlineData(null, "22", null, 22)]
    [InlineData(null, null, null, 3600)]
    public async Task The_command_line_wins_over_the_environment_and_that_over_the_file(
        string? file,
        string? environment,
        string? option,
        int lifetime
    )
    {
        if (file is not null)
            await File.WriteAllTextAsync(
                Path.Combine(folder, "appsettings.json"),
                """{"OpenSdc": {"UploadLifetime": FILE}}""".Replace("FILE", file)
            );
        (string, string)[] variables = environment is null ? [] : [("OPENSDC_UPLOAD_LIFETIME", environment)];
        var arguments = "serve --urls http://127.0.0.1:0 --data data" + (option is null ? "" : $" --upload-lifetime {option}");
        var before = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        await using var sdc = SdcProcess.Start(folder, arguments, variables);
        var address = await sdc.AddressAsync();
        var url = await http.GetFromJsonAsync<string>($"{address}/upload/imap_swe_l0_sci_20260101_v001.pkts");
        var expires = long.Parse(url!.Split("expires=")[1].Split('&')[0]);
        expires.ShouldBeInRange(before + lifetime, DateTimeOffset.UtcNow.ToUnixTimeSeconds() + lifetime);
    }
}
