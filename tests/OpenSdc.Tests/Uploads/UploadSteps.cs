using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Contract;
using OpenSdc.Server.Objects;
using Shouldly;

namespace OpenSdc.Tests.Uploads;

/// <summary>An upload that was asked for: where its bytes go, and what it is followed by.</summary>
public sealed record AskedUpload(string Url, string Id);

/// <summary>The steps of an upload that is recorded, as a client takes them; and a look at what the archive keeps of it.</summary>
internal static class UploadSteps
{
    public static async Task<AskedUpload> AskAsync(this RunningArchive archive, string name)
    {
        var answer = await archive.SendAsync($"GET /upload/{name}");
        answer.Status.ShouldBe(200, answer.Text);
        return new AskedUpload(answer.Json.GetString()!, answer["OpenSDC-Upload-Id"].ShouldNotBeNull());
    }

    /// <summary>Sends bytes as the installed clients do: with an empty content type.</summary>
    public static async Task SendAsync(this RunningArchive archive, AskedUpload upload, byte[] bytes)
    {
        var answer = await archive.PutAsync(upload.Url, bytes, ("Content-Type", ""));
        answer.Status.ShouldBe(200, answer.Text);
    }

    public static async Task<UploadStatus> FollowAsync(this RunningArchive archive, string id, int wait = 60)
    {
        var answer = await archive.SendAsync($"GET /uploads/{id}?wait={wait}");
        answer.Status.ShouldBe(200, answer.Text);
        return JsonSerializer.Deserialize(answer.Bytes, ContractJson.Default.UploadStatus)!;
    }

    public static Task<Answer> PostAsync(
        this RunningArchive archive,
        string path,
        string json,
        params (string Name, string Value)[] headers
    ) =>
        archive.SendAsync(
            $"POST {path}",
            content: new StringContent(json, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
            headers: headers
        );

    /// <summary>Changes the catalogue past the archive, as another process might have done before it died.</summary>
    public static Task ChangeAsync(this RunningArchive archive, string sql) =>
        archive
            .Services.GetRequiredService<Server.Catalogue.Catalogue>()
            .WriteAsync((session, transaction) => session.Statement(sql, [], transaction).ExecuteNonQueryAsync(), CancellationToken.None);

    public static async Task<long> CountAsync(this RunningArchive archive, string of) =>
        await archive
            .Services.GetRequiredService<Server.Catalogue.Catalogue>()
            .ReadAsync(
                async session => Convert.ToInt64(await session.Statement("SELECT COUNT(*) FROM " + of, []).ExecuteScalarAsync()),
                CancellationToken.None
            );

    /// <summary>The uploads that lie in the store's staging.</summary>
    public static async Task<List<string>> StagedAsync(this RunningArchive archive) =>
        await archive
            .Services.GetRequiredService<S3Staging>()
            .ArrivedAsync(CancellationToken.None)
            .Select(each => each.UploadId)
            .ToListAsync();

    /// <summary>Looks again and again, since what is asked for comes about beside the requests.</summary>
    public static async Task UntilAsync(string what, Func<Task<bool>> comesAbout)
    {
        for (var tries = 0; !await comesAbout(); tries++)
        {
            tries.ShouldBeLessThan(600, what);
            await Task.Delay(50);
        }
    }
}
