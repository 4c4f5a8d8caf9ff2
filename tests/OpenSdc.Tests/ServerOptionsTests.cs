using System.Net;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>Every setting: what it takes, and the sentence that stops the start where a value cannot be used.</summary>
public sealed class ServerOptionsTests
{
    [Fact]
    public void Without_any_setting_the_defaults_hold_and_are_what_the_help_says()
    {
        var options = SettingReader.Read(_ => null);
        options.ShouldBe(new ServerOptions { TrustedProxies = options.TrustedProxies });
        SettingReader.Read(setting => setting.Default).ShouldBe(options with { });
        (options.Urls, options.Data, options.UploadLifetime, options.DownloadLifetime, options.MaxUploadSize)
            .ShouldBe(("http://127.0.0.1:8080", "./opensdc-data", 3600, 86400, 5L << 30));
    }

    [Fact]
    public void Names_follow_from_one_another()
    {
        SettingList.All.Select(each => each.Name).ShouldBeUnique();
        var setting = SettingList.All.Single(each => each.Name == "public-url");
        setting.EnvironmentName.ShouldBe("OPENSDC_PUBLIC_URL");
        setting.ConfigurationKey.ShouldBe("OpenSdc:PublicUrl");
    }

    [Theory]
    [InlineData("urls", "http://0.0.0.0:80;http://[::1]:81")]
    [InlineData("urls", "http://*:8080")]
    [InlineData("urls", "http://+:8080")]
    [InlineData("urls", "http://localhost:8080")]
    [InlineData("data", "/some/folder")]
    [InlineData("catalogue", "Host=db.example.org;Database=sdc;Username=sdc")]
    [InlineData("catalogue", "Host=/run/postgresql")]
    [InlineData("objects", "s3://bucket/a/prefix")]
    [InlineData("s3-endpoint", "http://127.0.0.1:7480")]
    [InlineData("s3-path-style", "off")]
    [InlineData("upload-poll", "10")]
    [InlineData("public-url", "https://sdc.example.org")]
    [InlineData("public-url", "http://sdc.example.org:8080/below/")]
    [InlineData("trusted-proxies", "10.0.0.1, ::1")]
    [InlineData("trusted-proxies", "10.0.0.0/8,fd00::/8")]
    [InlineData("operator-urls", "http://127.0.0.1:9090")]
    [InlineData("trusted-proxies", "")]
    [InlineData("write-origins", "https://portal.example.org, http://127.0.0.1:3000")]
    [InlineData("write-origins", "*")]
    [InlineData("data-mode", "0700")]
    [InlineData("data-mode", "0750")]
    [InlineData("representation", "documented")]
    [InlineData("representation", "PLAIN")]
    [InlineData("upload-lifetime", "1")]
    [InlineData("download-lifetime", "604800")]
    [InlineData("max-upload-size", "1125899906842624")]
    [InlineData("log-format", "text")]
    [InlineData("log-level", "Warning")]
    [InlineData("drain-timeout", "0")]
    public void A_good_value_is_taken(string name, string value) => Should.NotThrow(() => Read(name, value));

    [Theory]
    [InlineData("urls", "", "http or https addresses by number")]
    [InlineData("urls", "nonsense", "http or https addresses by number")]
    [InlineData("urls", "ftp://127.0.0.1", "http or https addresses by number")]
    [InlineData("urls", "http://127.0.0.1:8080/path", "http or https addresses by number")]
    [InlineData("urls", "http://127.0.0.1:99999", "http or https addresses by number")]
    [InlineData("urls", "http://127.0.0.1:8080;", "http or https addresses by number")]
    [InlineData("urls", "http://lokalhost:8080", "http or https addresses by number")]
    [InlineData("urls", "http://*lokalhost:8080", "http or https addresses by number")]
    [InlineData("urls", "http://localhost:0", "http or https addresses by number")]
    [InlineData("urls", "http://unix:/run/sdc.sock", "http or https addresses by number")]
    [InlineData("data", "", "a folder")]
    [InlineData("data", "  ", "a folder")]
    [InlineData("mission", "/nowhere/mission.json", "the path of a file that exists")]
    [InlineData("objects", "bucket", "s3://BUCKET or s3://BUCKET/PREFIX")]
    [InlineData("objects", "s3://", "s3://BUCKET or s3://BUCKET/PREFIX")]
    [InlineData("objects", "s3://bucket//prefix", "s3://BUCKET or s3://BUCKET/PREFIX")]
    [InlineData("s3-endpoint", "127.0.0.1:7480", "an absolute http or https URL")]
    [InlineData("s3-path-style", "yes", "on or off")]
    [InlineData("upload-poll", "9", "a whole number from 10 to 60000")]
    [InlineData("public-url", "sdc.example.org", "an absolute http or https URL")]
    [InlineData("public-url", "ftp://sdc.example.org", "an absolute http or https URL")]
    [InlineData("public-url", "https://sdc.example.org?a=b", "an absolute http or https URL")]
    [InlineData("public-url", "https://sdc.example.org#a", "an absolute http or https URL")]
    [InlineData("public-url", "", "an absolute http or https URL")]
    [InlineData("trusted-proxies", "proxy.example.org", "IP addresses and networks, such as 10.0.0.0/8, separated by commas")]
    [InlineData("trusted-proxies", "10.0.0.1,nonsense", "IP addresses and networks, such as 10.0.0.0/8, separated by commas")]
    [InlineData("write-origins", "https://portal.example.org/", "origins as a browser sends them")]
    [InlineData("write-origins", "portal.example.org", "origins as a browser sends them")]
    [InlineData("write-origins", "null", "origins as a browser sends them")]
    [InlineData("data-mode", "0777", "0700 (its user alone) or 0750 (its group may read)")]
    [InlineData("hook-secret-file", "/nowhere/secret", "the path of a file that can be read")]
    [InlineData("representation", "both", "negotiate, documented or plain")]
    [InlineData("representation", "1", "negotiate, documented or plain")]
    [InlineData("representation", "", "negotiate, documented or plain")]
    [InlineData("representation", "Plain,Documented", "negotiate, documented or plain")]
    [InlineData("representation", "-1", "negotiate, documented or plain")]
    [InlineData("upload-lifetime", "0", "a whole number from 1 to 604800")]
    [InlineData("upload-lifetime", "604801", "a whole number from 1 to 604800")]
    [InlineData("upload-lifetime", "an hour", "a whole number from 1 to 604800")]
    [InlineData("download-lifetime", "-1", "a whole number from 1 to 604800")]
    [InlineData("download-lifetime", "1e3", "a whole number from 1 to 604800")]
    [InlineData("max-upload-size", "0", "a whole number from 1 to 1125899906842624")]
    [InlineData("max-upload-size", "99999999999999999999", "a whole number from 1 to 1125899906842624")]
    [InlineData("log-format", "xml", "json, text or auto")]
    [InlineData("log-level", "loud", "trace, debug, information, warning or error")]
    [InlineData("log-level", "3", "trace, debug, information, warning or error")]
    [InlineData("drain-timeout", "3601", "a whole number from 0 to 3600")]
    public void A_bad_value_stops_the_start_with_one_sentence(string name, string value, string allowed)
    {
        var sentence = Should.Throw<SettingException>(() => Read(name, value)).Message;
        sentence.ShouldStartWith(
            $"The setting {name} (OPENSDC_{name.Replace('-', '_').ToUpperInvariant()}) is '{value}'; allowed: {allowed}"
        );
        sentence.ShouldEndWith(".");
        sentence.ShouldNotContain("\n");
    }

    [Theory]
    [InlineData("catalogue", "Host=", "it names no Host")]
    [InlineData("catalogue", "Database=sdc", "it names no Host")]
    [InlineData("catalogue", "Host=a;Pasword=hidden-secret", "pasword")]
    [InlineData("catalogue", "Host=a;Port=many", "Port")]
    [InlineData("catalogue", "hidden-secret", "")]
    [InlineData("hook-secret", "hidden-secret", "at least 16 characters")]
    public void A_value_that_may_be_secret_is_not_repeated(string name, string value, string reason)
    {
        var sentence = Should.Throw<SettingException>(() => Read(name, value)).Message;
        sentence.ShouldStartWith(
            $"The setting {name} (OPENSDC_{name.Replace('-', '_').ToUpperInvariant()}) cannot be used as it is; allowed: "
        );
        sentence.ShouldContain(reason);
        sentence.ShouldNotContain("hidden-secret");
        sentence.ShouldNotContain("\n");
    }

    [Fact]
    public void A_secret_may_come_from_a_file_but_not_from_two_places()
    {
        foreach (var secret in SettingList.All.Where(each => each.IsSecret))
            SettingList.All.ShouldContain(each => each.Name == secret.FileName);
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "Host=db.example.org;Password=hidden\n");
            Read("catalogue-file", file).Catalogue.ShouldBe("Host=db.example.org;Password=hidden");
            File.WriteAllText(file, "0123456789abcdef\r\n");
            string? Both(Setting setting) =>
                setting.Name switch
                {
                    "objects" => "s3://bucket",
                    "transfers" => "direct",
                    "hook-secret-file" => file,
                    _ => null,
                };
            SettingReader.Read(Both).HookSecret.ShouldBe("0123456789abcdef");
            Should
                .Throw<SettingException>(() =>
                    SettingReader.Read(setting => Both(setting) ?? (setting.Name == "hook-secret" ? "0123456789abcdef" : null))
                )
                .Message.ShouldBe(
                    "The setting hook-secret is given itself (OPENSDC_HOOK_SECRET) and by a file (OPENSDC_HOOK_SECRET_FILE); leave one of them out."
                );
            File.WriteAllText(file, "Host=;hidden");
            Should.Throw<SettingException>(() => Read("catalogue-file", file)).Message.ShouldNotContain("hidden");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Values_become_what_they_say()
    {
        Read("trusted-proxies", "10.0.0.1, ::1").TrustedProxies.ShouldBe([IPAddress.Parse("10.0.0.1"), IPAddress.IPv6Loopback]);
        Read("representation", "documented").Representation.ShouldBe(RepresentationSetting.Documented);
        Read("max-upload-size", "10").MaxUploadSize.ShouldBe(10);
        Read("drain-timeout", "7").DrainTimeout.ShouldBe(7);
    }

    [Fact]
    public void A_mission_file_that_is_none_stops_the_start_with_a_sentence()
    {
        var file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "{ nonsense");
            Should
                .Throw<SettingException>(() => MissionText.Given(Read("mission", file))!.Load())
                .Message.ShouldStartWith($"The mission file {file} cannot be used: ");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("s3-endpoint", "https://s3.example.org")]
    [InlineData("s3-region", "eu-central-1")]
    [InlineData("s3-path-style", "on")]
    [InlineData("hook-secret", "sixteen characters")]
    [InlineData("sqs-queue", "https://sqs.eu-central-1.amazonaws.com/1/q")]
    public void What_is_said_of_a_bucket_that_is_not_named_stops_the_start(string name, string value) =>
        Should
            .Throw<SettingException>(() => SettingReader.Read(setting => setting.Name == name ? value : null))
            .Message.ShouldStartWith(
                $"The setting {name} (OPENSDC_{name.Replace('-', '_').ToUpperInvariant()}) is given without objects (OPENSDC_OBJECTS)"
            );

    private static ServerOptions Read(string name, string value) =>
        SettingReader.Read(setting =>
            setting.Name == name ? value
            : setting.Name == "objects" && name.StartsWith("s3-", StringComparison.Ordinal) ? "s3://bucket"
            : null
        );
}
