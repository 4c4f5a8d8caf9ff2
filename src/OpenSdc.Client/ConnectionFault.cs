using System.Security.Authentication;

namespace OpenSdc.Client;

/// <summary>A request that got no answer: what is wrong, and whether another try may end better.</summary>
internal static class ConnectionFault
{
    /// <summary>Whether TLS was refused, such as a certificate that is not trusted; another try would end the same.</summary>
    public static bool IsOfTls(Exception? failure) => failure is HttpRequestException { InnerException: AuthenticationException };

    /// <summary>What is wrong. Of TLS the innermost exception says it.</summary>
    public static string Sentence(Exception failure) => IsOfTls(failure) ? failure.GetBaseException().Message : failure.Message;

    /// <summary>The failure of a transfer that TLS does not allow.</summary>
    public static SdcException OfTls(HttpRequestException failure, string what) =>
        new(SdcError.Unreachable, $"{what}: {Sentence(failure)}", failure);
}
