using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests;

/// <summary>
/// What a loss of power would find is decided by the order of writes, links, flushes and answers. The trace
/// of the real service tells it.
/// </summary>
public sealed class FlushOrderTests
{
    private const int Together = 64;

    [Fact]
    public async Task An_answer_leaves_after_bytes_name_and_record_are_flushed()
    {
        using var folder = new TemporaryFolder();
        using var shim = new Shim(folder.Path);
        await using var archive = await Archive.StartAsync(folder.Data, shim);
        var target = await archive.UploadTargetAsync("imap_swe_l1b_order-one_20260101_v001.cdf");
        shim.StartTrace();
        var receipt = (await archive.SendAsync(HttpMethod.Put, target, new Content(1, 300_000).Body())).Receipt;

        var trace = shim.Trace();
        Protocol.Violation(trace, receipt.FilePath).ShouldBeNull(string.Join('\n', trace));
        // The proof of the proof: without any one of the flushes the same trace is found wanting.
        var needed = trace
            .Where((call, i) => call.Kind == Call.Flush && trace[i - 1].Size != Protocol.LogHeader && call.Text != ".")
            .ToList();
        needed.Count.ShouldBeGreaterThan(2);
        foreach (var flush in needed)
            Protocol.Violation([.. trace.Where(call => call != flush)], receipt.FilePath).ShouldNotBeNull(flush.ToString());
    }

    [Fact]
    public async Task Uploads_that_share_a_batch_share_its_flushes_and_each_still_waits_for_them()
    {
        using var folder = new TemporaryFolder();
        using var shim = new Shim(folder.Path);
        await using var archive = await Archive.StartAsync(folder.Data, shim);
        var targets = await Task.WhenAll(Enumerable.Range(0, Together).Select(i =>
            archive.UploadTargetAsync($"imap_swe_l1b_order-{i:D3}_2026{1 + (i % 5):D2}01_v001.cdf")));
        shim.StartTrace();
        var receipts = (
            await Task.WhenAll(
                targets.Select((target, i) => archive.SendAsync(HttpMethod.Put, target, new Content((ulong)i, 1 + (i * 1000)).Body()))
            )
        )
            .Select(answer => answer.Receipt)
            .ToList();

        var trace = shim.Trace();
        foreach (var receipt in receipts)
            Protocol.Violation(trace, receipt.FilePath).ShouldBeNull();
        var transactions = trace.Count(call => call is { Kind: Call.Flush, Text: "catalogue.sqlite-wal" });
        transactions.ShouldBeLessThan(Together, "no batch was shared");
        var shared = trace.Count(call => call is { Kind: Call.Flush, Text: Shim.FileSystem });
        await Run.SayAsync(
            $"flush order: {Together} uploads in {transactions} flushes of the log and {shared} of the file system, {trace.Count} calls in order"
        );
    }
}
