using System.CommandLine;
using OpenSdc.Client;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client.SignIn;

/// <summary>
/// <c>sdc login</c> and <c>sdc logout</c>: a person signs in at the issuer that the archive names, in a
/// browser that may be on another machine.
/// </summary>
internal static class LoginCommand
{
    public static Command Make()
    {
        var command = new Command("login", """
            Sign in to an archive: shows an address and a code, and waits until they are confirmed in a browser, on this machine or another. The other commands then send the token that the issuer gives, and ask for a new one before it ends.
            The tokens lie in $XDG_CONFIG_HOME/opensdc/tokens.json, which only you may read. A key or token of the environment goes before them.

            Example:
              sdc login --url https://sdc.example.org
            """
        );
        var scope = new Option<string[]>("--scope")
        {
            Description = "A further scope to ask the issuer for, where the archive's roles are scopes; may be repeated.",
            HelpName = "SCOPE",
        };
        command.Add(scope);
        var archive = ArchiveOptions.AddTo(command, withFolder: false, withRetries: false);
        command.SetAction((parsed, cancel) => ClientRun.RunAsync(async () =>
        {
            var address = archive.Address(parsed);
            using var http = Issuer.Http();
            var tokens = await new Issuer(http, TimeProvider.System).SignInAsync(address, parsed.GetValue(scope) ?? [], ShowAsync, cancel);
            await new TokenFile().ChangeAsync(address, _ => Task.FromResult<StoredTokens?>(tokens), cancel);
            await ShowAsync($"Signed in to {address.Authority}.");
            return ExitCode.Done;
        }, cancel));
        return command;
    }

    public static Command MakeLogout()
    {
        var command = new Command("logout", "Give back the token of an archive to its issuer, and forget it.");
        var archive = ArchiveOptions.AddTo(command, withFolder: false, withRetries: false);
        command.SetAction((parsed, cancel) => ClientRun.RunAsync(async () =>
        {
            var address = archive.Address(parsed);
            var file = new TokenFile();
            if (file.Find(address) is not { } tokens)
            {
                await ShowAsync($"Nobody is signed in to {address.Authority}.");
                return ExitCode.Done;
            }

            // Forgotten here whatever the issuer says.
            await file.ChangeAsync(address, _ => Task.FromResult<StoredTokens?>(null), cancel);
            using var http = Issuer.Http();
            try
            {
                await new Issuer(http, TimeProvider.System).RevokeAsync(tokens, cancel);
            }
            catch (SdcException failure)
            {
                throw new SdcException(failure.Error, $"The token is forgotten here, but not given back: {failure.Message}", failure);
            }

            await ShowAsync($"Signed out of {address.Authority}.");
            return ExitCode.Done;
        }, cancel));
        return command;
    }

    private static Task ShowAsync(string sentence) => Console.Error.WriteLineAsync(ShownText.Plain(sentence));
}
