using System.Security.Cryptography;
using OpenSdc.Server.Objects;
using OpenSdc.Tests.Cli;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>
/// An archive on a disk whose objects are copied to a bucket by a tool that knows nothing of it, as
/// docs/operate.md says.
/// </summary>
public sealed class MoveToS3Tests
{
    [Fact]
    public async Task Objects_that_a_tool_has_copied_are_served_and_checked_as_before()
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
        try
        {
            var files = Enumerable
                .Range(0, 3)
                .Select(_ => (Name: ArchiveFixture.NewName(), Bytes: RandomNumberGenerator.GetBytes(100_000)))
                .ToList();
            string before;
            await using (var disk = await RunningArchive.StartAsync(folder: folder))
            {
                foreach (var (name, bytes) in files)
                    await disk.UploadAsync(name, bytes);
                before = (await disk.SendAsync("GET /query")).Text;
            }

            var target = CephServer.NewBucket();
            using (
                var bucket = await S3Opening.OpenAsync(
                    new S3Location(target, "mission/") { Endpoint = CephServer.Address, PathStyle = true },
                    TimeProvider.System,
                    CancellationToken.None
                )
            )
                await CopyAsync(bucket, Path.Combine(folder, "objects"));

            await using var archive = await RunningArchive.StartAsync(
                options => options with { Objects = $"s3://{target}/mission", S3Endpoint = CephServer.Address },
                folder: folder
            );
            (await archive.SendAsync("GET /query")).Text.ShouldBe(before);
            foreach (var (name, bytes) in files)
            {
                var fetched = await archive.SendAsync($"GET {await archive.DownloadUrlAsync(name)}");
                fetched.Bytes.ShouldBe(bytes);
                fetched["Content-Type"].ShouldBe(Server.Files.MediaTypes.Of(name), "whatever the tool has said");
                (await archive.SendAsync($"GET /upload/{name}")).Status.ShouldBe(409);
            }

            var later = ArchiveFixture.NewName();
            await archive.UploadAsync(later, [1, 2, 3]);
            (await archive.DownloadAsync(later)).ShouldBe([1, 2, 3]);
            await using var fsck = SdcProcess.Start(
                folder,
                $"fsck --digest --data {folder} --objects s3://{target}/mission --s3-endpoint {CephServer.Address}"
            );
            (await fsck.ExitCodeAsync()).ShouldBe(0, fsck.Output + fsck.Errors);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task CopyAsync(S3Bucket bucket, string folder)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            await bucket.PutAsync("mission/" + Path.GetRelativePath(folder, path), await File.ReadAllBytesAsync(path));
    }
}
