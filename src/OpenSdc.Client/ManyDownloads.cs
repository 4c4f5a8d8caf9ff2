using System.Runtime.CompilerServices;
using System.Threading.Channels;
using OpenSdc.Contract;

namespace OpenSdc.Client;

/// <summary>Downloads of many files, several at once. What fails is a result like any other.</summary>
internal static class ManyDownloads
{
    public static async IAsyncEnumerable<DownloadResult> RunAsync(
        SdcClient client, IAsyncEnumerable<FileRecord> records, string folder, DownloadOptions how,
        IProgress<TransferProgress>? progress, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var results = Channel.CreateBounded<DownloadResult>(how.FilesAtOnce * 4);
        var work = RunAsync();
        try
        {
            await foreach (var result in results.Reader.ReadAllAsync(cancel))
                yield return result;
        }
        finally
        {
            await ended.CancelAsync();
            // Its failure has come through the channel.
            await work;
        }

        async Task RunAsync()
        {
            Exception? fault = null;
            try
            {
                await Parallel.ForEachAsync(records, new ParallelOptions { MaxDegreeOfParallelism = how.FilesAtOnce,
                    CancellationToken = ended.Token }, async (record, stop) =>
                {
                    DownloadResult result;
                    try
                    {
                        result = await client.DownloadAsync(record, folder, how, progress, stop);
                    }
                    catch (SdcException failure)
                    {
                        var path = failure.Error == SdcError.UnsafePath ? "" : LocalPath.Of(folder, record.FilePath, how.Flat);
                        result = new DownloadResult(record, path, DownloadOutcome.Failed, null, failure);
                    }

                    await results.Writer.WriteAsync(result, stop);
                });
            }
            catch (Exception failure) when (failure is SdcException or OperationCanceledException)
            {
                fault = failure;
            }
            finally
            {
                results.Writer.TryComplete(fault);
            }
        }
    }
}
