using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace OpenSdc.Client;

/// <summary>Registers the client for dependency injection.</summary>
public static class SdcClientServices
{
    /// <summary>
    /// Adds one <see cref="SdcClient"/> that the whole application shares; the container disposes it.
    /// </summary>
    /// <param name="services">The services of the application.</param>
    /// <param name="configure">Sets the address and other settings.</param>
    /// <returns>The services, for the next call.</returns>
    public static IServiceCollection AddSdcClient(this IServiceCollection services, Action<SdcClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        services.TryAddSingleton(_ =>
        {
            var options = new SdcClientOptions();
            configure(options);
            return new SdcClient(options);
        });
        return services;
    }
}
