using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using OpenSdc.Client;
using OpenSdc.Server;
using OpenSdc.Tests.Cli;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>An archive that speaks TLS by itself, with certificates that are replaced while it serves.</summary>
public sealed class TlsCertificateTests : IDisposable
{
    private const string Name = "imap_swe_l1a_tls_20260101_v001.pkts";

    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly string folder = Directory.CreateTempSubdirectory("opensdc-tls-").FullName;

    private string Cert => Path.Combine(folder, "tls.crt");

    private string Key => Path.Combine(folder, "tls.key");

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_files_journey_goes_by_https_and_signed_urls_begin_with_it()
    {
        Write(Make("one"));
        await using var archive = await StartAsync();
        archive.OperatorAddress.ShouldStartWith("https://");
        using var client = Client(archive, _ => { });
        var url = JsonSerializer.Deserialize<string>(await client.GetStringAsync($"/upload/{Name}"))!;
        url.ShouldStartWith(archive.OperatorAddress + "/");
        var bytes = Encoding.UTF8.GetBytes("by TLS");
        using (var put = await client.PutAsync(url, new ByteArrayContent(bytes)))
            put.StatusCode.ShouldBe(HttpStatusCode.Created);
        using (var redirect = await client.GetAsync($"/download/{Name}"))
        {
            redirect.Headers.Location!.AbsoluteUri.ShouldStartWith(archive.OperatorAddress + "/");
            (await client.GetByteArrayAsync(redirect.Headers.Location)).ShouldBe(bytes);
        }

        // A body that is refused before it has come still gets its answer.
        using var refused = await client.PutAsync(
            url.Replace("signature=", "signature=x", StringComparison.Ordinal),
            new ByteArrayContent(new byte[4 << 20])
        );
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task A_command_says_why_a_certificate_is_refused_and_takes_one_that_it_is_told_to_trust()
    {
        using var key = ECDsa.Create();
        var request = Issuer("this machine", key);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(Now.AddDays(-1), Now.AddDays(9));
        Write((certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem()));
        await using var archive = await StartAsync();

        foreach (var command in (string[][])[["query"], ["login"], ["uploads", "list"], ["audit"], ["keys", "list"]])
        {
            var refused = await SdcCommand.RunAsync(folder, archive.OperatorAddress, command);
            refused.Code.ShouldBe(30, refused.Errors);
            refused.Errors.ShouldContain("The remote certificate is invalid");
            refused.Errors.ShouldNotContain("inner exception");
        }

        (await SdcCommand.RunAsync(folder, archive.OperatorAddress, ["query"])).Errors.ShouldContain("SSL_CERT_FILE");
        (await SdcCommand.RunAsync(folder, archive.OperatorAddress, ["query"], null, ("SSL_CERT_FILE", Cert))).Code.ShouldBe(0);
    }

    [Fact]
    public async Task A_client_does_not_try_again_what_tls_refuses()
    {
        Write(Make("one"));
        await using var archive = await StartAsync();
        // The clock stands still: a wait for another try would not end.
        using var client = new SdcClient(
            new SdcClientOptions
            {
                Address = new Uri(archive.OperatorAddress),
                MaxRetries = 3,
                Clock = new FakeTimeProvider(),
            }
        );

        var refused = await Should.ThrowAsync<SdcException>(client.FindAsync(Name).WaitAsync(TimeSpan.FromMinutes(2)));

        refused.Error.ShouldBe(SdcError.Unreachable);
    }

    [Fact]
    public async Task Certificates_that_the_first_was_issued_by_are_sent_with_it()
    {
        using var rootKey = ECDsa.Create();
        using var root = Issuer("root", rootKey).CreateSelfSigned(Now.AddDays(-1), Now.AddDays(9));
        using var key = ECDsa.Create();
        using var made = Issuer("issuer", key).Create(root, Now.AddDays(-1), Now.AddDays(8), [1, 2, 3]);
        using var issuer = made.CopyWithPrivateKey(key);
        using var leafKey = ECDsa.Create();
        using var leaf = Request("leaf", leafKey).Create(issuer, Now.AddDays(-1), Now.AddDays(7), [1, 2, 4]);
        Write((leaf.ExportCertificatePem() + "\n" + made.ExportCertificatePem(), leafKey.ExportPkcs8PrivateKeyPem()));
        await using var archive = await StartAsync();
        var sent = new List<string>();
        using var client = new HttpClient(new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, _, chain, _) =>
                {
                    sent.AddRange(chain!.ChainPolicy.ExtraStore.Select(each => each.Subject));
                    return sent.Count > 0;
                },
            },
        });
        (await client.GetStringAsync(archive.OperatorAddress + "/health/live")).ShouldBe("live\n");
        sent.ShouldContain("CN=issuer");
    }

    [Fact]
    public async Task A_changed_certificate_serves_new_connections_and_drops_no_open_one()
    {
        Write(Make("one"));
        var clock = new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        await using var archive = await StartAsync(clock: clock);
        var subjects = new List<string>();
        using var open = Client(archive, subjects.Add);
        await open.GetStringAsync("/health/live");
        Write(Make("two"));
        for (var tries = 0; await SubjectAsync(archive) != "CN=two"; tries++)
        {
            tries.ShouldBeLessThan(200, "the changed certificate is not taken");
            clock.Advance(TimeSpan.FromSeconds(10));
            await Task.Delay(25, TestContext.Current.CancellationToken);
        }

        // The same connection: no second handshake.
        await open.GetStringAsync("/health/live");
        subjects.ShouldBe(["CN=one"]);
    }

    [Fact]
    public async Task A_changed_certificate_that_cannot_be_used_is_a_warning_and_the_one_before_it_stays()
    {
        Write(Make("one"));
        var log = new LogLines();
        await using var archive = await StartAsync(options => options with { LogLevel = LogLevel.Warning });
        var certificate = new TlsCertificate(new ServerOptions { TlsCert = Cert, TlsKey = Key }, TimeProvider.System, log);
        var served = archive.Services.GetRequiredService<TlsCertificate>();
        // Renewed half-way, cut off, and gone.
        File.WriteAllText(Cert, Make("two").Certificate);
        Refresh();
        Refresh();
        File.WriteAllText(Cert, "-----BEGIN CERTIFICATE-----\nMIIB");
        Refresh();
        File.Delete(Cert);
        Refresh();
        (await SubjectAsync(archive)).ShouldBe("CN=one");
        log.Warnings.Count.ShouldBe(3, string.Join('\n', log.Warnings));
        log.Warnings.ShouldAllBe(line => line.StartsWith("The changed certificate is not used, and the one before it stays. The file "));
        var three = Make("three");
        Write(three);
        Refresh();
        (await SubjectAsync(archive)).ShouldBe("CN=three");
        log.Text.ShouldNotContain(three.Key[40..80]);

        void Refresh()
        {
            certificate.Refresh();
            served.Refresh();
        }
    }

    [Fact]
    public async Task Wrong_files_stop_the_start_with_a_sentence()
    {
        var (one, two) = (Make("one"), Make("two"));
        await RefusedAsync(
            ("nothing", one.Key),
            $"The file {Cert} of tls-cert holds no certificate; allowed: certificates in PEM (-----BEGIN CERTIFICATE-----), the server's first."
        );
        await RefusedAsync(
            (one.Certificate, two.Key),
            $"The file {Key} of tls-key does not hold the key of the first certificate in {Cert}; allowed: its private key in PEM, without a passphrase."
        );
        await RefusedAsync((one.Certificate, ""), $"The file {Key} of tls-key does not hold the key");
        using var key = ECDsa.Create();
        await RefusedAsync(
            (
                one.Certificate,
                key.ExportEncryptedPkcs8PrivateKeyPem(
                    "secret",
                    new PbeParameters(PbeEncryptionAlgorithm.Aes128Cbc, HashAlgorithmName.SHA256, 1000)
                )
            ),
            $"The file {Key} of tls-key does not hold the key"
        );
        await RefusedAsync(
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", one.Key),
            $"The file {Cert} of tls-cert holds a certificate that cannot be read: "
        );

        async Task RefusedAsync((string, string) pair, string sentence)
        {
            Write(pair);
            (await Should.ThrowAsync<SettingException>(() => StartAsync())).Message.ShouldStartWith(sentence);
        }
    }

    [Fact]
    public void Half_a_setting_stops_the_start_with_a_sentence()
    {
        Write(Make("one"));
        Refused([("tls-cert", Cert)]).ShouldBe("The setting tls-cert is given without tls-key (OPENSDC_TLS_KEY); give both, or neither.");
        Refused([("tls-key", Key)]).ShouldBe("The setting tls-key is given without tls-cert (OPENSDC_TLS_CERT); give both, or neither.");
        Refused([("urls", "https://127.0.0.1:1")])
            .ShouldBe(
                "The address https://127.0.0.1:1 needs a certificate: give tls-cert (OPENSDC_TLS_CERT) and tls-key (OPENSDC_TLS_KEY), or an http address."
            );
        Refused([("operator-urls", "https://127.0.0.1:1")]).ShouldStartWith("The address https://127.0.0.1:1 needs a certificate");
        Refused([("tls-cert", Cert), ("tls-key", Key)])
            .ShouldStartWith("The settings tls-cert and tls-key are given, but no address of urls (OPENSDC_URLS) begins with https;");
        Refused([("tls-cert", "/nowhere")])
            .ShouldBe("The setting tls-cert (OPENSDC_TLS_CERT) is '/nowhere'; allowed: the path of a file that exists.");
        Read([("urls", "https://127.0.0.1:1"), ("tls-cert", Cert), ("tls-key", Key)]).TlsKey.ShouldBe(Key);

        static string Refused((string Name, string Text)[] given) => Should.Throw<SettingException>(() => Read(given)).Message;

        static ServerOptions Read((string Name, string Text)[] given) =>
            SettingReader.Read(setting => given.Where(each => each.Name == setting.Name).Select(each => each.Text).FirstOrDefault());
    }

    // By http as well, so that the steps of every test can be taken without a certificate.
    private Task<RunningArchive> StartAsync(Func<ServerOptions, ServerOptions>? configure = null, TimeProvider? clock = null) =>
        RunningArchive.StartAsync(
            options =>
                (configure?.Invoke(options) ?? options) with
                {
                    Urls = "http://127.0.0.1:0;https://127.0.0.1:0",
                    TlsCert = Cert,
                    TlsKey = Key,
                },
            clock
        );

    private void Write((string Certificate, string Key) pair)
    {
        File.WriteAllText(Cert, pair.Certificate);
        File.WriteAllText(Key, pair.Key);
    }

    private static (string Certificate, string Key) Make(string name)
    {
        using var key = ECDsa.Create();
        using var certificate = Request(name, key).CreateSelfSigned(Now.AddDays(-1), Now.AddDays(9));
        return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
    }

    private static CertificateRequest Issuer(string name, ECDsa key)
    {
        var request = Request(name, key);
        request.CertificateExtensions.Add(
            new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: false, 0, critical: true)
        );
        return request;
    }

    private static CertificateRequest Request(string name, ECDsa key) => new($"CN={name}", key, HashAlgorithmName.SHA256);

    private static async Task<string> SubjectAsync(RunningArchive archive)
    {
        var subject = "";
        using var client = Client(archive, each => subject = each);
        await client.GetStringAsync("/health/live");
        return subject;
    }

    private static HttpClient Client(RunningArchive archive, Action<string> onCertificate) => new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        SslOptions = new SslClientAuthenticationOptions
        {
            RemoteCertificateValidationCallback = (_, certificate, _, _) =>
            {
                onCertificate(certificate!.Subject);
                return certificate.Issuer == certificate.Subject;
            },
        },
    })
    { BaseAddress = new Uri(archive.OperatorAddress) };

    private sealed class LogLines : ILogger<TlsCertificate>
    {
        private readonly List<(LogLevel Level, string Line)> lines = [];

        public IReadOnlyList<string> Warnings => [.. lines.Where(each => each.Level == LogLevel.Warning).Select(each => each.Line)];

        public string Text => string.Join('\n', lines.Select(each => each.Line));

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => lines.Add((logLevel, formatter(state, exception)));
    }
}
