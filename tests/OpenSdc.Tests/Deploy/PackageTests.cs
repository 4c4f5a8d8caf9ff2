using System.Diagnostics;
using System.IO.Compression;
using System.Reflection.Metadata;
using OpenSdc.Tests.Cli;
using OpenSdc.Tests.Client;
using System.Runtime.Versioning;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Deploy;

/// <summary>
/// What people install: the Debian package, the <c>dotnet tool</c> and the library's NuGet package, each made
/// as a release makes it, and used.
/// </summary>
[UnsupportedOSPlatform("windows")]
public sealed class PackageTests : IDisposable
{
    // Where the PDB holds a document's source.
    private static readonly Guid EmbeddedSource = new("0E8A571B-6926-466E-B4AD-8AB04611F5FE");

    private readonly Folder folder = new();

    /// <summary>Installed into a root of its own, with a dpkg database of its own: nothing of this machine is touched.</summary>
    [Fact]
    public async Task The_Debian_package_is_installed_started_and_removed()
    {
        if (!Environment.IsPrivilegedProcess)
            SharedData.SkipOrFail("Only root installs packages.");
        var package = (
            await RunAsync(Path.Combine(SharedData.RepositoryRoot, "eng", "deb.sh"), Path.GetDirectoryName(Native())!, folder.Path)
        ).Trim();
        var root = Path.Combine(folder.Path, "root");
        var database = Directory.CreateDirectory(Path.Combine(root, "var", "lib", "dpkg")).FullName;
        foreach (var name in (string[])["info", "updates", "triggers"])
            Directory.CreateDirectory(Path.Combine(database, name));
        await File.WriteAllTextAsync(Path.Combine(database, "status"), "");

        // The root has no libc6 for the package to depend on, and no shell for its scripts.
        string[] dpkg = [$"--root={root}", $"--log={folder.Path}/dpkg.log", "--force-depends", "--force-script-chrootless"];
        await RunAsync("dpkg", [.. dpkg, "-i", package]);

        (await RunAsync("dpkg-query", $"--admindir={database}", "-W", "-f", "${Package} ${db:Status-Status}")).ShouldBe(
            "opensdc installed"
        );
        await StartAsync(root);
        (await RunAsync("sh", "-c", $"zcat {root}/usr/share/man/man1/sdc-download.1.gz | mandoc -T utf8")).ShouldContain("SDC-DOWNLOAD(1)");
        File.GetUnixFileMode($"{root}/usr/share/man/man1/sdc.1.gz").HasFlag(UnixFileMode.OtherRead).ShouldBeTrue();
        (await RunAsync("bash", "-c", $". {root}/usr/share/bash-completion/completions/sdc && complete -p sdc")).ShouldContain(
            "-F _sdc sdc"
        );
        File.ReadAllText(Path.Combine(root, "usr/share/zsh/vendor-completions/_sdc")).ShouldStartWith("#compdef sdc\n");
        File.ReadAllText(Path.Combine(root, "usr/share/fish/vendor_completions.d/sdc.fish")).ShouldContain("complete -c sdc");

        await RunAsync("dpkg", [.. dpkg, "-r", "opensdc"]);
        File.Exists(Path.Combine(root, "usr/bin/sdc")).ShouldBeFalse();
        File.Exists(Path.Combine(root, "etc/opensdc/opensdc.env")).ShouldBeTrue("settings stay until the package is purged");
        await RunAsync("dpkg", [.. dpkg, "-P", "opensdc"]);
        File.Exists(Path.Combine(root, "etc/opensdc/opensdc.env")).ShouldBeFalse();
        Directory
            .EnumerateFiles(Path.Combine(root, "var/lib/opensdc/objects"), "*.pkts", SearchOption.AllDirectories)
            .ShouldHaveSingleItem("an archive is never removed");
    }

    [Fact]
    public async Task The_tool_is_installed_from_its_packages_and_runs()
    {
        var packages = Environment.GetEnvironmentVariable("OPENSDC_TOOL_PACKAGES");
        if (string.IsNullOrEmpty(packages))
            SharedData.SkipOrFail("The tool's packages are made by ./test.sh, which names their folder in OPENSDC_TOOL_PACKAGES.");
        // No other source is asked, and nothing is left in the user's own folders.
        folder.Write(
            "nuget.config",
            System.Text.Encoding.UTF8.GetBytes(
                $"""<configuration><packageSources><clear/><add key="these" value="{packages}"/></packageSources></configuration>"""
            )
        );
        var version = (await RunAsync(Native(), "--version")).Trim();

        await RunAsync(
            "dotnet",
            "tool",
            "install",
            "opensdc",
            "--tool-path",
            "tools",
            "--configfile",
            "nuget.config",
            "--version",
            version.Split('+')[0]
        );

        (await RunAsync(Path.Combine(folder.Path, "tools", "sdc"), "--version")).Trim().ShouldBe(version);
    }

    [Fact]
    public async Task The_library_is_packed_with_its_README_documentation_and_sources()
    {
        foreach (var project in (string[])["OpenSdc.Contract", "OpenSdc.Client"])
            await RunAsync(
                "dotnet",
                "pack",
                Path.Combine(SharedData.RepositoryRoot, "src", project),
                "-c",
                "Release",
                "--no-build",
                "-v",
                "quiet",
                "-o",
                folder.Path
            );

        using var package = ZipFile.OpenRead(
            folder
                .Files.Where(file =>
                    file.StartsWith("OpenSdc.Client.", StringComparison.Ordinal) && file.EndsWith(".nupkg", StringComparison.Ordinal)
                )
                .Select(file => Path.Combine(folder.Path, file))
                .ShouldHaveSingleItem()
        );
        foreach (var name in (string[])["README.md", "lib/net10.0/OpenSdc.Client.dll", "lib/net10.0/OpenSdc.Client.xml"])
            package.GetEntry(name).ShouldNotBeNull(name);
        using var description = new StreamReader(package.GetEntry("OpenSdc.Client.nuspec")!.Open());
        var nuspec = await description.ReadToEndAsync();
        foreach (
            var part in (string[])
                ["<readme>README.md</readme>", ">MIT</license>", "id=\"OpenSdc.Contract\"", "id=\"Microsoft.Extensions.Http.Resilience\""]
        )
            nuspec.ShouldContain(part);

        using var symbols = ZipFile.OpenRead(
            folder
                .Files.Where(file =>
                    file.StartsWith("OpenSdc.Client.", StringComparison.Ordinal) && file.EndsWith(".snupkg", StringComparison.Ordinal)
                )
                .Select(file => Path.Combine(folder.Path, file))
                .ShouldHaveSingleItem()
        );
        using var pdb = new MemoryStream();
        await using (var entry = symbols.GetEntry("lib/net10.0/OpenSdc.Client.pdb").ShouldNotBeNull().Open())
            await entry.CopyToAsync(pdb);
        pdb.Position = 0;
        using var provider = MetadataReaderProvider.FromPortablePdbStream(pdb);
        var reader = provider.GetMetadataReader();
        var documents = reader
            .Documents.Where(each => reader.GetString(reader.GetDocument(each).Name).EndsWith("SdcClient.cs", StringComparison.Ordinal))
            .ToList();
        reader
            .GetCustomDebugInformation(documents.ShouldHaveSingleItem())
            .Any(each => reader.GetGuid(reader.GetCustomDebugInformation(each).Kind) == EmbeddedSource)
            .ShouldBeTrue();
    }

    public void Dispose() => folder.Dispose();

    private static string Native()
    {
        var program = Environment.GetEnvironmentVariable("OPENSDC_NATIVE");
        if (string.IsNullOrEmpty(program))
            SharedData.SkipOrFail("The native program is made by ./test.sh, which names it in OPENSDC_NATIVE.");
        return program!;
    }

    /// <summary>Starts the service as its unit says, with the root before each path and a free port, and sends a file through it.</summary>
    private static async Task StartAsync(string root)
    {
        var unit = await File.ReadAllLinesAsync(Path.Combine(root, "usr/lib/systemd/system/opensdc.service"));
        string Of(string name) => unit.Single(line => line.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];
        var command = Of("ExecStart").Split(' ');
        command.ShouldBe(["/usr/bin/sdc", "serve"]);
        var environment = Of("Environment")
            .Split(' ')
            .Concat(
                await File.ReadAllLinesAsync(
                    root + unit.First(line => line.StartsWith("EnvironmentFile=", StringComparison.Ordinal)).Split('=')[1]
                )
            )
            .Where(line => line.Length > 0 && line[0] != '#')
            .Select(line => line.Split('=', 2))
            .Select(pair => (pair[0], pair[1].StartsWith('/') ? root + pair[1] : pair[1]))
            .ToList();
        environment.ShouldContain(("OPENSDC_DATA", root + "/var/lib/opensdc"));
        var working = Directory.CreateDirectory(root + Of("WorkingDirectory")).FullName;

        await using var service = SdcProcess.Start(
            [root + command[0]],
            working,
            command[1],
            [.. environment, ("OPENSDC_URLS", "http://127.0.0.1:0")]
        );
        var address = await service.AddressAsync();
        var name = ArchiveFixture.NewName();
        await File.WriteAllBytesAsync(Path.Combine(working, name), [1, 2, 3]);
        await using var upload = SdcProcess.Start([root + "/usr/bin/sdc"], working, $"upload {name} --url {address}");
        (await upload.ExitCodeAsync()).ShouldBe(0, upload.Errors);
        service.Terminate();
        (await service.ExitCodeAsync()).ShouldBe(0, service.Errors);
    }

    private async Task<string> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            WorkingDirectory = folder.Path,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.Environment["DOTNET_CLI_HOME"] = folder.Path;
        start.Environment["HOME"] = folder.Path;
        start.Environment["NUGET_PACKAGES"] =
            Environment.GetEnvironmentVariable("NUGET_PACKAGES")
            ?? (
                program == "dotnet" && arguments[0] == "tool"
                    ? Path.Combine(folder.Path, "packages")
                    : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages")
            );
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        await process.WaitForExitAsync(deadline.Token);
        process.ExitCode.ShouldBe(0, $"{program} {string.Join(' ', arguments)}\n{output}\n{await errors}");
        return output;
    }
}
