using System.Diagnostics;
using System.Diagnostics.Metrics;
using OpenSdc.Server.Catalogue;
using OpenTelemetry.Metrics;

namespace OpenSdc.Server;

/// <summary>What the service measures of itself, beside the requests that ASP.NET Core measures. Served at <c>/metrics</c>.</summary>
internal sealed class Telemetry : IDisposable
{
    private const string MeterName = "OpenSdc";

    /// <summary>
    /// What is exported: our own figures, the framework's of requests and connections, and the runtime's of
    /// process, memory and threads. The framework's others cost each request more than they tell.
    /// </summary>
    public static string[] Meters => [MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime"];

    /// <summary>
    /// How many combinations of labels an instrument may have; a further one is counted under
    /// <c>otel_metric_overflow</c>. The library makes room for all of them at the start, 2000 each by default,
    /// which takes 6 MB. Only requests have a hundred: by route, method and status.
    /// </summary>
    public static MetricStreamConfiguration? Series(Instrument instrument) =>
        instrument.Meter.Name == "Microsoft.AspNetCore.Hosting" ? null : new() { CardinalityLimit = 100 };

    private readonly Meter meter = new(MeterName);
    private readonly Counter<long> uploads;
    private readonly Counter<long> bytesReceived;
    private readonly Counter<long> bytesSent;
    private readonly Counter<long> bytesScrubbed;
    private readonly Counter<long> filesVerified;
    private readonly Counter<long> integrityChanges;
    private readonly Counter<long> listingsRefused;
    private readonly Counter<long> listingsCut;
    private readonly Histogram<double> publishTime;
    private readonly Histogram<double> catalogueTime;

    public Telemetry()
    {
        meter.CreateObservableGauge(
            "opensdc.build.info",
            () => BuildInfo,
            description: "1, with the program's version and the runtime's as labels."
        );
        meter.CreateObservableGauge(
            "opensdc.stored.files",
            () => StoredFiles,
            "{file}",
            "Files of the archive, as last counted, once a minute."
        );
        meter.CreateObservableGauge(
            "opensdc.stored.size",
            () => StoredBytes,
            "By",
            "Bytes of the archive's files, as last counted, once a minute."
        );
        uploads = meter.CreateCounter<long>("opensdc.uploads", description: "Finished PUT requests by outcome.");
        bytesReceived = meter.CreateCounter<long>("opensdc.received", "By", "Bytes of published files.");
        bytesSent = meter.CreateCounter<long>("opensdc.sent", "By", "Bytes of objects sent.");
        bytesScrubbed = meter.CreateCounter<long>("opensdc.scrub.read", "By", "Bytes of objects that the scrub has read.");
        filesVerified = meter.CreateCounter<long>("opensdc.scrub.verified", "{file}", "Files that the scrub has read and found right.");
        integrityChanges = meter.CreateCounter<long>(
            "opensdc.integrity.changes",
            "{file}",
            "Files found lost or damaged, or sound again, by kind."
        );
        meter.CreateObservableGauge(
            "opensdc.corrupt_or_missing.files",
            () => CorruptOrMissingFiles,
            "{file}",
            "Files that are lost or damaged now."
        );
        meter.CreateObservableGauge(
            "opensdc.uploads.waiting",
            () => WaitingUploads,
            "{upload}",
            "Direct and multipart uploads that have arrived and are not yet published."
        );
        listingsRefused = meter.CreateCounter<long>(
            "opensdc.listings.refused",
            "{listing}",
            "Long answers to queries that were refused, since as many were sent as may be."
        );
        listingsCut = meter.CreateCounter<long>(
            "opensdc.listings.cut",
            "{listing}",
            "Long answers to queries that were ended, since they kept the catalogue's log."
        );
        publishTime = meter.CreateHistogram(
            "opensdc.publish.duration",
            "s",
            "From the last byte received to the record in the catalogue.",
            advice: Buckets(0.0005)
        );
        catalogueTime = meter.CreateHistogram(
            "opensdc.catalogue.duration",
            "s",
            "Until the catalogue's first row, by one read.",
            advice: Buckets(0.00001)
        );
    }

    private static Measurement<int> BuildInfo { get; } = new(
        1, new("version", ProgramVersion.Text), new KeyValuePair<string, object?>("runtime", Environment.Version.ToString()));

    /// <summary>Files of the archive, as last counted.</summary>
    public long StoredFiles { get; set; }

    /// <summary>Their bytes, as last counted.</summary>
    public long StoredBytes { get; set; }

    /// <summary>
    /// Counters that nothing has been added to are not exported; an alert on a rate needs them from the
    /// start. What is added before the exporter listens is lost.
    /// </summary>
    public void BeginAtZero()
    {
        foreach (var outcome in (ReadOnlySpan<string>)["published", "repeated"])
            uploads.Add(0, new KeyValuePair<string, object?>("outcome", outcome));
        foreach (var kind in (ReadOnlySpan<string>)[ChangeKind.Lost, ChangeKind.Damaged, ChangeKind.Sound])
            integrityChanges.Add(0, new KeyValuePair<string, object?>("kind", kind));
        foreach (
            var counter in (ReadOnlySpan<Counter<long>>)
                [bytesReceived, bytesSent, bytesScrubbed, filesVerified, listingsRefused, listingsCut]
        )
            counter.Add(0);
    }

    /// <summary>Tells the age of the last backup, whenever it is asked for; nothing where there is none.</summary>
    public void WatchBackup(Func<TimeSpan?> age) =>
        meter.CreateObservableGauge(
            "opensdc.backup.age",
            () => age() is { } time ? [new Measurement<double>(time.TotalSeconds)] : Array.Empty<Measurement<double>>(),
            "s",
            "Since the last sdc backup of this data folder began."
        );

    /// <summary>Tells how far the scrub is, whenever it is asked for; nothing where it is off, or before its first whole round.</summary>
    public void WatchScrub(Func<DateTimeOffset> now)
    {
        meter.CreateObservableGauge(
            "opensdc.scrub.round.age",
            () => ScrubRound?.Age(now()) is { } age ? [new Measurement<double>(age.TotalSeconds)] : Array.Empty<Measurement<double>>(),
            "s",
            "Since the scrub's last whole round ended."
        );
        meter.CreateObservableGauge(
            "opensdc.scrub.round.progress",
            () => ScrubRound is { } round ? [new Measurement<double>(round.Progress)] : Array.Empty<Measurement<double>>(),
            description: "The share of the archive that the scrub has read in its present round; 1 until the next one begins."
        );
    }

    /// <summary>Tells the size of staging whenever it is asked for.</summary>
    public void WatchStaging(Func<long> bytes) =>
        meter.CreateObservableGauge("opensdc.staging.size", bytes, "By", "Bytes of uploads that are not yet published.");

    /// <summary>Tells how many long answers to queries are sent, whenever it is asked for.</summary>
    public void WatchListings(Func<int> taken) =>
        meter.CreateObservableGauge(
            "opensdc.listings.active",
            taken,
            "{listing}",
            "Answers of more than 64 KiB to queries that are being sent."
        );

    /// <summary>This archive's own meter: several archives in one process bear the same name.</summary>
    public Meter Meter => meter;

    /// <summary>
    /// Tells the free bytes of the store, where it has an end, and whether uploads are taken, whenever they
    /// are asked for.
    /// </summary>
    public void WatchStorage(Func<long>? free, Func<bool> takesUploads)
    {
        if (free is not null)
            meter.CreateObservableGauge("opensdc.storage.free", free, "By", "Bytes free on the data folder's file system.");
        meter.CreateObservableGauge(
            "opensdc.storage.writable",
            () => takesUploads() ? 1 : 0,
            description: "1 while uploads are taken, 0 while they are refused."
        );
    }

    /// <summary>How far the scrub is, as last looked at; null where it is off.</summary>
    public ScrubRound? ScrubRound { get; set; }

    /// <summary>Files that are lost or damaged, as last counted.</summary>
    public long CorruptOrMissingFiles { get; set; }

    /// <summary>Direct and multipart uploads that have arrived and not ended, as last counted.</summary>
    public long WaitingUploads { get; set; }

    public void RefusedListing() => listingsRefused.Add(1);

    public void CutListings(int count) => listingsCut.Add(count);

    public void Scrubbed(int bytes) => bytesScrubbed.Add(bytes);

    public void FilesVerified(long files) => filesVerified.Add(files);

    public void IntegrityChanged(string kind) => integrityChanges.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void Uploaded(string outcome, long size)
    {
        uploads.Add(1, new KeyValuePair<string, object?>("outcome", outcome));
        if (outcome == "published")
            bytesReceived.Add(size);
    }

    public void Sent(long bytes) => bytesSent.Add(bytes);

    public void Published(long startedAt) => publishTime.Record(Stopwatch.GetElapsedTime(startedAt).TotalSeconds);

    public void CatalogueRead(long startedAt) => catalogueTime.Record(Stopwatch.GetElapsedTime(startedAt).TotalSeconds);

    public void Dispose() => meter.Dispose();

    // A factor of two from bucket to bucket, 16 of them.
    private static InstrumentAdvice<double> Buckets(double first) =>
        new() { HistogramBucketBoundaries = [.. Enumerable.Range(0, 16).Select(i => first * (1 << i))] };
}
