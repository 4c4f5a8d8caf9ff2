using System.Diagnostics;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Description;
using OpenSdc.Server.Files;
using OpenSdc.Server.Files.Curation;
using OpenSdc.Server.Files.Formats;
using OpenSdc.Server.Files.Kernels;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Page;
using OpenSdc.Server.Uploads;
using OpenSdc.Server.Upkeep;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace OpenSdc.Server;

/// <summary>The table of contents: what the service is made of, what each request passes through, and one line a route.</summary>
public static class ServerApp
{
    /// <summary>How clients ask for an authenticated call: each route exists under each of these.</summary>
    internal static readonly string[] Prefixes = ["", "/api-key", "/authorized"];

    private static readonly string[] GetAndHead = ["GET", "HEAD"];

    /// <summary>Opens the data folder and builds the service, ready to start.</summary>
    /// <exception cref="SettingException">A setting or the data folder keeps it from starting.</exception>
    public static async Task<WebApplication> BuildAsync(ServerOptions options, TimeProvider clock, CancellationToken cancel)
    {
        // Empty: the framework's own variables and files (ASPNETCORE_URLS,
        // ASPNETCORE_FORWARDEDHEADERS_ENABLED, Kestrel__Endpoints__…) are not read. ServerOptions alone says
        // where it listens and whom it believes.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "OpenSdc.Server" });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            Limits.Set(kestrel.Limits, options);
            FirstRequest.Watch(kestrel, options, clock);
            ListenAddresses.Set(kestrel, options);
        });
        builder.WebHost.UseSockets(Limits.Set);
        Logs.Set(builder.Logging, options);

        var services = builder.Services;
        services.AddRoutingCore();
        services.AddSingleton(options);
        services.AddSingleton(clock);
        services.AddSingleton<ArchiveMission>();
        services.AddSingleton(all => all.GetRequiredService<ArchiveMission>().Mission);
        services.AddSingleton<KernelCatalogue>();
        services.AddSingleton<Telemetry>();
        services.AddSingleton<LineBudget>();
        services.AddSingleton<Drain>();
        services.AddHostedService(all => all.GetRequiredService<Drain>());
        services.AddSingleton<RequestLog>();
        if (options.TlsCert is not null)
        {
            services.AddSingleton<TlsCertificate>();
            services.AddHostedService(all => all.GetRequiredService<TlsCertificate>());
        }

        CompressedLists.Add(services);
        services.AddSingleton<PublicAddress>();
        services.AddSingleton<StallTimeout>();
        services.AddSingleton<LingeringRead>();
        services.AddSingleton<RecentlyVerified>();
        services.AddSingleton<SharedHashing>();
        services.AddSingleton<ObjectSender>();

        // The two choices: where objects lie, and where their records lie. The data folder is opened by the first that needs it.
        services.AddSingleton(_ => DataFolder.Open(options.Data, options.DataMode));
        if (S3Location.Of(options) is { } location)
        {
            var bucket = await S3Opening.OpenAsync(location, clock, cancel);
            if (options.Transfers == Transfers.Direct)
                await StagingPolicy.ProveAsync(bucket, cancel);
            services.AddSingleton<IObjectStore>(_ => new S3ObjectStore(bucket));
            services.AddSingleton(_ => new S3Staging(bucket));
            services.AddHostedService<StagingPoller>();
            services.AddSingleton<UnfinishedWork, ClaimedWork>();
            services.AddHostedService<UnfinishedUploads>();
        }
        else
        {
            services.AddSingleton(all => new DiskObjectStore(all.GetRequiredService<DataFolder>().Path));
            services.AddSingleton<IObjectStore>(all => all.GetRequiredService<DiskObjectStore>());
            services.AddSingleton(all => all.GetRequiredService<DiskObjectStore>().Parts);
            services.AddSingleton<UnfinishedWork, StagedWork>();
        }

        // How bytes travel: through this server, or between clients and the store.
        if (options.Transfers == Transfers.Direct)
        {
            services.AddSingleton<UploadStaging, DirectUploadStaging>();
            services.AddSingleton<DownloadUrls, DirectDownloadUrls>();
            services.AddHostedService<SqsNotifications>();
        }
        else
        {
            if (options.Objects is null)
                services.AddSingleton<UploadStaging, DiskUploadStaging>();
            else
                services.AddSingleton<UploadStaging, S3UploadStaging>();
            services.AddSingleton<DownloadUrls, ServerDownloadUrls>();
        }

        if (options.Catalogue is null)
        {
            LostCatalogue.Refuse(options.Data);
            services.AddSingleton<SqlDialect>(all => new Sqlite(all.GetRequiredService<DataFolder>().CatalogueFile));
            services.AddSingleton(all =>
                SigningKey.InFolder(all.GetRequiredService<DataFolder>().Path, all.GetRequiredService<ILogger<SigningKey>>())
            );
        }
        else
        {
            services.AddSingleton<SqlDialect>(_ => new Postgres(options.Catalogue, clock));
            services.AddSingleton(all => SigningKey.Shared(all.GetRequiredService<Catalogue.Catalogue>()));
        }

        services.AddSingleton<SignedUrls>();
        services.AddSingleton<ApiKeyTable>();
        services.AddSingleton(all => new AccessMark(
            all.GetRequiredService<Catalogue.Catalogue>(),
            options is { Catalogue: null } or { Objects: null } ? all.GetRequiredService<DataFolder>().Path : null
        ));
        services.AddSingleton<KeyRing>();
        services.AddHostedService(all => all.GetRequiredService<KeyRing>());
        services.AddSingleton<AccessTokens>();
        AccessTokens.Add(services, options);
        services.AddSingleton<AccessPolicy>();
        services.AddSingleton<Authentication>();
        services.AddSingleton<UrlRights>();

        services.AddSingleton<Catalogue.Catalogue>();
        services.AddSingleton<LookupBatcher>();
        services.AddSingleton<Releases>();
        services.AddSingleton<Withdrawals>();
        services.AddSingleton<FileHistory>();
        services.AddSingleton<ReleaseManifest>();
        services.AddSingleton<CursorSeal>();
        services.AddSingleton<ListingPlaces>();
        services.AddSingleton<LargeBodies>();
        services.AddSingleton<LostCatalogue>();
        services.AddSingleton<IntegrityState>();
        services.AddSingleton<LeaderElection>();
        services.AddSingleton<ListingFormats>();
        services.AddSingleton<ObjectMender>();
        services.AddSingleton<KeyClaims>();
        services.AddSingleton<ClaimedKeys>();
        services.AddSingleton<Publisher>();
        // Before those who publish, so that leases and claims are renewed until the last upload has ended.
        services.AddHostedService<LeaseRenewal>();
        services.AddHostedService(all => all.GetRequiredService<Publisher>());
        UploadSessions.Add(services);
        RateLimits.Add(services);
        services.AddSingleton<AuditTable>();
        services.AddSingleton<AuditLog>();
        services.AddHostedService(all => all.GetRequiredService<AuditLog>());
        services.AddSingleton<Recovery>();
        services.AddHostedService(all => all.GetRequiredService<Recovery>());
        services.AddSingleton<IntegrityReports>();
        services.AddHostedService(all => all.GetRequiredService<IntegrityReports>());
        services.AddSingleton<StorageHealth>();
        services.AddHostedService(all => all.GetRequiredService<StorageHealth>());
        services.AddHostedService<Scrub>();
        services.AddHostedService<StoredTotals>();
        services.AddHostedService<CatalogueLog>();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(options.DrainTimeout));
        services
            .AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService("opensdc"))
            .WithMetrics(metrics => metrics.AddMeter(Telemetry.Meters).AddView(Telemetry.Series).AddPrometheusExporter());
        ApiDescription.Add(services);

        var app = builder.Build();
        try
        {
            // Wrong files stop the start before anything is opened.
            _ = app.Services.GetService<TlsCertificate>();
            await app.Services.GetRequiredService<LostCatalogue>().OpenCatalogueAsync(cancel);
            await app.Services.GetRequiredService<ArchiveMission>().OpenAsync(cancel);
            await app.Services.GetRequiredService<KeyRing>().OpenAsync(cancel);
            await app.Services.GetRequiredService<AccessPolicy>().OpenAsync(cancel);
            await app
                .Services.GetRequiredService<Catalogue.Catalogue>()
                .SetReleasesAllAsync(app.Services.GetRequiredService<AccessPolicy>().IsOpen, cancel);
        }
        catch
        {
            // The data folder is let go, for whoever mends it.
            await app.DisposeAsync();
            throw;
        }

        if (options is { Catalogue: null } or { Objects: null })
            app.Services.GetRequiredService<DataFolder>()
                .WarnOfRights(options.DataMode, app.Services.GetRequiredService<ILogger<DataFolder>>());
        app.Services.GetRequiredService<Telemetry>().WatchStaging(app.Services.GetRequiredService<IObjectStore>().StagingSize);
        app.Services.GetRequiredService<Telemetry>()
            .WatchBackup(() => LastBackup.Of(options.Data) is { } time ? clock.GetUtcNow() - time : null);
        app.Services.GetRequiredService<Telemetry>().WatchScrub(clock.GetUtcNow);
        RefusedRequests.Listen(app.Services.GetRequiredService<DiagnosticListener>(), app.Services.GetRequiredService<RequestLog>());
        UseMiddleware(app, options);
        MapRoutes(app);
        // Nothing is counted before the exporter listens.
        app.Services.GetRequiredService<MeterProvider>();
        app.Services.GetRequiredService<Telemetry>().BeginAtZero();
        return app;
    }

    private static void UseMiddleware(WebApplication app, ServerOptions options)
    {
        app.Use(FirstRequest.InvokeAsync);
        TrustedProxyHeaders.Use(app, options);
        // Before the route is looked for.
        app.Use(PathSlashes.InvokeAsync);
        app.UseRouting();
        app.Use(app.Services.GetRequiredService<RequestLog>().InvokeAsync);
        app.Use(app.Services.GetRequiredService<AuditLog>().InvokeAsync);
        app.Use(app.Services.GetRequiredService<LingeringRead>().InvokeAsync);
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandler = UnexpectedErrors.AnswerAsync });
        app.Use(new PublicAnswers(options).InvokeAsync);
        app.Use(app.Services.GetRequiredService<Authentication>().RefuseProxiesAsync);
        app.Use(ListenAddresses.InvokeAsync);
        RateLimits.UseOfAddresses(app, options);
        app.Use(app.Services.GetRequiredService<Authentication>().InvokeAsync);
        RateLimits.UseOfCallers(app, options);
        app.Use(app.Services.GetRequiredService<Recovery>().InvokeAsync);
        app.Use(TimedBody.Middleware(options, app.Services.GetRequiredService<TimeProvider>()));
        app.Use(HeldConditions.InvokeAsync);
        app.UseStatusCodePages(pages => Problems.OfStatus(pages.HttpContext).ExecuteAsync(pages.HttpContext));
        CompressedLists.Use(app);
    }

    private static void MapRoutes(WebApplication app)
    {
        var bytesPassHere = app.Services.GetRequiredService<ServerOptions>().Transfers == Transfers.Through;
        // Lists have tags. What holds a signed URL, and every route that says nothing here, is never kept.
        var listed = new Caching(PublicAnswers.AskedAgain, Vary: "Accept");
        var signed = new Caching(PublicAnswers.NeverKept, Vary: "Accept");
        var documents = new Caching(PublicAnswers.AskedAgain);
        foreach (var prefix in Prefixes)
        {
            var routes = app.MapGroup(prefix).WithMetadata(Needs.Nothing);
            if (Expected(prefix) is { } expected)
                routes.WithMetadata(expected);
            if (bytesPassHere)
            {
                routes.MapGet("/upload/{**path}", RequestUpload.Handle).WithMetadata(HeldConditions.None, signed, Needs.ToUpload);
                routes.MapPut(SignedUrls.Root + "{**key}", ReceiveUpload.Handle).WithMetadata(HeldConditions.OfUpload, Needs.Signature);
                routes.MapMethods(SignedUrls.Root + "{**key}", GetAndHead, ServeObject.Handle).WithMetadata(Needs.Signature);
            }
            else
            {
                routes.MapGet("/upload/{**path}", RequestUpload.HandleDirect).WithMetadata(HeldConditions.None, signed, Needs.ToUpload);
                routes
                    .MapMethods(SignedUrls.Root + "{**key}", ["GET", "HEAD", "PUT"], () => Problems.NoBytesHere)
                    .WithMetadata(Needs.Signature);
            }

            routes.MapPost("/uploads", BeginParts.Handle).WithMetadata(HeldConditions.None, Needs.ToUpload);
            routes
                .MapGet("/uploads", ListUploads.Handle)
                .WithMetadata(HeldConditions.None, Needs.ToUpload, new ForAddress(AddressKind.Public | AddressKind.Operators));
            routes.MapGet("/uploads/{id}", FollowUpload.Handle).WithMetadata(HeldConditions.None, Needs.ToUpload);
            routes
                .MapDelete("/uploads/{id}", PartRoutes.Abort)
                .WithMetadata(HeldConditions.None, Needs.ToUpload, new ForAddress(AddressKind.Public | AddressKind.Operators));
            routes.MapGet("/uploads/{id}/parts", PartRoutes.List).WithMetadata(HeldConditions.None, Needs.ToUpload);
            if (bytesPassHere)
                routes.MapPut("/uploads/{id}/parts/{part}", ReceivePart.Handle).WithMetadata(HeldConditions.None, Needs.Signature);
            else
                routes.MapPut("/uploads/{id}/parts/{part}", () => Problems.NoBytesHere).WithMetadata(HeldConditions.None, Needs.Signature);
            routes.MapPost("/uploads/{id}/complete", PartRoutes.Complete).WithMetadata(HeldConditions.None, Needs.ToUpload);
            routes.MapMethods("/query", GetAndHead, QueryFiles.Handle).WithMetadata(HeldConditions.OfListing, CompressedLists.Mark, listed);
            routes.MapPost("/query", QueryFiles.HandlePost).WithMetadata(HeldConditions.OfListing, CompressedLists.Mark, listed);
            routes.MapGet("/release", ReleaseFiles.HandleManifest).WithMetadata(BareAnswers.Mark, HeldConditions.None);
            routes.MapPost("/release", ReleaseFiles.HandleRelease).WithMetadata(HeldConditions.None, Needs.ToRelease);
            routes.MapPost("/unrelease", ReleaseFiles.HandleUnrelease).WithMetadata(HeldConditions.None, Needs.ToRelease);
            routes.MapPost("/withdraw", WithdrawFiles.HandleWithdraw).WithMetadata(HeldConditions.None, Needs.ToUpload);
            routes.MapPost("/restore-file", WithdrawFiles.HandleRestore).WithMetadata(HeldConditions.None, Needs.ToAdminister);
            routes.MapPost("/purge", WithdrawFiles.HandlePurge).WithMetadata(HeldConditions.None, Needs.ToAdminister);
            routes
                .MapMethods("/coverage", GetAndHead, CoverFiles.Handle)
                .WithMetadata(HeldConditions.OfListing, CompressedLists.Mark, listed);
            routes
                .MapMethods("/facets", GetAndHead, CountFacets.Handle)
                .WithMetadata(HeldConditions.OfListing, CompressedLists.Mark, listed);
            routes.MapMethods("/changes", GetAndHead, ListChanges.Handle).WithMetadata(HeldConditions.None);
            KeyRoutes.Map(routes);
            AuditRoutes.Map(routes);
            KernelRoutes.Map(routes, app.Services.GetRequiredService<Mission>(), documents);
            routes.MapMethods("/download/{**path}", GetAndHead, DownloadFile.Handle).WithMetadata(signed);
        }

        if (bytesPassHere)
            app.MapPost("/hooks/s3", () => Problems.OfStatus(404)).WithMetadata(HeldConditions.None, new ForAddress(AddressKind.Operators));
        else
            app.MapPost("/hooks/s3", ReceiveHook.Handle).WithMetadata(HeldConditions.None, new ForAddress(AddressKind.Operators));
        app.MapMethods("/health/live", GetAndHead, Health.Live)
            .WithMetadata(HeldConditions.None, new ForAddress(AddressKind.Public | AddressKind.Operators));
        app.MapMethods("/health/ready", GetAndHead, Health.Ready)
            .WithMetadata(HeldConditions.None, new ForAddress(AddressKind.Public | AddressKind.Operators));
        app.MapPrometheusScrapingEndpoint("/metrics").WithMetadata(HeldConditions.None, new ForAddress(AddressKind.Operators));
        app.MapGet(AccessTokens.MetadataPath, ResourceMetadata.Handle).WithMetadata(HeldConditions.None);
        MissionDocument.Map(app, documents);
        ReferencePage.Map(app);
        PageFiles.Map(app);
    }

    private static CredentialsExpected? Expected(string prefix) => prefix switch
    {
        "/api-key" => new("Routes below /api-key need an API key, in the header x-api-key."),
        "/authorized" => new("Routes below /authorized need a token, in the header Authorization, or an API key, in the header x-api-key."),
        _ => null,
    };
}
