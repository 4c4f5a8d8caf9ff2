using System.Globalization;
using System.Net;
using OpenSdc.Contract;

namespace OpenSdc.Client;

/// <summary>
/// A client of an archive: finds files, fetches them verified, sends them. It works against OpenSDC and, with
/// less, against any server that speaks the SDC Data Access API; what the server can do is found from its
/// answers. One client may be used by many threads; make one and keep it.
/// </summary>
/// <remarks>
/// Failures are an <see cref="SdcException"/>, whose <see cref="SdcException.Error"/> says what kind; a cancelled
/// token ends any operation with <see cref="OperationCanceledException"/>.
/// </remarks>
public sealed class SdcClient : IDisposable
{
    private readonly SdcClientOptions options;
    private readonly ApiConnection api;
    private readonly QueryPages pages;

    /// <summary>Makes a client. Nothing is sent yet.</summary>
    /// <param name="options">Its settings.</param>
    /// <exception cref="ArgumentException">The address is no absolute http or https URL, or a number is out of
    /// its range.</exception>
    public SdcClient(SdcClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        if (options.Address is not { IsAbsoluteUri: true, Scheme: "http" or "https" }
            || options.Address.Query.Length + options.Address.Fragment.Length > 0)
            throw new ArgumentException($"The address is '{options.Address}'; allowed: an absolute http or https URL without a query.",
                nameof(options));
        ArgumentOutOfRangeException.ThrowIfNegative(options.MaxRetries, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.PartsAtOnce, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.RangesAtOnce, 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.RangesThreshold, 1, nameof(options));
        if (options.PageSize is < 1 or > 10_000)
            throw new ArgumentException($"The page size is {options.PageSize}; allowed: 1 to 10000.", nameof(options));
        this.options = options with { };
        api = new ApiConnection(this.options);
        pages = new QueryPages(api, this.options);
    }

    /// <summary>
    /// Finds files, in the archive's order (by path, unless <c>sort</c> says otherwise), page by page as they are
    /// consumed.
    /// </summary>
    /// <param name="query">What is asked for.</param>
    /// <param name="cancel">Ends the query.</param>
    /// <returns>
    /// The records. From a server that says less than OpenSDC, a size that is not known is -1, an unknown digest
    /// or ingestion date is empty, and the number is 0.
    /// </returns>
    /// <exception cref="SdcException">The server refuses the query, cannot be reached, or answers with something
    /// else.</exception>
    public IAsyncEnumerable<FileRecord> QueryAsync(SdcQuery query, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        return pages.ReadAsync(query, cancel);
    }

    /// <summary>Finds one file by its bare name or its path in the archive, of any family.</summary>
    /// <param name="name">Bare name or path.</param>
    /// <param name="cancel">Ends the question.</param>
    /// <returns>The record; null where the archive has no such file. From a server that cannot be asked for
    /// names, a record with the name alone.</returns>
    /// <exception cref="SdcException">The name is not valid, or the server cannot be reached.</exception>
    public async Task<FileRecord?> FindAsync(string name, CancellationToken cancel = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var bare = name[(name.LastIndexOf('/') + 1)..];
        try
        {
            await foreach (var record in pages.ReadAsync(new SdcQuery { FileName = bare }, cancel))
                return record;
            return null;
        }
        catch (SdcException refusal) when (refusal is { Error: SdcError.Refused, Status: 400 }
            && refusal.Message.Contains("filename is not a valid query parameter", StringComparison.Ordinal))
        {
            return new RecordReader(options.Mission).Named(name);
        }
    }

    /// <summary>Asks why the archive has no file of a name any more: of one that was withdrawn it says so.</summary>
    /// <param name="name">Bare name or path.</param>
    /// <param name="cancel">Ends the question.</param>
    /// <returns>The archive's sentence, with the reason and the file that is there in its place; null where no file
    /// of the name was withdrawn.</returns>
    /// <exception cref="SdcException">The server cannot be reached.</exception>
    public async Task<string?> FindWithdrawalAsync(string name, CancellationToken cancel = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        using var answer = await api.StepAsync("download/" + string.Join('/', name.Split('/').Select(Uri.EscapeDataString)), "*/*", cancel);
        return answer.StatusCode == HttpStatusCode.Gone ? await Refusals.SentenceAsync(answer, cancel) : null;
    }

    /// <summary>Tells how far the archive's ledger is, for <see cref="SdcQuery.SinceSeq"/>.</summary>
    /// <param name="cancel">Ends the question.</param>
    /// <returns>The newest change and the history; null from a server that has no ledger.</returns>
    /// <exception cref="SdcException">The server cannot be reached.</exception>
    public async Task<ArchiveState?> GetStateAsync(CancellationToken cancel = default)
    {
        using var answer = await api.SendAsync(HttpMethod.Head, "query", null, "*/*", cancel);
        return answer.IsSuccessStatusCode
            && answer.Headers.TryGetValues("OpenSDC-Seq", out var seqs)
                && long.TryParse(seqs.First(), NumberStyles.None, CultureInfo.InvariantCulture, out var seq)
            && answer.Headers.TryGetValues("OpenSDC-History", out var histories)
            ? new ArchiveState(seq, histories.First())
            : null;
    }

    /// <summary>
    /// Fetches a file into a folder. It grows as <c>NAME.part</c>, is verified against the record, flushed to the
    /// disk and then renamed: under its final name there is never a wrong file. An interrupted download goes on
    /// where it ended, also in another process.
    /// </summary>
    /// <param name="record">The file, as a query gave it.</param>
    /// <param name="folder">The folder; the file lies below it at its path in the archive, or directly in it
    /// (<see cref="DownloadOptions.Flat"/>). Folders are made as needed.</param>
    /// <param name="how">How; null for the defaults.</param>
    /// <param name="progress">Told of every step; null for nobody.</param>
    /// <param name="cancel">Ends the download; what came so far is kept for the next one.</param>
    /// <returns>Where the file is, and whether it was there already.</returns>
    /// <exception cref="SdcException">The file is not there now, and not under its final name unless it was
    /// before.</exception>
    public Task<DownloadResult> DownloadAsync(
        FileRecord record, string folder, DownloadOptions? how = null, IProgress<TransferProgress>? progress = null,
            CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(record);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return FetchAsync(record, folder, how ?? new DownloadOptions(), progress, null, Durable.FlushFolder, cancel);
    }

    /// <param name="record">The file.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="how">How.</param>
    /// <param name="progress">Told of every step.</param>
    /// <param name="urls">Signed URLs that were asked for together; null where the file is asked for alone.</param>
    /// <param name="named">Told of the folder in which the file got its name, which is to be flushed.</param>
    /// <param name="cancel">Ends the download.</param>
    internal async Task<DownloadResult> FetchAsync(
        FileRecord record,
        string folder,
        DownloadOptions how,
        IProgress<TransferProgress>? progress,
        SignedUrls? urls,
        Action<string> named,
        CancellationToken cancel
    )
    {
        var name = record.FilePath[(record.FilePath.LastIndexOf('/') + 1)..];
        try
        {
            var path = LocalPath.Of(folder, record.FilePath, how.Flat);
            if (await ExistingFiles.CompareAsync(record, path, how.Existing, cancel) is { } digest)
            {
                progress?.Report(new TransferProgress(name, TransferStep.Skipped, record.Size, record.Size));
                return new DownloadResult(record, path, DownloadOutcome.AlreadyThere, digest);
            }

            var sha256 = await new Download(api, options, record, path, progress, urls).RunAsync(cancel);
            named(Path.GetDirectoryName(path)!);
            return new DownloadResult(record, path, DownloadOutcome.Downloaded, sha256);
        }
        catch (SdcException failure)
        {
            progress?.Report(new TransferProgress(name, TransferStep.Failed, 0, record.Size, failure.Message));
            throw;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            var failure = new SdcException(SdcError.Disk, $"The disk refuses {name}: {refused.Message}", refused);
            progress?.Report(new TransferProgress(name, TransferStep.Failed, 0, record.Size, failure.Message));
            throw failure;
        }
    }

    /// <summary>Fetches many files, several at once. A file that fails does not end the others.</summary>
    /// <param name="records">The files; read as they are needed.</param>
    /// <param name="folder">The folder, as for <see cref="DownloadAsync"/>.</param>
    /// <param name="how">How; null for the defaults.</param>
    /// <param name="progress">Told of every step, from several threads; null for nobody.</param>
    /// <param name="cancel">Ends all of it.</param>
    /// <returns>The end of each download, in the order in which they ended. Whoever stops reading ends the
    /// downloads.</returns>
    public IAsyncEnumerable<DownloadResult> DownloadManyAsync(
        IAsyncEnumerable<FileRecord> records, string folder, DownloadOptions? how = null, IProgress<TransferProgress>? progress = null,
            CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(records);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        how ??= new DownloadOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(how.FilesAtOnce, 1, nameof(how));
        return ManyDownloads.RunAsync(this, api, records, folder, how, progress, cancel);
    }

    /// <summary>
    /// Sends a file under its own name. The digest is declared, so that the archive takes these bytes or none,
    /// and a file that the archive has already with the same bytes is a success: it may be repeated after any
    /// fault. Large files go in parts, and an interrupted upload goes on, also in another process.
    /// </summary>
    /// <param name="path">Local path; its last part must be a name of the mission's conventions.</param>
    /// <param name="progress">Told of every step; null for nobody.</param>
    /// <param name="cancel">Ends the upload; nothing is published then unless all had been sent.</param>
    /// <returns>Where the file is in the archive, and whether it was there already.</returns>
    /// <exception cref="SdcException">The archive refuses the file, has other bytes under its name, or cannot be
    /// reached.</exception>
    public async Task<UploadResult> UploadAsync(string path, IProgress<TransferProgress>? progress = null,
        CancellationToken cancel = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return await new Upload(api, options, path, progress).RunAsync(cancel);
        }
        catch (SdcException failure)
        {
            progress?.Report(new TransferProgress(Path.GetFileName(path), TransferStep.Failed, 0, -1, failure.Message));
            throw;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            var failure = new SdcException(refused is FileNotFoundException or DirectoryNotFoundException ? SdcError.LocalFile
                : SdcError.Disk, $"{path} cannot be read: {refused.Message}", refused);
            progress?.Report(new TransferProgress(Path.GetFileName(path), TransferStep.Failed, 0, -1, failure.Message));
            throw failure;
        }
    }

    /// <summary>Counts the files of each product in each period, by product and period.</summary>
    /// <param name="query">Which files are meant; <see cref="SdcQuery.Limit"/> does not count.</param>
    /// <param name="period">Width of a period.</param>
    /// <param name="cancel">Ends the question.</param>
    /// <returns>The counts; periods without files are left out.</returns>
    /// <exception cref="SdcException">The server refuses the question, does not know it, or cannot be
    /// reached.</exception>
    public async Task<IReadOnlyList<CoverageBin>> CoverageAsync(SdcQuery query, CoveragePeriod period = CoveragePeriod.Day,
        CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        var asked = query.ToQueryString();
        var bin = period switch { CoveragePeriod.Day => "day", CoveragePeriod.Month => "month", _ => "year" };
        using var answer = await api.SendAsync(HttpMethod.Get, $"coverage?{asked}{(asked.Length > 0 ? "&" : "")}bin={bin}", null, "*/*",
            cancel);
        await Refusals.EnsureAsync(answer, "The archive does not tell its coverage", cancel);
        return Upload.Parse(await answer.Content.ReadAsByteArrayAsync(cancel), ClientJson.Default.IReadOnlyListCoverageBin);
    }

    /// <summary>Closes the client's connections.</summary>
    public void Dispose() => api.Dispose();
}
