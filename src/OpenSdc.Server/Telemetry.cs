using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace OpenSdc.Server;

/// <summary>What the service measures of itself, beside the requests that ASP.NET Core measures. Served at <c>/metrics</c>.</summary>
internal sealed class Telemetry : IDisposable
{
    private const string MeterName = "OpenSdc";

    /// <summary>What is exported: our own figures, and the framework's of requests and connections. Its others cost each request more than they tell.</summary>
    public static string[] Meters => [MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel"];

    private readonly Meter meter = new(MeterName);
    private readonly Counter<long> uploads;
    private readonly Counter<long> bytesReceived;
    private readonly Counter<long> bytesSent;
    private readonly Histogram<double> publishTime;
    private readonly Histogram<double> catalogueTime;

    public Telemetry()
    {
        uploads = meter.CreateCounter<long>("opensdc.uploads", description: "Finished PUT requests by outcome.");
        bytesReceived = meter.CreateCounter<long>("opensdc.received", "By", "Bytes of published files.");
        bytesSent = meter.CreateCounter<long>("opensdc.sent", "By", "Bytes of objects sent.");
        publishTime = meter.CreateHistogram("opensdc.publish.duration", "s", "From the last byte received to the record in the catalogue.", advice: Buckets(0.0005));
        catalogueTime = meter.CreateHistogram("opensdc.catalogue.duration", "s", "Until the catalogue's first row, by one read.", advice: Buckets(0.00001));
    }

    /// <summary>Tells the size of staging whenever it is asked for.</summary>
    public void WatchStaging(Func<long> bytes) =>
        meter.CreateObservableGauge("opensdc.staging.size", bytes, "By", "Bytes of uploads that are not yet published.");

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
