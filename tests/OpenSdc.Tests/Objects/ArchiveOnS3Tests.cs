using System.Security.Cryptography;
using Amazon.S3;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Tests.Cli;
using OpenSdc.Tests.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>
/// The service on a real S3 store: where it sends its callers, what it refuses, and what it says while the
/// store is away.
/// </summary>
public sealed class ArchiveOnS3Tests
{
    private static readonly FileName Name = FsckArchive.NameOf(1);
    private static readonly string FileText = Path.GetFileName(Name.Key);

    [Fact]
    public async Task A_download_leads_to_the_store_and_says_where_the_object_lies()
    {
        await using var archive = await RunningArchive.StartAsync(CephServer.UseDirect);
        var bytes = RandomNumberGenerator.GetBytes(50_000);
        await archive.Services.PublishAsync(Name, bytes);
        var bucket = archive.Services.GetRequiredService<ServerOptions>().Objects;

        foreach (var path in (string[])[FileText, Name.Key, $"{bucket}/{Name.Key}"])
        {
            var answer = await archive.SendAsync($"GET /download/{path}");
            answer.Status.ShouldBe(302, answer.Text);
            answer.Json.GetProperty("s3_uri").GetString().ShouldBe($"{bucket}/{Name.Key}");
            answer.Json.GetProperty("download_url").GetString().ShouldBe(answer["Location"]);
            answer["Location"].ShouldNotBeNull().ShouldStartWith(CephServer.Address.AbsoluteUri);
            var fetched = await archive.SendAsync($"GET {answer["Location"]}");
            fetched.Bytes.ShouldBe(bytes);
            fetched["Content-Disposition"].ShouldBe($"attachment; filename=\"{FileText}\"");
            fetched["Content-Type"].ShouldBe("application/x-cdf");
        }

        var documented = await archive.SendAsync($"GET /download/{FileText}", accept: "application/json");
        documented.Json.GetProperty("body").GetProperty("s3_uri").GetString().ShouldBe($"{bucket}/{Name.Key}");
        var urls = await archive.SendAsync($"GET /query?format=urls&filename={FileText}");
        (await archive.SendAsync($"GET {urls.Text.Trim()}")).Bytes.ShouldBe(bytes);
        (await archive.SendAsync($"GET /download/{Path.GetFileName(FsckArchive.NameOf(2).Key)}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task No_byte_passes_the_server()
    {
        await using var archive = await RunningArchive.StartAsync(CephServer.UseDirect);
        await archive.Services.PublishAsync(Name, [1, 2, 3]);
        foreach (var method in (string[])["GET", "PUT"])
        {
            var answer = await archive.SendAsync($"{method} /objects/{Name.Key}?expires=1&signature=x");
            answer.Status.ShouldBe(404);
            answer.Text.ShouldContain("lead to the store itself");
        }

        archive
            .FilesBelow("")
            .ShouldNotContain(path =>
                path.StartsWith("objects", StringComparison.Ordinal) || path.StartsWith("staging", StringComparison.Ordinal)
            );
    }

    [Fact]
    public async Task Harm_in_the_store_is_found_and_the_file_is_not_given_out_until_it_is_mended()
    {
        await using var archive = await UpkeepArchive.StartAsync(CephServer.UseDirect);
        var bytes = RandomNumberGenerator.GetBytes(300_000);
        var seq = (await archive.Running.Services.PublishAsync(Name, bytes)).Seq;
        var lost = FsckArchive.NameOf(2);
        var lostSeq = (await archive.Running.Services.PublishAsync(lost, bytes)).Seq;
        using var bucket = await S3Opening.JoinAsync(
            S3Location.Of(archive.Running.Services.GetRequiredService<ServerOptions>())!,
            TimeProvider.System,
            CancellationToken.None
        );
        await bucket.PutAsync(bucket.ObjectKey(Name.Key), [.. bytes[..1000], (byte)(bytes[1000] ^ 1), .. bytes[1001..]]);
        await bucket.DeleteAsync(bucket.ObjectKey(lost.Key), CancellationToken.None);

        await archive.RunUntilEventsAsync(seq, "published", ChangeKind.Damaged);
        await archive.RunUntilEventsAsync(lostSeq, "published", ChangeKind.Lost);
        var answer = await archive.Running.SendAsync($"GET /download/{FileText}");
        answer.Status.ShouldBe(500);
        answer.Text.ShouldContain("not those that were published");
        (await archive.Running.SendAsync($"GET /download/{Path.GetFileName(lost.Key)}", accept: "application/json"))
            .Json.GetProperty("statusCode")
            .GetInt32()
            .ShouldBe(500);

        await bucket.PutAsync(bucket.ObjectKey(Name.Key), bytes);
        await archive.RunUntilEventsAsync(seq, "published", ChangeKind.Damaged, ChangeKind.Sound);
        (await archive.Running.SendAsync($"GET /download/{FileText}")).Status.ShouldBe(302);
    }

    [Fact]
    public async Task While_the_store_is_away_callers_are_told_so_and_afterwards_it_goes_on_by_itself()
    {
        var ceph = CephServer.StartOwn("ceph-away");
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var archive = await RunningArchive.StartAsync(
            options => CephServer.AllowDirect(CephServer.Use(options) with { S3Endpoint = ceph.Address, ScrubRate = 0 }),
            clock
        );
        await archive.Services.PublishAsync(Name, [1, 2, 3]);
        ceph.KillGateway();
        // The first request that needs the store has it looked at, also between the regular looks, for which the clock would have to move.
        var begun = await archive.SendAsync(
            "POST /uploads",
            content: new StringContent($$"""{"filename":"{{Path.GetFileName(FsckArchive.NameOf(3).Key)}}","size":1}""")
        );
        (begun.Status, begun["Retry-After"]).ShouldBe((503, "5"), begun.Text);
        for (var tries = 0; (await archive.SendAsync("GET /health/ready")).Status != 503; tries++)
        {
            tries.ShouldBeLessThan(600, "nobody noticed that the store is away");
            await Task.Delay(25);
        }

        var answer = await archive.SendAsync($"GET /download/{FileText}");
        (answer.Status, answer["Retry-After"]).ShouldBe((503, "5"));
        answer.Text.ShouldContain("cannot be reached");
        answer = await archive.SendAsync($"GET /upload/{Path.GetFileName(FsckArchive.NameOf(2).Key)}");
        (answer.Status, answer["Retry-After"]).ShouldBe((503, "5"), answer.Text);
        var ready = (await archive.SendAsync("GET /health/ready")).Json;
        (ready.GetProperty("status").GetString(), ready.GetProperty("uploads").GetString()).ShouldBe(("failing", "refused"));
        (await archive.SendAsync($"GET /query?filename={FileText}")).Status.ShouldBe(200);
        await Should.ThrowAsync<StoreUnavailableException>(() => archive.Services.PublishAsync(FsckArchive.NameOf(2), [1]));

        ceph.StartGateway();
        await UntilAsync(archive, clock, 200);
        (await archive.SendAsync($"GET /download/{FileText}")).Status.ShouldBe(302);
        await archive.Services.PublishAsync(FsckArchive.NameOf(2), [1]);
        ceph.End();
    }

    [Fact]
    public async Task A_store_that_refuses_the_archive_is_told_as_one_that_cannot_be_used_now_and_not_as_an_error_of_ours()
    {
        var bucket = CephServer.NewBucket();
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var archive = await RunningArchive.StartAsync(
            options => CephServer.AllowDirect(options with { Objects = $"s3://{bucket}", S3Endpoint = CephServer.Address, ScrubRate = 0 }),
            clock
        );
        using var client = new AmazonS3Client(
            new AmazonS3Config
            {
                ServiceURL = CephServer.Address.AbsoluteUri,
                ForcePathStyle = true,
                AuthenticationRegion = "us-east-1",
            }
        );
        await client.PutBucketPolicyAsync(
            bucket,
            $$"""
            {"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::{{bucket}}/*"}]}
            """);
        var file = Path.GetFileName(FsckArchive.NameOf(3).Key);
        var begun = await archive.SendAsync("POST /uploads", content: new StringContent($$"""{"filename":"{{file}}","size":1}"""));
        (begun.Status, begun["Retry-After"]).ShouldBe((503, "5"), begun.Text);

        // The request has had the store looked at, by which it is known to whoever asks for a URL.
        for (var tries = 0; (await archive.SendAsync("GET /health/ready")).Json.GetProperty("uploads").GetString() != "refused"; tries++)
        {
            tries.ShouldBeLessThan(600, "nobody noticed that the store refuses the archive");
            await Task.Delay(25);
        }

        var asked = await archive.SendAsync($"GET /upload/{file}", accept: "application/json");
        (asked.Status, asked["Retry-After"]).ShouldBe((503, "30"), asked.Text);
        asked.Text.ShouldStartWith("""{"statusCode": 503, "body": "The archive cannot write at the moment""");

        await client.DeleteBucketPolicyAsync(bucket);
        for (var tries = 0; (await archive.SendAsync($"GET /upload/{file}")).Status != 200; tries++)
        {
            tries.ShouldBeLessThan(600, "uploads are not taken again");
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(25);
        }
    }

    [Fact]
    public async Task Direct_transfers_need_the_policy_of_the_bucket_and_the_start_proves_it()
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-start-").FullName;
        var at = $"--objects s3://{CephServer.NewBucket()}/mission --s3-endpoint {CephServer.Address}";
        await using (var refused = SdcProcess.Start(folder, $"serve --urls http://127.0.0.1:0 --data data {at} --transfers direct"))
        {
            (await refused.ExitCodeAsync()).ShouldBe(2, refused.Output + refused.Errors);
            refused.Errors.ShouldContain("sdc bucket-policy");
        }

        foreach (var apply in (string[])["", " --apply", " --apply"])
        {
            await using var policy = SdcProcess.Start(folder, $"bucket-policy {at}{apply}");
            (await policy.ExitCodeAsync()).ShouldBe(0, policy.Output + policy.Errors);
            policy.Output.ShouldContain("s3:x-amz-copy-source");
        }

        var (sdc, _) = await SdcProcess.ServeAsync(folder, $"{at} --transfers direct");
        await sdc.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("refuses these credentials", CephServer.AccessKey, "wrong", "s3://wrong-secret")]
    [InlineData("refuses these credentials", "nobody", "wrong", "s3://wrong-key")]
    [InlineData("cannot be made", CephServer.GuestKey, CephServer.GuestSecret, "s3://guests-bucket/x")]
    [InlineData("no credentials", "", "", "s3://no-credentials")]
    [InlineData("s3://BUCKET", CephServer.AccessKey, CephServer.Secret, "bucket")]
    [InlineData("s3://BUCKET", CephServer.AccessKey, CephServer.Secret, "s3://Upper_Case")]
    [InlineData("s3://BUCKET", CephServer.AccessKey, CephServer.Secret, "s3://fine/.staging")]
    public async Task A_store_that_cannot_be_used_stops_the_start_with_a_sentence(
        string sentence,
        string access,
        string secret,
        string objects
    )
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-start-").FullName;
        var endpoint = CephServer.Address;
        await using (var sdc = SdcProcess.Start(
            folder, $"serve --urls http://127.0.0.1:0 --data data --objects {objects} --s3-endpoint {endpoint}",
            ("AWS_ACCESS_KEY_ID", access), ("AWS_SECRET_ACCESS_KEY", secret), ("HOME", folder)))
        {
            (await sdc.ExitCodeAsync()).ShouldBe(2, sdc.Output + sdc.Errors);
            sdc.Errors.ShouldContain(sentence);
            sdc.Errors.Trim().Split('\n').Length.ShouldBe(1, sdc.Errors);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_start_says_where_records_and_objects_lie()
    {
        var folder = Directory.CreateTempSubdirectory("opensdc-start-").FullName;
        var objects = CephServer.Use(new ServerOptions()).Objects;
        var (sdc, _) = await SdcProcess.ServeAsync(
            folder,
            $"--objects {objects} --s3-endpoint {CephServer.Address} --catalogue {PostgresServer.NewDatabase()}"
        );
        await using (sdc)
        {
            sdc.Output.ShouldContain("\nThe records lie in the database archive");
            sdc.Output.ShouldContain($"\nThe objects lie in {objects}\n");
            sdc.Output.ShouldNotContain(folder);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_is_no_store_stops_the_start_and_what_is_not_there_is_waited_for_half_a_minute()
    {
        _ = CephServer.Address; // for the credentials
        await using var other = await RunningArchive.StartAsync();
        var location = new S3Location("bucket", "") { Endpoint = other.Endpoint, PathStyle = true };
        (
            await Should.ThrowAsync<SettingException>(() => S3Opening.OpenAsync(location, TimeProvider.System, CancellationToken.None))
        ).Message.ShouldContain(other.Address);

        var clock = new FakeTimeProvider();
        var waiting = S3Opening.OpenAsync(location with { Endpoint = new Uri("http://127.0.0.1:1") }, clock, CancellationToken.None);
        var seconds = 0;
        for (; !waiting.IsCompleted; seconds++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(50);
        }

        seconds.ShouldBeGreaterThan(30);
        var refusal = await Should.ThrowAsync<SettingException>(() => waiting);
        refusal.Message.ShouldContain("http://127.0.0.1:1/ cannot be reached");
        refusal.MayPass.ShouldBeTrue();
    }

    private static async Task UntilAsync(RunningArchive archive, FakeTimeProvider clock, int status)
    {
        for (var tries = 0; (await archive.SendAsync("GET /health/ready")).Status != status; tries++)
        {
            tries.ShouldBeLessThan(600, $"readiness never said {status}");
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(25);
        }
    }
}
