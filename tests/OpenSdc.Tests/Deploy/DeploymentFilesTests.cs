using System.Diagnostics;
using System.Text.RegularExpressions;
using OpenSdc.Server;
using Shouldly;
using Xunit;
using YamlDotNet.RepresentationModel;

namespace OpenSdc.Tests.Deploy;

/// <summary>
/// What the shipped files say is true of this program: their settings exist, their values are taken, their
/// syntax is right.
/// </summary>
public sealed partial class DeploymentFilesTests
{
    private static readonly string Folder = Path.Combine(SharedData.RepositoryRoot, "deploy");

    public static TheoryData<string> Files =>
        [
            .. Directory
                .EnumerateFiles(Folder, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(Folder, path))
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Files))]
    public void Every_setting_that_is_named_exists_and_takes_its_value(string file)
    {
        var text = File.ReadAllText(Path.Combine(Folder, file));
        foreach (Match named in SettingPattern().Matches(text))
        {
            var setting = SettingList.All.SingleOrDefault(each => each.EnvironmentName == named.Groups["name"].Value);
            setting.ShouldNotBeNull($"{file} names {named.Groups["name"].Value}, which is no setting");
            var value = named.Groups["value"].Value.Trim();
            // A value that is still to be filled in, or comes from elsewhere, cannot be tried.
            if (value.Length > 0 && !value.StartsWith('$') && value != "\"\"")
                Should.NotThrow(() => setting.Apply(new ServerOptions(), value), $"{file}: {named.Value}");
        }
    }

    [Fact]
    public void What_is_left_to_be_filled_in_stops_no_start_where_it_is_not_needed()
    {
        foreach (
            var line in File.ReadLines(Path.Combine(Folder, "systemd", "secrets.env.example"))
                .Where(line => line.StartsWith("OPENSDC_", StringComparison.Ordinal))
        )
        {
            var setting = SettingList.All.Single(each => line.StartsWith(each.EnvironmentName + "=", StringComparison.Ordinal));
            Should.NotThrow(() => setting.Apply(new ServerOptions(), line[(setting.EnvironmentName.Length + 1)..]), line);
        }
    }

    [Theory]
    [InlineData("container/compose.yaml")]
    [InlineData("kubernetes/deployment.yaml")]
    [InlineData("kubernetes/service.yaml")]
    [InlineData("kubernetes/ingress.yaml")]
    [InlineData("kubernetes/namespace.yaml")]
    [InlineData("kubernetes/kustomization.yaml")]
    [InlineData("kubernetes/secret.example.yaml")]
    public void Yaml_is_well_formed(string file)
    {
        var yaml = new YamlStream();
        using var reader = File.OpenText(Path.Combine(Folder, file));
        yaml.Load(reader);
        yaml.Documents.ShouldNotBeEmpty();
        yaml.Documents.ShouldAllBe(document => document.RootNode is YamlMappingNode);
    }

    [Fact]
    public void Kustomization_names_files_that_exist()
    {
        var yaml = new YamlStream();
        using var reader = File.OpenText(Path.Combine(Folder, "kubernetes", "kustomization.yaml"));
        yaml.Load(reader);
        var resources = (YamlSequenceNode)((YamlMappingNode)yaml.Documents[0].RootNode)["resources"];
        resources.Children.Count.ShouldBe(4);
        resources.ShouldAllBe(each => File.Exists(Path.Combine(Folder, "kubernetes", ((YamlScalarNode)each).Value!)));
    }

    [Fact]
    public async Task Systemd_understands_the_unit_and_finds_it_hardened()
    {
        if (!Path.Exists("/usr/bin/systemd-analyze"))
            SharedData.SkipOrFail("systemd-analyze is not installed (Debian: systemd).");
        var folder = Directory.CreateTempSubdirectory("opensdc-unit-");
        var unit = Path.Combine(folder.FullName, "opensdc.service");
        // The program is not installed here; everything else is judged as it is shipped.
        await File.WriteAllTextAsync(unit, (await File.ReadAllTextAsync(Path.Combine(Folder, "systemd", "opensdc.service")))
            .Replace("/opt/opensdc/sdc serve", "/bin/true", StringComparison.Ordinal));

        var (verified, complaints) = await AnalyzeAsync("verify", unit);
        verified.ShouldBe(0, complaints);
        complaints.ShouldNotContain("opensdc.service:");
        // 0 is shut, 10 is open; systemd itself calls up to 2 "OK".
        var (secure, findings) = await AnalyzeAsync("security", "--offline=true", "--threshold=20", unit);
        secure.ShouldBe(0, findings);
        folder.Delete(recursive: true);
    }

    private static async Task<(int Status, string Output)> AnalyzeAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("systemd-analyze", arguments)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        return (process.ExitCode, string.Concat(output));
    }

    [GeneratedRegex(
        @"(?<name>OPENSDC_[A-Z0-9_]+)(?:[=:][ ]*(?<value>[^\\\r\n]*))?",
        RegexOptions.ExplicitCapture,
        matchTimeoutMilliseconds: 1000
    )]
    private static partial Regex SettingPattern();
}
