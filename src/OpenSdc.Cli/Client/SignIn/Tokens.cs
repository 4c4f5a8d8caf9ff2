using System.Text.Json;
using System.Text.Json.Serialization;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client.SignIn;

/// <summary>What a sign-in left for one archive: its tokens, and whom to ask for new ones.</summary>
/// <param name="AccessToken">Sent to the archive.</param>
/// <param name="Expires">When it ends, UTC; null where the issuer did not say.</param>
/// <param name="RefreshToken">Sent to the issuer for a new one; null where the issuer gave none.</param>
/// <param name="TokenEndpoint">The issuer's address for that.</param>
/// <param name="RevocationEndpoint">The issuer's address for giving it back; null where it has none.</param>
/// <param name="ClientId">The public client.</param>
/// <param name="Resource">For whom tokens are asked for (RFC 8707); null where the issuer does not want to know.</param>
internal sealed record StoredTokens(
    string AccessToken,
    DateTimeOffset? Expires,
    string? RefreshToken,
    Uri TokenEndpoint,
    Uri? RevocationEndpoint,
    string ClientId,
    string? Resource
);

/// <summary>
/// The tokens of this user, by the address of the archive: <c>$XDG_CONFIG_HOME/opensdc/tokens.json</c>, which
/// only the user may read. It is replaced in one moment, and only by one process at a time, because a refresh
/// token may count once.
/// </summary>
internal sealed class TokenFile
{
    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);
    private readonly string path = Path.Combine(ArchiveOptions.ConfigurationFolder, "tokens.json");

    /// <summary>The tokens for an archive, or null.</summary>
    /// <exception cref="SettingException">The file cannot be used.</exception>
    public StoredTokens? Find(Uri archive) => Read().GetValueOrDefault(KeyOf(archive));

    /// <summary>Changes the tokens of an archive while no other process does.</summary>
    /// <param name="archive">Address of the archive.</param>
    /// <param name="change">Gets what is there now, and gives what shall be there; null removes it.</param>
    /// <param name="cancel">Ends the wait for other processes.</param>
    public async Task<StoredTokens?> ChangeAsync(Uri archive, Func<StoredTokens?, Task<StoredTokens?>> change, CancellationToken cancel)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(folder);
        else
            Directory.CreateDirectory(folder, OwnFile | UnixFileMode.UserExecute);
        await using var alone = await LockAsync(cancel);
        var all = Read();
        var before = all.GetValueOrDefault(KeyOf(archive));
        var after = await change(before);
        if (after == before)
            return after;
        if (after is null)
            all.Remove(KeyOf(archive));
        else
            all[KeyOf(archive)] = after;
        var fresh = path + ".new";
        // One that a stop has left may have another mode.
        File.Delete(fresh);
        await using (var file = Own(fresh, FileMode.CreateNew))
            await JsonSerializer.SerializeAsync(file, all, TokenJson.Default.DictionaryStringStoredTokens, cancel);
        if (File.Exists(path))
            File.Replace(fresh, path, destinationBackupFileName: null);
        else
            File.Move(fresh, path);
        return after;
    }

    private static string KeyOf(Uri archive) => archive.AbsoluteUri.TrimEnd('/');

    private static FileStream Own(string path, FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = OwnFile;
        return new FileStream(path, options);
    }

    private async Task<FileStream> LockAsync(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return Own(path + ".lock", FileMode.OpenOrCreate);
            }
            catch (IOException) when (File.Exists(path + ".lock"))
            {
                await Task.Delay(Pause, cancel);
            }
        }
    }

    private Dictionary<string, StoredTokens> Read()
    {
        if (!File.Exists(path))
            return new(StringComparer.Ordinal);
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & ~OwnFile) != UnixFileMode.None)
                throw new SettingException(
                    $"Others may read the tokens in {path}; allowed: mode 0600. Sign in again after sdc logout, since they may be known."
                );
            return new(
                JsonSerializer.Deserialize(File.ReadAllText(path), TokenJson.Default.DictionaryStringStoredTokens) ?? [],
                StringComparer.Ordinal
            );
        }
        catch (Exception fault) when (fault is JsonException or IOException or UnauthorizedAccessException)
        {
            // Not its message, which may show a part of the text.
            throw new SettingException($"The file {path} cannot be read; remove it and sign in again.", fault);
        }
    }
}

/// <summary>JSON of the tokens, made at compile time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(Dictionary<string, StoredTokens>))]
internal sealed partial class TokenJson : JsonSerializerContext;
