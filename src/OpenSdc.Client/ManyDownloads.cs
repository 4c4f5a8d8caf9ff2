using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using OpenSdc.Contract;

namespace OpenSdc.Client;

/// <summary>Downloads of many files, several at once. What fails is a result like any other.</summary>
internal static class ManyDownloads
{
    public static async IAsyncEnumerable<DownloadResult> RunAsync(
        SdcClient client, ApiConnection api, IAsyncEnumerable<FileRecord> records, string folder, DownloadOptions how,
        IProgress<TransferProgress>? progress, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var results = Channel.CreateBounded<DownloadResult>(how.FilesAtOnce * 4);
        // Read ahead, so that the URLs of several files can be asked for together.
        var next = Channel.CreateBounded<FileRecord>(SignedUrls.MostFiles);
        // Many files have few folders: each is flushed once, at the end.
        var folders = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        var reading = ReadAsync();
        var work = RunAsync();
        try
        {
            await foreach (var result in results.Reader.ReadAllAsync(cancel))
                yield return result;
        }
        finally
        {
            await ended.CancelAsync();
            // Their failures have come through the channels.
            await reading;
            await work;
            FlushFolders();
        }

        void FlushFolders()
        {
            try
            {
                foreach (var each in folders.Keys)
                    Durable.FlushFolder(each);
            }
            catch (IOException refused)
            {
                throw new SdcException(SdcError.Disk, $"The disk refuses the names of what was fetched: {refused.Message}", refused);
            }
        }

        async Task ReadAsync()
        {
            try
            {
                await foreach (var record in records.WithCancellation(ended.Token))
                    await next.Writer.WriteAsync(record, ended.Token);
                next.Writer.Complete();
            }
            catch (Exception failure)
            {
                // Thrown to those who read from it.
                next.Writer.Complete(failure);
            }
        }

        async IAsyncEnumerable<(FileRecord Record, SignedUrls Urls)> BatchesAsync()
        {
            while (await next.Reader.WaitToReadAsync(ended.Token))
            {
                var batch = new List<FileRecord>();
                while (batch.Count < SignedUrls.MostFiles && next.Reader.TryRead(out var record))
                    batch.Add(record);
                var urls = new SignedUrls(api, batch, ended.Token);
                foreach (var record in batch)
                    yield return (record, urls);
            }
        }

        async Task RunAsync()
        {
            Exception? fault = null;
            try
            {
                await Parallel.ForEachAsync(BatchesAsync(), new ParallelOptions { MaxDegreeOfParallelism = how.FilesAtOnce,
                    CancellationToken = ended.Token }, async (each, stop) =>
                {
                    var record = each.Record;
                    DownloadResult result;
                    try
                    {
                        result = await client.FetchAsync(record, folder, how, progress, each.Urls, path => folders[path] = true, stop);
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
