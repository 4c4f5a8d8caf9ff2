using OpenSdc.Server.Access;

namespace OpenSdc.Cli;

/// <summary>Where the API keys of an archive are administered: at its server, or in its data folder.</summary>
internal abstract class KeyAdministration : IDisposable
{
    public abstract Task<IReadOnlyList<KeyInfo>> ListAsync(CancellationToken cancel);

    /// <summary>Makes a key; the answer holds it.</summary>
    public abstract Task<KeyInfo> AddAsync(KeyRequest asked, CancellationToken cancel);

    public abstract Task RevokeAsync(string id, CancellationToken cancel);

    public abstract Task RotateUrlsAsync(CancellationToken cancel);

    public abstract void Dispose();
}

/// <summary>What was asked is refused, or could not be asked; the message is one sentence.</summary>
internal sealed class KeyException(string message, int code) : Exception(message)
{
    /// <summary>What is said to the shell.</summary>
    public int Code => code;
}
