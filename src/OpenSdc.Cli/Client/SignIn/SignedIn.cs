using OpenSdc.Client;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client.SignIn;

/// <summary>
/// The access token that <c>sdc login</c> left for an archive; a new one is asked for shortly before it ends,
/// also in the middle of a long command.
/// </summary>
internal sealed class SignedIn(Uri archive, TimeProvider clock)
{
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(60);
    private readonly TokenFile file = new();
    private StoredTokens? current;
    private bool read;

    /// <summary>The token now; null where nobody has signed in.</summary>
    /// <exception cref="SdcException">It has ended, and the issuer gives no other.</exception>
    public async ValueTask<string?> TokenAsync(CancellationToken cancel)
    {
        if (!read)
            (current, read) = (file.Find(archive), true);
        if (current is null || !IsEnding(current))
            return current?.AccessToken;
        // Of several that wait here, and in other processes, one asks the issuer.
        current = await file.ChangeAsync(
            archive,
            now => now is not null && IsEnding(now) ? RefreshedAsync(now, cancel) : Task.FromResult(now),
            cancel
        );
        return current?.AccessToken;
    }

    private bool IsEnding(StoredTokens tokens) => tokens.Expires is { } end && end - clock.GetUtcNow() < Early;

    private async Task<StoredTokens?> RefreshedAsync(StoredTokens tokens, CancellationToken cancel)
    {
        if (tokens.RefreshToken is not null)
        {
            using var http = Issuer.Http();
            if (await new Issuer(http, clock).RefreshAsync(tokens, cancel) is { } fresh)
                return fresh;
        }
        else if (tokens.Expires > clock.GetUtcNow())
        {
            return tokens;
        }

        throw new SdcException(SdcError.Refused, $"The sign-in at {archive.Authority} has ended; run sdc login.");
    }
}
