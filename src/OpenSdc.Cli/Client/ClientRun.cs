using System.CommandLine;
using System.Security.Authentication;
using OpenSdc.Client;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary>
/// Runs a command that talks to an archive: data go to standard output, every failure is one sentence on standard
/// error and an exit code.
/// </summary>
internal static class ClientRun
{
    public static Task<int> RunAsync(ParseResult parsed, ArchiveOptions archive, Func<SdcClient, Task<int>> work,
        CancellationToken cancel) => RunAsync(async () =>
    {
        using var client = archive.Client(parsed);
        return await work(client);
    }, cancel);

    public static async Task<int> RunAsync(Func<Task<int>> work, CancellationToken cancel)
    {
        try
        {
            return await work();
        }
        catch (SettingException fault)
        {
            return await FailAsync(ExitCode.BadSetting, fault.Message);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return await FailAsync(ExitCode.Interrupted, "Stopped before the end; the same command goes on.");
        }
        catch (SdcException failure)
        {
            return await FailAsync(CodeOf(failure), failure.Message + NextOf(failure));
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return await FailAsync(ExitCode.Failed, failure.Message);
        }
    }

    public static int CodeOf(SdcException failure) => failure.Error switch
    {
        SdcError.Unreachable => ExitCode.ArchiveAway,
        SdcError.NotFound => ExitCode.NoSuchFile,
        SdcError.Refused or SdcError.Conflict or SdcError.BadAnswer => ExitCode.Refused,
        SdcError.Corrupt => ExitCode.FilesDiffer,
        _ => ExitCode.Failed,
    };

    /// <summary>Says of a name that the archive has no such file; of one that was withdrawn, why.</summary>
    public static async Task TellAbsentAsync(SdcClient client, string name, CancellationToken cancel)
    {
        string? withdrawn = null;
        try
        {
            withdrawn = name.AsSpan().IndexOfAny('*', '?') >= 0 ? null : await client.FindWithdrawalAsync(name, cancel);
        }
        catch (SdcException)
        {
            // That there is no such file was answered before.
        }

        await FailAsync(ExitCode.NoSuchFile, withdrawn ?? $"The archive has no file {name}.");
    }

    /// <summary>Writes a sentence to standard error; parts of it may be a server's.</summary>
    public static async Task<int> FailAsync(int code, string sentence)
    {
        await Console.Error.WriteLineAsync(ShownText.Plain(sentence));
        return code;
    }

    /// <summary>What went wrong with a connection; of TLS what is wrong with it, which the first exception does not say.</summary>
    public static string SentenceOf(Exception failure) =>
        failure.InnerException is AuthenticationException ? failure.GetBaseException().Message : failure.Message;

    /// <summary>What a person does next.</summary>
    private static string NextOf(SdcException failure) =>
        failure.Error switch
        {
            SdcError.Unreachable when failure.InnerException is { InnerException: AuthenticationException } =>
                " SSL_CERT_FILE can name a file with the certificates of issuers that you trust.",
            SdcError.Unreachable when failure.Status is null && failure.Code is null =>
                $" Look at --url or {ArchiveOptions.AddressVariable}.",
            SdcError.Unreachable => " Try again later.",
            SdcError.Refused when failure.Status is 401 or 403 =>
                $" Run sdc login, or look at {ArchiveOptions.KeyVariable} (or {ArchiveOptions.InstalledClientsKeyVariable}) or {ArchiveOptions.TokenVariable}.",
            _ => "",
        };
}
