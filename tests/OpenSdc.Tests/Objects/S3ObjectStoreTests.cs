using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>An S3 store, a real one, is held to the store's contract.</summary>
public sealed class S3ObjectStoreTests : ObjectStoreContract
{
    private protected override async Task<StoreUnderTest> MakeAsync() => new S3UnderTest(await CephServer.OpenBucketAsync());

    [Fact]
    public async Task A_listing_tells_keys_that_no_XML_can_hold()
    {
        await using var made = (S3UnderTest)await MakeAsync();
        string[] keys = ["\u0001 control", "a+b%2B/c d", "imap/\u0002/x", "tab\t/\u0003"];
        foreach (var key in keys)
            await made.PutAsync(key, [1]);
        (await made.Store.ListAsync(CancellationToken.None).Select(each => each.Key).ToListAsync()).ShouldBe(
            keys.Order(StringComparer.Ordinal)
        );
        foreach (var key in keys)
            (await made.Store.QuarantineAsync(key, key, CancellationToken.None)).ShouldBe(Moved.Done);
        (await made.Store.ListAsync(CancellationToken.None).CountAsync()).ShouldBe(0);
    }

    private sealed class S3UnderTest(S3Bucket bucket) : StoreUnderTest
    {
        private readonly S3ObjectStore store = new(bucket);

        public override IObjectStore Store => store;

        public override Task PutAsync(string key, byte[] bytes) => bucket.PutAsync(bucket.ObjectKey(key), bytes);

        public override Task SpoilAsync(StagedObject staged) => bucket.DeleteAsync(((S3Staged)staged).StagingKey, CancellationToken.None);

        public override async Task ShouldHoldNoPartsAsync() =>
            (
                (
                    await bucket.Client.ListMultipartUploadsAsync(
                        new Amazon.S3.Model.ListMultipartUploadsRequest { BucketName = bucket.Name }
                    )
                ).MultipartUploads
                ?? []
            ).ShouldBeEmpty();

        public override ValueTask DisposeAsync()
        {
            store.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
