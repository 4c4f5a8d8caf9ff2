using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// The services of direct and multipart uploads, from the request for a URL to the record; decision 0012 says
/// how they work together.
/// </summary>
internal static class UploadSessions
{
    /// <summary>What every archive has; where the bytes lie until they are published comes with the store.</summary>
    public static void Add(IServiceCollection services)
    {
        services.AddSingleton<UploadLedger>();
        services.AddSingleton<UploadLeases>();
        services.AddSingleton<PartLedger>();
        services.AddSingleton<UploadSignals>();
        services.AddSingleton(all => new UploadWaits(
            id => FollowUpload.ReadEndAsync(id, all.GetRequiredService<UploadLedger>(), all.GetRequiredService<Catalogue.Catalogue>()),
            all.GetRequiredService<TimeProvider>()
        ));
        services.AddSingleton<LeaseRenewer>();
        services.AddSingleton<UploadRegistrar>();
        services.AddHostedService<StagedUploadPublisher>();
        services.AddHostedService<UploadNews>();
        services.AddSingleton<UploadCleanUp>();
        services.AddHostedService(all => all.GetRequiredService<UploadCleanUp>());
    }
}
