using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Microsoft.Extensions.Time.Testing;
using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>Bytes between a real client, curl, and a real S3 store, by URLs that the archive signed.</summary>
public sealed class S3StagingTests : IAsyncLifetime
{
    private const string Key = "imap/swe/l1a/2026/01/imap_swe_l1a_sci_20260101_v001.pkts";
    private const string Odd = "imap/ancillary/mag/imap_mag_l1-cal#ib%20(α)+'1\"_20260101_v001.json";

    private static readonly CancellationToken None = CancellationToken.None;

    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-direct-").FullName;
    private S3Bucket bucket = null!;
    private S3ObjectStore store = null!;

    private S3Staging Direct => new(bucket);

    public async ValueTask InitializeAsync()
    {
        bucket = await CephServer.OpenBucketAsync();
        store = new S3ObjectStore(bucket, new S3Copy(bucket, largestSingle: 6 << 20, rangeSize: 5 << 20));
    }

    public ValueTask DisposeAsync()
    {
        store.Dispose();
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("no Content-Type", "-H 'Content-Type:'", 3000)]
    [InlineData("an empty Content-Type", "-H 'Content-Type;'", 3000)]
    [InlineData("a form's Content-Type", "-H 'Content-Type: application/x-www-form-urlencoded'", 3000)]
    [InlineData("the archive's API key", "-H 'x-api-key: abc' -H 'Content-Type;'", 3000)]
    [InlineData("no bytes", "-H 'Content-Type;'", 0)]
    public async Task What_curl_puts_is_there_whatever_headers_it_sends(string what, string headers, int size)
    {
        foreach (var key in (string[])[Key, Odd])
        {
            var bytes = WriteFile(size);
            (await CurlAsync($"-T file {headers} '{Quoted(Direct.SignUpload("upload-1", key, 60))}'")).ShouldBe("200", what);
            await using var arrived = (await Direct.OpenArrivedAsync("upload-1", key, None)).ShouldNotBeNull();
            arrived.Length.ShouldBe(size);
            (await arrived.DigestAsync(None)).ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        }
    }

    [Fact]
    public async Task A_file_goes_past_the_server_in_and_out()
    {
        foreach (var key in (string[])[Key, Odd])
        {
            var bytes = WriteFile(100_000);
            (await CurlAsync($"-T file -H 'Content-Type;' '{Quoted(Direct.SignUpload("up", key, 60))}'")).ShouldBe("200");
            var listed = (await Direct.ArrivedAsync(None).ToListAsync()).ShouldHaveSingleItem();
            (listed.UploadId, listed.Key, listed.Length).ShouldBe(("up", key, 100_000));
            await using var arrived = (await Direct.OpenArrivedAsync("up", key, None)).ShouldNotBeNull();
            arrived.ETag.ShouldBe(listed.ETag);
            var sha256 = await arrived.DigestAsync(None);
            (await store.PlaceAsync(arrived, None)).ShouldBe(new PlaceResult(true));
            var head = (await bucket.HeadAsync(bucket.ObjectKey(key), None)).ShouldNotBeNull();
            (head.Upload, head.Sha256, head.ContentType).ShouldBe(
                ("up", sha256, key == Key ? "application/octet-stream" : "application/json")
            );
            await Direct.RemoveArrivedAsync([("up", key), ("never", key)], None);
            (await Direct.ArrivedAsync(None).ToListAsync()).ShouldBeEmpty();
            Directory.CreateDirectory(Path.Combine(folder, "out"));
            (await CurlAsync($"-OJ --output-dir out '{Quoted(Direct.SignDownload(key, 60))}'")).ShouldBe("200");
            var file = Directory.GetFiles(Path.Combine(folder, "out")).ShouldHaveSingleItem();
            (await File.ReadAllBytesAsync(file, None)).ShouldBe(bytes);
            if (key == Key)
                Path.GetFileName(file).ShouldBe(Path.GetFileName(key));
            File.Delete(file);
            (await CurlAsync($"-r 10-19 -o part '{Quoted(Direct.SignDownload(key, 60))}'")).ShouldBe("206");
            (await File.ReadAllBytesAsync(Path.Combine(folder, "part"), None)).ShouldBe(bytes[10..20]);
        }
    }

    [Fact]
    public async Task A_url_allows_what_it_was_signed_for_and_no_longer_than_that()
    {
        WriteFile(10);
        var put = Direct.SignUpload("u", Key, 60);
        (await CurlAsync($"'{put}'")).ShouldBe("403");
        (await CurlAsync($"-T file '{put.Replace("sci_", "scj_", StringComparison.Ordinal)}'")).ShouldBe("403");
        (await CurlAsync($"-T file '{put.Replace("X-Amz-Expires=60", "X-Amz-Expires=61", StringComparison.Ordinal)}'")).ShouldBe("403");
        var past = new S3Signature(
            new Uri($"{bucket.Location.Endpoint}{bucket.Name}/"),
            "us-east-1",
            () => new ImmutableCredentials(CephServer.AccessKey, CephServer.Secret, null),
            new FakeTimeProvider(DateTimeOffset.UtcNow.AddMinutes(-10))
        );
        (await CurlAsync($"-T file '{past.Sign("PUT", bucket.StagingKey("u", Key), 60)}'")).ShouldBe("403");
        (await CurlAsync($"-T file '{past.Sign("PUT", bucket.StagingKey("u", Key), 6000)}'")).ShouldBe("200");
    }

    /// <summary>The example that the signature's specification gives.</summary>
    [Fact]
    public void A_signature_is_that_of_the_specification()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2013, 5, 24, 0, 0, 0, TimeSpan.Zero));
        var signature = new S3Signature(
            new Uri("https://examplebucket.s3.amazonaws.com/"),
            "us-east-1",
            () => new ImmutableCredentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", null),
            clock
        );
        signature
            .Sign("GET", "test.txt", 86400)
            .ShouldBe(
                "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request"
                    + "&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
            );
        clock.Advance(TimeSpan.FromDays(1));
        signature.Sign("GET", "test.txt", 86400).ShouldContain("20130525T000000Z");
    }

    [Fact]
    public async Task An_arrival_that_is_opened_and_not_read_leaves_its_connection_to_others()
    {
        await bucket.PutAsync(bucket.StagingKey("u", Key), new byte[3 << 20]);
        for (var i = 0; i < 300; i++)
            await (await Direct.OpenArrivedAsync("u", Key, None)).ShouldNotBeNull().DisposeAsync();
        (await Direct.HasArrivedAsync("u", Key, None)).ShouldBeTrue();
        (await Direct.HasArrivedAsync("v", Key, None)).ShouldBeFalse();
        (await Direct.OpenArrivedAsync("v", Key, None)).ShouldBeNull();
    }

    [Fact]
    public async Task Only_the_bytes_that_were_hashed_get_the_key()
    {
        byte[] hashed = RandomNumberGenerator.GetBytes(ArrivedUpload.SmallUpTo + 1),
            others = RandomNumberGenerator.GetBytes(ArrivedUpload.SmallUpTo + 1);
        await bucket.PutAsync(bucket.StagingKey("u", Key), hashed);
        await using var arrived = (await Direct.OpenArrivedAsync("u", Key, None)).ShouldNotBeNull();
        await arrived.DigestAsync(None);
        await bucket.PutAsync(bucket.StagingKey("u", Key), others);
        (await store.PlaceAsync(arrived, None)).Failure.ShouldNotBeNull().ShouldBeAssignableTo<IOException>();
        await Should.ThrowAsync<ObjectChangedException>(() => arrived.DigestAsync(None));

        // Whatever the store made of it bears the upload's id, and the next try puts the bytes there that it has hashed.
        await using var again = (await Direct.OpenArrivedAsync("u", Key, None)).ShouldNotBeNull();
        var sha256 = await again.DigestAsync(None);
        (await store.PlaceAsync(again, None)).ShouldBe(new PlaceResult(true));
        await ShouldLieThereAsync(sha256);
    }

    [Fact]
    public async Task Few_bytes_get_the_key_as_they_were_hashed_whatever_has_come_into_their_place()
    {
        await bucket.PutAsync(bucket.StagingKey("u", Key), "hashed"u8.ToArray());
        await using var arrived = (await Direct.OpenArrivedAsync("u", Key, None)).ShouldNotBeNull();
        var sha256 = await arrived.DigestAsync(None);
        await bucket.PutAsync(bucket.StagingKey("u", Key), "others"u8.ToArray());
        (await store.PlaceAsync(arrived, None)).ShouldBe(new PlaceResult(true));
        await ShouldLieThereAsync(sha256);

        // Its publisher has died before the record; whoever takes the upload next has hashed others, and those get the key.
        await using var again = (await Direct.OpenArrivedAsync("u", Key, None)).ShouldNotBeNull();
        sha256 = await again.DigestAsync(None);
        (await store.PlaceAsync(again, None)).ShouldBe(new PlaceResult(true));
        await ShouldLieThereAsync(sha256);
        (await bucket.HeadAsync(bucket.ObjectKey(Key), None)).ShouldNotBeNull().Sha256.ShouldBe(sha256);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(ArrivedUpload.SmallUpTo)]
    public async Task A_small_upload_is_put_under_its_key_by_one_request_and_nothing_that_lies_there_is_overwritten(int size)
    {
        var conditions = new S3Conditions(bucket);
        foreach (var key in (string[])[Key, Odd])
        {
            var bytes = RandomNumberGenerator.GetBytes(size);
            await bucket.PutAsync(bucket.StagingKey("u", key), bytes);
            await using var arrived = (await Direct.OpenArrivedAsync("u", key, None)).ShouldNotBeNull();
            var notes = new ObjectNotes("application/json", "u", await arrived.DigestAsync(None));
            arrived.Bytes.ShouldBe(bytes);
            (await conditions.PutNewAsync(bucket.ObjectKey(key), bytes, arrived.ETag, notes, None)).ShouldBeTrue();
            var head = (await bucket.HeadAsync(bucket.ObjectKey(key), None)).ShouldNotBeNull();
            (head.Length, head.ETag, head.ContentType, head.Upload, head.Sha256).ShouldBe(
                (size, arrived.ETag, notes.ContentType, "u", notes.Sha256)
            );
            (
                await conditions.PutNewAsync(bucket.ObjectKey(key), "others"u8.ToArray(), arrived.ETag, notes with { Upload = "v" }, None)
            ).ShouldBeFalse();
            (await bucket.HeadAsync(bucket.ObjectKey(key), None)).ShouldBe(head);
        }

        // Nor is anything left of trying what the store can do.
        (await Direct.ArrivedAsync(None).Select(each => each.UploadId).Distinct().ToListAsync()).ShouldBe(["u"]);
    }

    [Fact]
    public async Task A_small_object_is_copied_by_one_request_and_what_the_store_refuses_is_left_to_the_library()
    {
        var notes = new ObjectNotes("application/json", "u", new string('a', 64));
        foreach (var key in (string[])[Key, Odd])
        {
            var (from, to) = (bucket.StagingKey("u", key), bucket.ObjectKey(key));
            await bucket.PutAsync(from, "bytes"u8.ToArray());
            var tag = (await bucket.HeadAsync(from, None)).ShouldNotBeNull().ETag;
            (await bucket.Requests.CopyAsync(from, tag, to, notes, None)).ShouldBe(tag);
            var copy = (await bucket.HeadAsync(to, None)).ShouldNotBeNull();
            (copy.Length, copy.ETag, copy.ContentType, copy.Upload, copy.Sha256).ShouldBe(
                (5, tag, notes.ContentType, notes.Upload, notes.Sha256)
            );
        }

        (await bucket.Requests.CopyAsync(bucket.StagingKey("never", Key), "\"0\"", bucket.ObjectKey(Key), notes, None)).ShouldBeNull();
    }

    [Fact]
    public async Task An_upload_that_was_named_before_a_crash_is_named_again_and_anothers_is_not()
    {
        await bucket.PutAsync(bucket.StagingKey("u", Key), "bytes"u8.ToArray());
        foreach (var time in (string[])["first", "after the crash"])
        {
            await using var arrived = (await Direct.OpenArrivedAsync("u", Key, None)).ShouldNotBeNull();
            (await store.PlaceAsync(arrived, None)).ShouldBe(new PlaceResult(true), time);
        }

        await bucket.PutAsync(bucket.StagingKey("v", Key), "bytes"u8.ToArray());
        await using var other = (await Direct.OpenArrivedAsync("v", Key, None)).ShouldNotBeNull();
        (await store.PlaceAsync(other, None)).ShouldBe(new PlaceResult(false));
        await store.RevertAsync(other, None);
        (await store.OpenAsync(Key, None)).ShouldNotBeNull("it is not the other's to take back").Dispose();
    }

    /// <summary>
    /// A store copies at most 5 GiB at once; here the limit is 6 MiB and a range 5 MiB, so that the same way
    /// is gone with files of a few.
    /// </summary>
    [Theory]
    [InlineData((6 << 20) + 1)]
    [InlineData(15 << 20)]
    [InlineData((15 << 20) + 1)]
    public async Task A_large_object_is_copied_in_ranges(int size)
    {
        var bytes = RandomNumberGenerator.GetBytes(size);
        await bucket.PutAsync(bucket.StagingKey("large", Key), bytes);
        await using var arrived = (await Direct.OpenArrivedAsync("large", Key, None)).ShouldNotBeNull();
        var sha256 = await arrived.DigestAsync(None);
        (await store.PlaceAsync(arrived, None)).ShouldBe(new PlaceResult(true));
        using var stored = (await store.OpenAsync(Key, None)).ShouldNotBeNull();
        stored.Length.ShouldBe(size);
        (await ObjectVerifier.Unthrottled.DigestAsync(stored, None)).ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        var head = (await bucket.HeadAsync(bucket.ObjectKey(Key), None)).ShouldNotBeNull();
        (head.Upload, head.Sha256).ShouldBe(("large", sha256));
        head.ETag.ShouldContain("-", customMessage: "it was not put there in one piece");

        (await store.QuarantineAsync(Key, "large", None)).ShouldBe(Moved.Done);
        head = (await bucket.HeadAsync(bucket.QuarantineKey("large"), None)).ShouldNotBeNull();
        (head.Length, head.Upload, head.Sha256).ShouldBe((size, "large", sha256));
    }

    [Fact]
    public async Task A_large_object_that_changed_is_not_named_and_leaves_no_ranges()
    {
        await bucket.PutAsync(bucket.StagingKey("large", Key), new byte[8 << 20]);
        await using var arrived = (await Direct.OpenArrivedAsync("large", Key, None)).ShouldNotBeNull();
        await bucket.PutAsync(bucket.StagingKey("large", Key), RandomNumberGenerator.GetBytes(8 << 20));
        (await store.PlaceAsync(arrived, None)).Failure.ShouldNotBeNull().ShouldBeAssignableTo<IOException>();
        ((await bucket.Client.ListMultipartUploadsAsync(bucket.Name, None)).MultipartUploads ?? []).ShouldBeEmpty();
    }

    [Fact]
    public async Task Parts_come_by_curl_in_any_order_and_make_one_file()
    {
        var bytes = RandomNumberGenerator.GetBytes((11 << 20) + 5);
        var storeId = await Direct.BeginPartsAsync("parts", Key, None);
        (await Direct.BegunPartsAsync(None).ToListAsync()).ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            begun => (begun.UploadId, begun.Key, begun.StoreId).ShouldBe(("parts", Key, storeId)),
            begun => begun.BegunAt.ShouldBeGreaterThan(DateTimeOffset.UtcNow.AddMinutes(-1)));
        const int partSize = 5 << 20;
        foreach (var part in (int[])[3, 1, 2, 1])
        {
            await File.WriteAllBytesAsync(
                Path.Combine(folder, "file"),
                bytes[((part - 1) * partSize)..Math.Min(bytes.Length, part * partSize)],
                None
            );
            (await CurlAsync($"-T file -H 'Content-Type;' '{Quoted(Direct.SignPart("parts", Key, storeId, part, 60))}'")).ShouldBe("200");
        }

        var parts = (await Direct.PartsAsync("parts", Key, storeId, None)).ShouldNotBeNull();
        parts.Select(part => (part.Part, part.Size)).ShouldBe([(1, partSize), (2, partSize), (3, (1 << 20) + 5)]);
        (await Direct.ArrivedAsync(None).ToListAsync()).ShouldBeEmpty();
        (await Direct.CompletePartsAsync("parts", Key, storeId, parts, None)).ShouldBeTrue();
        await using var arrived = (await Direct.OpenArrivedAsync("parts", Key, None)).ShouldNotBeNull();
        (await arrived.DigestAsync(None)).ShouldBe(Convert.ToHexStringLower(SHA256.HashData(bytes)));
        (await Direct.PartsAsync("parts", Key, storeId, None)).ShouldBeNull();
    }

    [Fact]
    public async Task Parts_that_are_aborted_are_gone_and_aborting_again_is_no_fault()
    {
        var storeId = await Direct.BeginPartsAsync("parts", Key, None);
        await Direct.AbortPartsAsync("parts", Key, storeId, None);
        await Direct.AbortPartsAsync("parts", Key, storeId, None);
        (await Direct.PartsAsync("parts", Key, storeId, None)).ShouldBeNull();
        (await Direct.BegunPartsAsync(None).ToListAsync()).ShouldBeEmpty();
    }

    [Fact]
    public void A_place_in_staging_is_read_back_and_nothing_else_is()
    {
        Direct.TryReadPlace(bucket.Name, bucket.StagingKey("id-1", Key), out var id, out var key).ShouldBeTrue();
        (id, key).ShouldBe(("id-1", Key));
        foreach (
            var (name, place) in new[]
            {
                ("another", bucket.StagingKey("id-1", Key)),
                (bucket.Name, bucket.ObjectKey(Key)),
                (bucket.Name, bucket.StagingRoot),
                (bucket.Name, bucket.StagingRoot + "id"),
                (bucket.Name, bucket.StagingRoot + "id/"),
                (bucket.Name, bucket.StagingRoot + "/key"),
                (bucket.Name, ""),
                (bucket.Name, "mission"),
            }
        )
            Direct.TryReadPlace(name, place, out _, out _).ShouldBeFalse(place);
    }

    private async Task ShouldLieThereAsync(string sha256)
    {
        using var stored = (await store.OpenAsync(Key, None)).ShouldNotBeNull();
        (await ObjectVerifier.Unthrottled.DigestAsync(stored, None)).ShouldBe(sha256);
    }

    private byte[] WriteFile(int size)
    {
        var bytes = RandomNumberGenerator.GetBytes(size);
        File.WriteAllBytes(Path.Combine(folder, "file"), bytes);
        return bytes;
    }

    /// <summary>For a shell's single quotes.</summary>
    private static string Quoted(string text) => text.Replace("'", "'\\''", StringComparison.Ordinal);

    /// <summary>Runs curl as a shell does, and gives the status of the answer.</summary>
    private async Task<string> CurlAsync(string arguments)
    {
        var where =
            arguments.Contains(" -o ", StringComparison.Ordinal)
            || arguments.StartsWith("-r", StringComparison.Ordinal)
            || arguments.StartsWith("-OJ", StringComparison.Ordinal)
                ? ""
                : "-o answer";
        var output = new StringBuilder();
        using var shell = Process.Start(
            new ProcessStartInfo(
                "bash",
                ["-c", string.Create(CultureInfo.InvariantCulture, $"curl -sS {where} -w '%{{http_code}}' {arguments}")]
            )
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                UseShellExecute = false,
            }
        )!;
        output.Append(await shell.StandardOutput.ReadToEndAsync(None));
        await shell.WaitForExitAsync(None);
        return output.ToString();
    }
}
