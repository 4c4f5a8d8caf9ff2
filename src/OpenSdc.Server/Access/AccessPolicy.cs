namespace OpenSdc.Server.Access;

/// <summary>
/// Whether the archive is open: then everybody reads everything and may upload. An archive that only this
/// machine reaches is open until it has a key or an issuer for the first time; any other starts with one of
/// these, or by the setting <c>open</c>.
/// </summary>
internal sealed class AccessPolicy(ServerOptions options, ApiKeyTable keys, AccessMark mark, ArchiveMission mission)
{
    /// <summary>Whether a request without credentials may do everything but release and administer.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>Whether it is open because only this machine reaches it: a proxy in front would open it to others.</summary>
    public bool IsOnlyLocal { get; private set; }

    /// <summary>What a start says where the archive is open; null where it is not.</summary>
    public string? Notice =>
        !IsOpen ? null
        : IsOnlyLocal
            ? "The archive is open: whoever works on this machine reads everything and may upload, without a key. Make the first key with sdc keys add --admin before others can reach it."
        : "The archive is open: whoever can reach it reads everything and may upload, without a key (--open).";

    /// <summary>Who a request without credentials is from.</summary>
    public Caller WithoutCredentials => IsOpen ? Caller.Anyone : Caller.Anonymous;

    /// <summary>Seconds that a signed URL of the store itself lives: nobody checks the caller's right when it is used.</summary>
    public int LifetimeAtStore(int lifetime) => IsOpen ? lifetime : Math.Min(lifetime, 900);

    /// <summary>Decides, at the start.</summary>
    /// <exception cref="SettingException">Others could reach the archive, or it had access control before,
    /// and nobody says who may use it.</exception>
    public async Task OpenAsync(CancellationToken cancel)
    {
        var isConfigured = options.OidcIssuer is not null || await keys.AnyAsync(cancel);
        var isPrivate = ListenAddresses.IsPrivate(options) && ListenAddresses.AreLoopback(options.OperatorUrls);
        if (!options.Open && !isConfigured && !isPrivate)
        {
            throw new SettingException(
                $"Others than this machine could reach the archive ({Reason(options)}), and no setting says who may use it. Make the first key with sdc keys add --admin, or name an issuer with oidc-issuer "
                + "(OPENSDC_OIDC_ISSUER); or let everybody read and upload with --open (OPENSDC_OPEN=on).");
        }

        if (isConfigured)
        {
            await mark.SetAsync(cancel);
        }
        else if (!options.Open && await mark.IsSetAsync(cancel))
        {
            throw new SettingException(
                "This archive had an API key or an issuer, and now has neither: its catalogue was made again, or oidc-issuer (OPENSDC_OIDC_ISSUER) is not set any more. Make a key with sdc keys add --admin, or name "
                + "the issuer; or let everybody read and upload with --open (OPENSDC_OPEN=on).");
        }

        if (options.OidcRoles.Select(role => role.Limits.Fault(mission.Mission)).FirstOrDefault(each => each is not null) is { } fault)
            throw new SettingException(
                $"The setting oidc-roles (OPENSDC_OIDC_ROLES) limits uploads by what no name of the mission has. {fault}"
            );
        IsOpen = options.Open || !isConfigured;
        IsOnlyLocal = IsOpen && !options.Open;
    }

    private static string Reason(ServerOptions options) =>
        options.PublicUrl is not null ? "public-url is set"
        : options.TrustedProxies.Count + options.TrustedNetworks.Count > 0 ? "trusted-proxies is set"
        : !ListenAddresses.AreLoopback(options.Urls) ? $"it listens on {options.Urls}"
        : $"its operators' address is {options.OperatorUrls}";
}
