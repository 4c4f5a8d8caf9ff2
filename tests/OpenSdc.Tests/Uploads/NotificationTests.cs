using System.Globalization;
using System.Text.Json;
using Amazon.Runtime;
using Amazon.S3.Util;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Uploads;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>
/// What an S3 store tells of itself, at <c>POST /hooks/s3</c> and in a queue of SQS. The archive looks by
/// itself only once a minute here, so it must be told.
/// </summary>
public sealed class NotificationTests(NotificationTests.Told fixture) : IClassFixture<NotificationTests.Told>
{
    private const string Secret = "a secret of the tests";
    // Some of its releases say so of a completed multipart upload.
    private const string CephWithoutTime = "0.000000";

    private readonly RunningArchive archive = fixture.Archive;

    public static TheoryData<string> Forms => ["ceph", "ceph without a time", "aws", "minio", "sns"];

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task An_upload_that_the_store_tells_of_is_published_however_often_it_is_told(string form)
    {
        var upload = await AskAsync();
        await archive.SendAsync(upload.Asked, [1]);
        (await archive.CountAsync($"uploads WHERE id = '{upload.Asked.Id}' AND state = 'open'")).ShouldBe(1, "nobody has told of it");
        foreach (var _ in (int[])[1, 2])
            (await TellAsync(Notification(form, upload.StoreKey))).Status.ShouldBe(204);
        (await archive.FollowAsync(upload.Asked.Id)).State.ShouldBe("published");
        (await TellAsync(Notification(form, upload.StoreKey))).Status.ShouldBe(204);
    }

    /// <summary>Why the SDK's own parser is not used (decision 0014). Where this fails, it may be.</summary>
    [Fact]
    public void The_parser_of_the_SDK_refuses_what_Ceph_sends()
    {
        var notification = Notification("ceph without a time", "key");
        Should.Throw<AmazonClientException>(() => S3EventNotification.ParseJson(notification)).Message.ShouldContain(CephWithoutTime);
        S3EventNotification.ParseJson(Notification("ceph", "key")).Records.ShouldHaveSingleItem().S3.Object.Key.ShouldBe("key");
    }

    [Fact]
    public async Task What_is_told_too_soon_does_no_harm()
    {
        var upload = await AskAsync();
        (await TellAsync(Notification("ceph", upload.StoreKey))).Status.ShouldBe(204);
        await UploadSteps.UntilAsync(
            "it is open again",
            async () => await archive.CountAsync($"uploads WHERE id = '{upload.Asked.Id}' AND state = 'open'") == 1
        );
        await archive.SendAsync(upload.Asked, [1]);
        (await TellAsync(Notification("ceph", upload.StoreKey))).Status.ShouldBe(204);
        (await archive.FollowAsync(upload.Asked.Id)).State.ShouldBe("published");
    }

    [Fact]
    public async Task Who_asks_is_a_reason_to_look_as_well()
    {
        var upload = await AskAsync();
        await archive.SendAsync(upload.Asked, [1]);
        (await archive.FollowAsync(upload.Asked.Id)).State.ShouldBe("published");
    }

    [Fact]
    public async Task What_is_none_of_ours_is_taken_and_changes_nothing()
    {
        var upload = await AskAsync();
        await archive.SendAsync(upload.Asked, [1]);
        foreach (var json in (string[])
        [
            Notification("ceph", upload.StoreKey, bucket: "another"),
            Notification("ceph", "elsewhere/" + upload.StoreKey),
            Notification("ceph", upload.StoreKey, kind: "s3:ObjectRemoved:Delete"),
            Notification("ceph", upload.StoreKey[..upload.StoreKey.IndexOf(".staging", StringComparison.Ordinal)] + upload.Key),
            Notification("ceph", upload.StoreKey.Replace(upload.Asked.Id, "nobodys-id", StringComparison.Ordinal)),
            """{"Records":[]}""",
            """{"Records":[1,null,{"eventName":3},{"eventName":"ObjectCreated:Put","s3":{"bucket":{"name":5},"object":{}}}]}""",
            """{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}""",
            """{"Type":"SubscriptionConfirmation","Message":"You have chosen to subscribe","SubscribeURL":"https://sns.example.org/"}""",
        ])
            (await TellAsync(json)).Status.ShouldBe(204, json);
        (await archive.CountAsync($"uploads WHERE id = '{upload.Asked.Id}' AND state = 'open'")).ShouldBe(1);
    }

    [Theory]
    [InlineData("")]
    [InlineData("junk")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"Records":{}}""")]
    [InlineData("""{"Type":"Notification","Message":"junk"}""")]
    [InlineData("""{"Type":"Notification","Message":"{\"Type\":\"Notification\",\"Message\":\"{}\"}"}""")]
    [InlineData("""{"Event":"\ud800"}""")]
    public async Task Junk_is_refused_with_a_sentence(string body)
    {
        var answer = await TellAsync(body);
        answer.Status.ShouldBe(400);
        answer.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:bad-notification");
    }

    [Fact]
    public async Task Only_who_has_the_secret_is_listened_to()
    {
        var upload = await AskAsync();
        await archive.SendAsync(upload.Asked, [1]);
        var told = Notification("ceph", upload.StoreKey);
        foreach (
            var (path, authorization) in ((string, string)[])
                [
                    ("/hooks/s3", ""),
                    ("/hooks/s3", "Bearer wrong"),
                    ("/hooks/s3", Secret),
                    ("/hooks/s3?secret=", ""),
                    ("/hooks/s3?secret=wrong", ""),
                    ("/hooks/s3?secret=" + Uri.EscapeDataString(Secret), "Bearer wrong"),
                ]
        )
            (await archive.PostAsync(path, told, ("Authorization", authorization))).Status.ShouldBe(403, $"{path} {authorization}");
        (await archive.CountAsync($"uploads WHERE id = '{upload.Asked.Id}' AND state = 'open'")).ShouldBe(1);

        (await archive.PostAsync("/hooks/s3?secret=" + Uri.EscapeDataString(Secret), told)).Status.ShouldBe(204);
        (await archive.FollowAsync(upload.Asked.Id)).State.ShouldBe("published");
    }

    [Fact]
    public async Task Too_long_a_notification_is_refused() => (await TellAsync(new string(' ', 300_000))).Status.ShouldBe(413);

    [Fact]
    public async Task An_archive_without_a_secret_takes_none()
    {
        await using var none = await RunningArchive.StartAsync();
        (await none.PostAsync("/hooks/s3?secret=", "{}")).Status.ShouldBe(404);
    }

    [Fact]
    public async Task A_queue_brings_them_and_a_message_goes_only_when_the_ledger_has_it()
    {
        await using var queue = await SqsServer.StartAsync();
        await using var listening = await RunningArchive.StartAsync(options =>
            CephServer.UseDirect(options) with
            {
                UploadPoll = 60_000,
                SqsQueue = queue.Url,
            }
        );
        var ledger = listening.Services.GetRequiredService<UploadLedger>();
        var upload = await AskAsync(listening);
        await listening.SendAsync(upload.Asked, [1]);
        string? stateAtRemoval = null;
        queue.Removing = async () => stateAtRemoval ??= (await ledger.FindAsync(upload.Asked.Id, CancellationToken.None))?.State;
        queue.Add("junk");
        queue.Add(Notification("aws", upload.StoreKey, bucket: upload.Bucket));
        queue.Add(Notification("aws", upload.StoreKey, bucket: upload.Bucket));

        await UploadSteps.UntilAsync(
            "it is published",
            async () => await listening.CountAsync($"uploads WHERE id = '{upload.Asked.Id}' AND state = 'published'") == 1
        );
        await UploadSteps.UntilAsync("the queue is empty", () => Task.FromResult(queue.Count == 0));
        stateAtRemoval.ShouldBeOneOf("arrived", "published");
        queue.Authorizations.ShouldAllBe(each => each.StartsWith("AWS4-HMAC-SHA256 ", StringComparison.Ordinal));
    }

    private Task<Answer> TellAsync(string json) => archive.PostAsync("/hooks/s3", json, ("Authorization", "Bearer " + Secret));

    private Task<(AskedUpload Asked, string Key, string StoreKey, string Bucket)> AskAsync() => AskAsync(archive);

    private static async Task<(AskedUpload Asked, string Key, string StoreKey, string Bucket)> AskAsync(RunningArchive archive)
    {
        var name = ArchiveFixture.NewName();
        var asked = await archive.AskAsync(name);
        var location = S3Location.Of(archive.Services.GetRequiredService<ServerOptions>()).ShouldNotBeNull();
        return (asked, RunningArchive.KeyOf(name), $"{location.Prefix}.staging/{asked.Id}/{RunningArchive.KeyOf(name)}", location.Bucket);
    }

    private string Notification(string form, string key, string? bucket = null, string? kind = null)
    {
        bucket ??= S3Location.Of(archive.Services.GetRequiredService<ServerOptions>())!.Bucket;
        var name = kind ?? (form == "aws" ? "ObjectCreated:Put" : "s3:ObjectCreated:Put");
        var told = form.StartsWith("ceph", StringComparison.Ordinal) ? key : Uri.EscapeDataString(key);
        var time = form == "ceph without a time" ? CephWithoutTime : "2026-01-02T03:04:05Z";
        var record = $$"""
            {
              "eventVersion": "2.1", "eventSource": "aws:s3", "eventTime": "{{time}}", "eventName": "{{name}}",
              "s3": { "s3SchemaVersion": "1.0", "bucket": { "name": "{{bucket}}", "arn": "arn:aws:s3:::{{bucket}}" }, "object": { "key": "{{told}}", "size": 1, "eTag": "x" } }
            }
            """;
        var records = $$"""{"Records":[{{record}}]}""";
        return form switch
        {
            "minio" => $$"""{"EventName":"{{name}}","Key":"{{bucket}}/{{key}}","Records":[{{record}}]}""",
            "sns" => $$"""{"Type":"Notification","MessageId":"1","TopicArn":"arn","Message":{{JsonSerializer.Serialize(records)}}}""",
            _ => records,
        };
    }

    /// <summary>An archive that must be told.</summary>
    public sealed class Told : IAsyncLifetime
    {
        public RunningArchive Archive { get; private set; } = null!;

        public async ValueTask InitializeAsync() =>
            Archive = await RunningArchive.StartAsync(options =>
                CephServer.UseDirect(options) with
                {
                    UploadPoll = 60_000,
                    HookSecret = Secret,
                }
            );

        public async ValueTask DisposeAsync() => await Archive.DisposeAsync();
    }
}
