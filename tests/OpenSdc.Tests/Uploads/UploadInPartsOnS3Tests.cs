using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Uploads;

/// <summary>The store takes the parts.</summary>
public class UploadInPartsOnS3Tests : UploadInPartsTests
{
    [Fact]
    public async Task Parts_in_the_store_that_no_upload_knows_are_let_go_of()
    {
        var direct = Archive.Services.GetRequiredService<Server.Objects.S3Staging>();
        await direct.BeginPartsAsync("nobodys", RunningArchive.KeyOf(ArchiveFixture.NewName()), CancellationToken.None);
        (await direct.BegunPartsAsync(CancellationToken.None).CountAsync()).ShouldBe(1);
        await using var later = await RunningArchive.StartAsync(
            options => Archive.Services.GetRequiredService<ServerOptions>() with { Urls = options.Urls, Data = options.Data },
            Upkeep.FsckArchive.Ahead(1)
        );
        await UploadSteps.UntilAsync("it is let go of", async () => await direct.BegunPartsAsync(CancellationToken.None).CountAsync() == 0);
    }

    /// <summary>As a rule of the bucket does it that ends uploads in parts after some days.</summary>
    [Fact]
    public async Task An_upload_whose_parts_the_store_has_let_go_of_is_told_to_begin_anew()
    {
        var name = ArchiveFixture.NewName();
        var upload = await BeginAsync(name, Size);
        foreach (var part in (await PartsAsync(upload.Id)).Urls)
            await SendAsync(part, Bytes);
        var direct = Archive.Services.GetRequiredService<Server.Objects.S3Staging>();
        var begun = await direct.BegunPartsAsync(CancellationToken.None).SingleAsync();
        await direct.AbortPartsAsync(upload.Id, RunningArchive.KeyOf(name), begun.StoreId, CancellationToken.None);
        foreach (var answer in new[] { await CompleteAsync(upload.Id), await Archive.SendAsync($"GET /uploads/{upload.Id}/parts") })
        {
            answer.Status.ShouldBe(409, answer.Text);
            answer.Json.GetProperty("type").GetString().ShouldBe("urn:opensdc:problem:upload-ended");
            answer.Json.GetProperty("detail").GetString()!.ShouldEndWith("Begin a new upload.");
        }

        (await Archive.SendAsync($"DELETE /uploads/{upload.Id}")).Status.ShouldBe(204);
        (await BeginAsync(name, Size)).State.ShouldBe("open");
    }

    private protected override ServerOptions Configure(ServerOptions options) => CephServer.UseDirect(options);

    private protected override async Task ShouldSoonStageNothingAsync()
    {
        var direct = Archive.Services.GetRequiredService<Server.Objects.S3Staging>();
        await UploadSteps.UntilAsync("nothing is left in staging", async () =>
            (await Archive.StagedAsync()).Count == 0 && await direct.BegunPartsAsync(CancellationToken.None).CountAsync() == 0);
    }
}

/// <summary>The parts pass through the server into the store's own multipart upload.</summary>
public class UploadInPartsThroughServerOnS3Tests : UploadInPartsOnS3Tests
{
    private protected override ServerOptions Configure(ServerOptions options) => CephServer.Use(options);
}

/// <summary>The store takes the parts, and PostgreSQL keeps the uploads.</summary>
public sealed class UploadInPartsOnS3AndPostgresTests : UploadInPartsOnS3Tests
{
    private protected override ServerOptions Configure(ServerOptions options) =>
        base.Configure(options) with
        {
            Catalogue = PostgresServer.NewDatabase(),
        };
}
