using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenSdc.Contract;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Upkeep;

/// <summary>
/// What becomes of the result of a verification: a mark, a line in the log, or nothing where the file was
/// mended in the meantime.
/// </summary>
public sealed class IntegrityReportsTests : IAsyncLifetime
{
    private static readonly ObjectVerdict Damaged = new(ObjectState.Corrupt, ObjectFault.Digest, "for a test");

    private UpkeepArchive archive = null!;

    private IServiceProvider Services => archive.Running.Services;

    private IntegrityReports Reports => Services.GetRequiredService<IntegrityReports>();

    public async ValueTask InitializeAsync() => archive = await UpkeepArchive.StartAsync(options => options with { ScrubRate = 0 });

    public ValueTask DisposeAsync() => archive.DisposeAsync();

    [Fact]
    public async Task A_verdict_is_logged_as_an_error_that_names_the_file()
    {
        var file = await archive.UploadAsync([1]);
        var log = new VerdictLog();
        using var reports = new IntegrityReports(
            Services.GetRequiredService<IntegrityState>(),
            Services.GetRequiredService<Telemetry>(),
            archive.Clock,
            log
        );
        await reports.StartAsync(CancellationToken.None);
        reports.Report(file.Seq, file.Name, file.Seq, Damaged);
        reports.Report(file.Seq, file.Name, file.Seq + 1, Damaged with { Sentence = "known already" });
        reports.Report(file.Seq, file.Name, file.Seq + 1, ObjectVerdict.Intact);
        await archive.RunUntilEventsAsync(file.Seq, "published", "damaged", "sound");
        await reports.StopAsync(CancellationToken.None);
        log.Lines.ShouldContain(
            $"Error {file.Name}, seq {file.Seq}, is damaged and not served until its bytes are right again: for a test"
        );
        log.Lines.ShouldNotContain(line => line.Contains("known already", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_loss_that_was_seen_before_the_file_was_mended_does_not_count()
    {
        var (file, url) = await UploadAsync([1, 2, 3]);
        // As the scrub does: the record, then the object.
        var kept = (
            await Services.GetRequiredService<IntegrityState>().BySeqAsync(file.Seq - 1, 1, CancellationToken.None)
        ).ShouldHaveSingleItem();
        await archive.Running.HarmAsync(kept.Key, null);
        var verdict = await ObjectVerifier.Unthrottled.VerifyAsync(
            Services.GetRequiredService<IObjectStore>().OpenAsync,
            kept.ToObject(),
            CancellationToken.None
        );
        verdict.State.ShouldBe(ObjectState.Missing);

        (await archive.Running.PutAsync(url, [1, 2, 3])).Status.ShouldBe(200);
        Reports.Report(kept.Seq, kept.Key, kept.AsOf, verdict);
        await ShouldServeAsync(file, [1, 2, 3], "published", "lost", "sound");
    }

    [Fact]
    public async Task A_download_that_began_before_the_file_was_mended_marks_nothing()
    {
        // More than the buffers of both ends hold, so that the download stands still until it is read on.
        var bytes = RandomNumberGenerator.GetBytes(32 << 20);
        var (file, url) = await UploadAsync(bytes);
        await archive.Running.HarmAsync(file.FilePath, new byte[bytes.Length]);
        using var client = new HttpClient();
        using var download = await client.GetAsync(
            await archive.Running.DownloadUrlAsync(file.FilePath),
            HttpCompletionOption.ResponseHeadersRead
        );

        await Services
            .GetRequiredService<IntegrityState>()
            .MarkAsync(file.Seq, ChangeKind.Damaged, "found by another reader", CancellationToken.None);
        (await archive.Running.PutAsync(url, bytes)).Status.ShouldBe(200);
        await Should.ThrowAsync<IOException>(async () => await (await download.Content.ReadAsStreamAsync()).CopyToAsync(Stream.Null));
        await ShouldServeAsync(file, bytes, "published", "damaged", "sound");
    }

    [Fact]
    public async Task Right_bytes_that_were_seen_before_the_file_was_marked_do_not_clear_the_mark()
    {
        var file = await archive.UploadAsync([1]);
        var integrity = Services.GetRequiredService<IntegrityState>();
        var before = (await integrity.BySeqAsync(file.Seq - 1, 1, CancellationToken.None)).ShouldHaveSingleItem();
        (await integrity.MarkAsync(file.Seq, ChangeKind.Damaged, "found later", CancellationToken.None)).ShouldBeTrue();
        Reports.Report(before.Seq, before.Key, before.AsOf, ObjectVerdict.Intact);
        await DrainAsync();
        (await integrity.OfAsync(file.Seq, CancellationToken.None)).ShouldBe("damaged");
    }

    /// <summary>A file, and its signed URL, which mends it as well.</summary>
    private async Task<(UploadReceipt Receipt, string Url)> UploadAsync(byte[] bytes)
    {
        var url = await archive.Running.UploadUrlAsync(ArchiveFixture.NewName());
        var answer = await archive.Running.PutAsync(url, bytes);
        answer.Status.ShouldBe(201, answer.Text);
        return (JsonSerializer.Deserialize(answer.Bytes, ContractJson.Default.UploadReceipt)!, url);
    }

    private async Task ShouldServeAsync(UploadReceipt file, byte[] bytes, params string[] events)
    {
        await DrainAsync();
        (await Services.GetRequiredService<IntegrityState>().OfAsync(file.Seq, CancellationToken.None)).ShouldBeNull();
        (await archive.EventsAsync(file.Seq)).ShouldBe(events);
        (await archive.Running.DownloadAsync(file.FilePath)).AsSpan().SequenceEqual(bytes).ShouldBeTrue();
    }

    /// <summary>Waits until a later report has been recorded: they are in one queue.</summary>
    private async Task DrainAsync()
    {
        var other = await archive.UploadAsync([9]);
        Reports.Report(other.Seq, other.Name, other.Seq, Damaged);
        await archive.RunUntilEventsAsync(other.Seq, "published", "damaged");
    }

    private sealed class VerdictLog : ILogger<IntegrityReports>
    {
        public List<string> Lines { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter
        ) => Lines.Add($"{logLevel} {formatter(state, exception)}");
    }
}
