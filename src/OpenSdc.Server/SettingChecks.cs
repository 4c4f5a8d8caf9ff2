using static OpenSdc.Server.SettingText;

namespace OpenSdc.Server;

/// <summary>How the settings are checked together: what one of them needs or rules out of another.</summary>
internal static class SettingChecks
{
    // Said about a bucket that is not named, they would be passed over, and the objects lie where nobody looks for them.
    private static readonly string[] OnlyWithObjects =
    [
        "s3-endpoint",
        "s3-region",
        "s3-path-style",
        "hook-secret",
        "hook-secret-file",
        "sqs-queue",
    ];

    // The store tells of uploads that it takes itself, and of nothing else.
    private static readonly string[] OnlyDirect = ["hook-secret", "hook-secret-file", "sqs-queue"];

    /// <exception cref="SettingException">Two settings do not go together; the message says which.</exception>
    public static void Check(ServerOptions options, Func<Setting, SettingValue?> value)
    {
        if (
            options.Objects is null
            && SettingList.All.FirstOrDefault(each => OnlyWithObjects.Contains(each.Name) && value(each) is not null) is { } alone
        )
            throw new SettingException(
                $"The setting {alone.Name} ({value(alone)!.Where}) is given without objects (OPENSDC_OBJECTS); set that to s3://BUCKET/PREFIX, or leave both out for objects in the data folder."
            );
        if (options.Objects is null && options.Transfers == Transfers.Direct)
            throw new SettingException(
                "The setting transfers (OPENSDC_TRANSFERS) is direct, but objects (OPENSDC_OBJECTS) is not given: with objects in the data folder bytes travel through the server."
            );
        if (
            options.Transfers == Transfers.Through
            && SettingList.All.FirstOrDefault(each => OnlyDirect.Contains(each.Name) && value(each) is not null) is { } idle
        )
            throw new SettingException(
                $"The setting {idle.Name} ({value(idle)!.Where}) is for direct transfers only; set transfers (OPENSDC_TRANSFERS) to direct, or leave it out."
            );
        if (
            options.OidcIssuer is null
            && SettingList.All.FirstOrDefault(each =>
                each.Name.StartsWith("oidc-", StringComparison.Ordinal) && each.Default is null && value(each) is not null
            )
                is { } ofIssuer
        )
            throw new SettingException(
                $"The setting {ofIssuer.Name} ({value(ofIssuer)!.Where}) is given without oidc-issuer (OPENSDC_OIDC_ISSUER); set that to the issuer of the tokens, or leave both out."
            );
        if (options.OidcIssuer is not null && (options.OidcAudience is null || options.OidcRoles.Count == 0))
            throw new SettingException(
                "The setting oidc-issuer (OPENSDC_OIDC_ISSUER) needs oidc-audience (OPENSDC_OIDC_AUDIENCE), since the issuer makes tokens for others too, and oidc-roles (OPENSDC_OIDC_ROLES), since a token without a role allows nothing."
            );
        if (options.OperatorUrls?.Split(';').FirstOrDefault(url => options.Urls.Split(';').Any(other => AreSame(url, other))) is { } twice)
            throw new SettingException(
                $"The setting operator-urls (OPENSDC_OPERATOR_URLS) names {twice}, which urls (OPENSDC_URLS) takes as well; give it a port of its own."
            );
        RefuseHalfTls(options);
    }

    private static void RefuseHalfTls(ServerOptions options)
    {
        var https = options
            .Urls.Split(';')
            .Concat(options.OperatorUrls?.Split(';') ?? [])
            .FirstOrDefault(url => url.StartsWith("https:", StringComparison.OrdinalIgnoreCase));
        if ((options.TlsCert is null) != (options.TlsKey is null))
        {
            var (given, absent) = options.TlsKey is null
                ? ("tls-cert", "tls-key (OPENSDC_TLS_KEY)")
                : ("tls-key", "tls-cert (OPENSDC_TLS_CERT)");
            throw new SettingException($"The setting {given} is given without {absent}; give both, or neither.");
        }

        if (https is not null && options.TlsCert is null)
            throw new SettingException(
                $"The address {https} needs a certificate: give tls-cert (OPENSDC_TLS_CERT) and tls-key (OPENSDC_TLS_KEY), or an http address."
            );
        if (https is null && options.TlsCert is not null)
            throw new SettingException(
                "The settings tls-cert and tls-key are given, but no address of urls (OPENSDC_URLS) begins with https; give one, such as https://0.0.0.0:8443, or leave both out."
            );
    }
}
