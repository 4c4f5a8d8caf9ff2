using OpenSdc.Cli;
using OpenSdc.Server;
using OpenSdc.Server.Access;
using Xunit;

namespace OpenSdc.Tests.Access;

/// <summary>An archive with access control: its first key was made in its data folder, before it was served.</summary>
public class ClosedArchive : IAsyncLifetime
{
    private string folder = null!;

    public RunningArchive Archive { get; private set; } = null!;

    /// <summary>The header of a key with the scope admin.</summary>
    public (string, string) Admin { get; private set; }

    protected virtual ServerOptions Configure(ServerOptions options) => options;

    public virtual async ValueTask InitializeAsync()
    {
        folder = Directory.CreateTempSubdirectory("opensdc-").FullName;
        var options = Configure(new ServerOptions { Data = folder });
        using (var keys = await KeysInFolder.OpenAsync(options, CancellationToken.None))
            Admin = Header((await keys.AddAsync(new KeyRequest { Owner = "the first", Scopes = ["admin"] }, CancellationToken.None)).Key!);
        Archive = await RunningArchive.StartAsync(
            each => Configure(each with { Open = false, Catalogue = options.Catalogue, Objects = options.Objects }),
            folder: folder
        );
    }

    /// <summary>Makes a key and gives its id and its header.</summary>
    public async Task<(string Id, (string, string) Header)> AddAsync(string json)
    {
        var answer = await Archive.SendAsync("POST /keys", content: new StringContent(json), headers: Admin);
        Xunit.Assert.Equal((201, answer.Text), (answer.Status, answer.Text));
        return (answer.Json.GetProperty("id").GetString()!, Header(answer.Json.GetProperty("key").GetString()!));
    }

    public async Task<(string, string)> KeyAsync(params string[] scopes) =>
        (await AddAsync($$"""{"owner":"a test","scopes":["{{string.Join("\",\"", scopes)}}"]}""")).Header;

    public static (string, string) Header(string key) => ("x-api-key", key);

    public async ValueTask DisposeAsync()
    {
        await Archive.DisposeAsync();
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }
}
