using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;

namespace OpenSdc.Server;

/// <summary>
/// The certificate of the https addresses: two PEM files, which are read again every ten seconds. A changed
/// pair serves from the next handshake on; connections that are open keep theirs and are not dropped. A
/// changed pair that cannot be used is a warning, and the one before it stays.
/// </summary>
/// <remarks>
/// The contents are compared, not the times: what renews certificates as a rule replaces links or whole
/// folders, of which a watch on a file tells nothing. The two files are not replaced in one step, so that a
/// pair that does not match is looked at again at the next turn.
/// </remarks>
internal sealed partial class TlsCertificate : BackgroundService
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(10);

    private readonly string certificateFile;
    private readonly string keyFile;
    private readonly TimeProvider clock;
    private readonly ILogger<TlsCertificate> logger;
    private byte[] seen;
    private volatile SslStreamCertificateContext current;

    /// <exception cref="SettingException">The files hold no certificate with its key.</exception>
    public TlsCertificate(ServerOptions options, TimeProvider clock, ILogger<TlsCertificate> logger)
    {
        (certificateFile, keyFile, this.clock, this.logger) = (options.TlsCert!, options.TlsKey!, clock, logger);
        try
        {
            var (certificate, key) = Read();
            (seen, current) = (Digest(certificate, key), Load(certificate, key));
        }
        catch (UnusableException fault)
        {
            throw new SettingException(fault.Message, fault);
        }

        Tell(current.TargetCertificate);
    }

    /// <summary>Has an address answer by TLS, with the certificate that is current at each handshake.</summary>
    public static void Use(ListenOptions listen, ServerOptions options)
    {
        // The service's own limits on bodies and answers are those of HTTP/1.1.
        listen.Protocols = HttpProtocols.Http1;
        var certificate = listen.ApplicationServices.GetRequiredService<TlsCertificate>();
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = TimeSpan.FromSeconds(options.ClientTimeout),
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions { ServerCertificateContext = certificate.current }),
        });
    }

    /// <summary>Looks whether the files have changed.</summary>
    internal void Refresh()
    {
        try
        {
            var (certificate, key) = Read();
            var digest = Digest(certificate, key);
            if (digest.AsSpan().SequenceEqual(seen))
                return;
            // Also where they cannot be used: once is enough to say so.
            seen = digest;
            current = Load(certificate, key);
            Tell(current.TargetCertificate);
        }
        catch (UnusableException fault)
        {
            LogKept(logger, fault.Message);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookAgain, clock);
        while (await timer.WaitForNextTickAsync(stoppingToken))
            Refresh();
    }

    private (string Certificate, string Key) Read()
    {
        return (Of("tls-cert", certificateFile), Of("tls-key", keyFile));

        static string Of(string setting, string path)
        {
            try
            {
                return File.ReadAllText(path);
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                throw new UnusableException($"The file {path} of {setting} cannot be read: {refused.Message}", refused);
            }
        }
    }

    /// <summary>The first certificate is the server's; those after it are sent with it.</summary>
    private SslStreamCertificateContext Load(string certificate, string key)
    {
        var chain = new X509Certificate2Collection();
        try
        {
            chain.ImportFromPem(certificate);
        }
        catch (CryptographicException none)
        {
            throw new UnusableException(
                $"The file {certificateFile} of tls-cert holds a certificate that cannot be read: {none.Message}",
                none
            );
        }

        if (chain.Count == 0)
            throw new UnusableException(
                $"The file {certificateFile} of tls-cert holds no certificate; allowed: certificates in PEM (-----BEGIN CERTIFICATE-----), the server's first."
            );
        try
        {
            return SslStreamCertificateContext.Create(X509Certificate2.CreateFromPem(certificate, key), chain, offline: true);
        }
        catch (Exception wrong) when (wrong is CryptographicException or ArgumentException)
        {
            // The framework's sentence is left out: it may say what a damaged key looks like.
            throw new UnusableException(
                $"The file {keyFile} of tls-key does not hold the key of the first certificate in {certificateFile}; allowed: its private key in PEM, without a passphrase.",
                wrong
            );
        }
    }

    private static byte[] Digest(string certificate, string key) =>
        SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{certificate}\0{key}"));

    private void Tell(X509Certificate2 certificate)
    {
        var ends = certificate.NotAfter.ToUniversalTime();
        if (ends <= clock.GetUtcNow().UtcDateTime)
            LogExpired(logger, certificate.Subject, Text(ends));
        else
            LogUsed(logger, certificate.Subject, Text(ends));

        static string Text(DateTime time) => time.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "The certificate of {Subject} is used for TLS; it ends at {Ends}")]
    private static partial void LogUsed(ILogger logger, string subject, string ends);

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "The certificate of {Subject} is used for TLS, but it ended at {Ends}: clients refuse it"
    )]
    private static partial void LogExpired(ILogger logger, string subject, string ends);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The changed certificate is not used, and the one before it stays. {Fault}")]
    private static partial void LogKept(ILogger logger, string fault);

    private sealed class UnusableException(string message, Exception? inner = null) : Exception(message, inner);
}
