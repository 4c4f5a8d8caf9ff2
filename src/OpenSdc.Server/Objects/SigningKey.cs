using System.Security.Cryptography;

namespace OpenSdc.Server.Objects;

/// <summary>
/// The key that signs URLs: made at the first start, and kept where the records are, so that every process of
/// the archive has the same. Beside SQLite it is the file <c>signing.key</c> in the data folder, readable
/// only by its owner (0600); in PostgreSQL it is a row of the table <c>shared</c>.
/// </summary>
/// <remarks><see cref="RotateAsync"/> revokes every URL that is out.</remarks>
internal sealed partial class SigningKey(
    Func<CancellationToken, ValueTask<byte[]>> read,
    Func<byte[], CancellationToken, ValueTask> replace
)
{
    private const int Size = 32;

    /// <summary>Its name in the table <c>shared</c>.</summary>
    public const string SharedName = "signing-key";

    private const string ReadSql = "SELECT value FROM shared WHERE name = @p0";
    private const string MakeSql = "INSERT INTO shared (name, value) VALUES (@p0, @p1) ON CONFLICT DO NOTHING";

    private const string ReplaceSql = "UPDATE shared SET value = @p1 WHERE name = @p0";

    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    private volatile byte[]? bytes;

    public byte[] Bytes => bytes ?? throw new InvalidOperationException("the signing key is read before it is used");

    /// <summary>The key of a data folder. A warning tells where others than its owner can read it: they can sign URLs.</summary>
    public static SigningKey InFolder(string dataFolder, ILogger<SigningKey> logger) => new(_ =>
    {
        var path = Path.Combine(dataFolder, "signing.key");
        var key = ReadFile(path);
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != UnixFileMode.None)
            LogExposed(logger, path, Convert.ToString((int)File.GetUnixFileMode(path), 8));
        return new(key);
    }, (key, _) =>
    {
        MakeFile(Path.Combine(dataFolder, "signing.key"), key);
        return ValueTask.CompletedTask;
    });

    /// <summary>The key that all processes on one database share.</summary>
    public static SigningKey Shared(Catalogue.Catalogue catalogue) =>
        new(
            cancel => ReadSharedAsync(catalogue, cancel),
            async (key, cancel) =>
                await catalogue.WriteAsync(
                    (session, transaction) =>
                        session
                            .Statement(ReplaceSql, [SharedName, Convert.ToHexStringLower(key)], transaction)
                            .ExecuteNonQueryAsync(cancel),
                    cancel
                )
        );

    /// <summary>The key that a data folder has; null where it has none.</summary>
    public static byte[]? OfFolder(string dataFolder) =>
        Path.Combine(dataFolder, "signing.key") is var path && File.Exists(path) ? ReadFile(path) : null;

    /// <summary>
    /// Reads the key, or makes it: after the catalogue is open and before a URL is signed, and again where
    /// another process may have replaced it.
    /// </summary>
    /// <exception cref="SettingException">It cannot be made or is none.</exception>
    public async Task OpenAsync(CancellationToken cancel)
    {
        var now = await read(cancel);
        // The same key stays the same array, by which users of it see that it has not changed.
        if (bytes is not { } before || !CryptographicOperations.FixedTimeEquals(before, now))
            bytes = now;
    }

    /// <summary>Replaces the key by a new one: no URL that is out is accepted any more.</summary>
    public async Task RotateAsync(CancellationToken cancel)
    {
        await replace(RandomNumberGenerator.GetBytes(Size), cancel);
        await OpenAsync(cancel);
    }

    private static async ValueTask<byte[]> ReadSharedAsync(Catalogue.Catalogue catalogue, CancellationToken cancel)
    {
        var text = await FindAsync();
        if (text is null)
        {
            // Of two that start at once the first one's stands.
            var made = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(Size));
            await catalogue.WriteAsync(
                (session, transaction) => session.Statement(MakeSql, [SharedName, made], transaction).ExecuteNonQueryAsync(cancel),
                cancel
            );
            text = await FindAsync();
        }

        return text?.Length == Size * 2 && text.All(char.IsAsciiHexDigit)
            ? Convert.FromHexString(text)
            : throw new SettingException(
                $"The signing key in the table shared must be {Size * 2} hexadecimal digits; remove the row '{SharedName}' to have a new one made."
            );

        ValueTask<string?> FindAsync() =>
            catalogue.ReadAsync(
                async session => (string?)await session.Statement(ReadSql, [SharedName]).ExecuteScalarAsync(cancel),
                cancel
            );
    }

    private static byte[] ReadFile(string path)
    {
        if (!File.Exists(path))
        {
            try
            {
                MakeFile(path, RandomNumberGenerator.GetBytes(Size));
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                throw new SettingException($"The signing key {path} cannot be made: {failure.Message}", failure);
            }
        }

        using var stream = File.OpenRead(path);
        var key = new byte[Size];
        if (stream.Length != Size)
            throw new SettingException(
                $"The signing key {path} must hold {Size} bytes but holds {stream.Length}; remove it to have a new one made."
            );
        stream.ReadExactly(key);
        return key;
    }

    private static void MakeFile(string path, byte[] key)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        // Written beside and renamed, so that a crash never leaves half a key under the name.
        var fresh = path + ".new";
        File.Delete(fresh);
        using (var file = new FileStream(fresh, options))
        {
            file.Write(key);
            file.Flush();
            Posix.Flush(file.SafeFileHandle, fresh);
        }

#pragma warning disable RS0030 // The key is no object, and replacing it is what a rotation means.
        File.Move(fresh, path, overwrite: true);
#pragma warning restore RS0030
        Posix.FlushFolder(Path.GetDirectoryName(path)!);
    }

    // No refusal: an archive that ran yesterday starts today as well.
    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The signing key {Path} has the mode {Mode}: others than its owner can sign URLs with it, so chmod 600 it; to revoke what may have been signed, remove it and restart"
    )]
    private static partial void LogExposed(ILogger logger, string path, string mode);
}
