using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Server;

namespace OpenSdc.Tests.Upkeep;

/// <summary>
/// What one archive measures from now on. /metrics would not do: its exporter listens by name, to every
/// archive of the process.
/// </summary>
internal sealed class Measurements : IDisposable
{
    private readonly MeterListener listener = new();
    private readonly ConcurrentDictionary<string, double> values = new(StringComparer.Ordinal);

    public Measurements(RunningArchive archive)
    {
        var meter = archive.Services.GetRequiredService<Telemetry>().Meter;
        listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter == meter)
                listener.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Take(instrument, value, tags));
        listener.Start();
    }

    /// <summary>
    /// A gauge's value or a counter's sum, by its name and, where it has them, its tags:
    /// <c>opensdc.integrity.changes{kind=lost}</c>. 0 where there is none.
    /// </summary>
    public double Of(string measurement)
    {
        listener.RecordObservableInstruments();
        return values.GetValueOrDefault(measurement);
    }

    public void Dispose() => listener.Dispose();

    private void Take(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var name = instrument.Name + (tags.Length > 0 ? $"{{{tags[0].Key}={tags[0].Value}}}" : "");
        values.AddOrUpdate(name, value, (_, before) => instrument.IsObservable ? value : before + value);
    }
}
