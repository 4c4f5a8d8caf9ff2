using System.Globalization;
using System.Text.Json;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Files;

namespace OpenSdc.Server.Description;

/// <summary>The file that all examples are about, the founding document's, and the values that go with it.</summary>
internal static class Samples
{
    public const string FileName = "imap_codice_l1a_lo_20260101_20260102_v01-01.cdf";
    public const string Key = "imap/codice/l1a/2026/01/" + FileName;
    public const string Sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    public const string Md5InBase64 = "CY9rzUYh03PK3k6DJie09g==";
    public const string Sha256InBase64 = "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=";
    public const string Expires = "1767323045";
    public const string Signature = "kJ3vT0c5m4m5m0Jv2gqv8mXx3H1w0yqB9mTj7cQe2sA";
    public const string LastModified = "Sat, 03 Jan 2026 04:05:06 GMT";
    public const string Disposition = $"attachment; filename=\"{FileName}\"";
    public const string Url = $"https://sdc.example.org/objects/{Key}?expires={Expires}&signature={Signature}";

    public const string UploadId = "q6Vh0cR3yQmJ0v8nH1d7Tw";
    public const string PartUrl = $"https://sdc.example.org/uploads/{UploadId}/parts/2?expires={Expires}&signature={Signature}";

    public const string History = "1b4f0e9851971998";
    public const string QueryTag = $"W/\"{History}-42-3f786850e387550f\"";

    public static readonly string Cursor = new Cursor(History, 42, new PageEnd([Key])).Write();

    public static readonly string Next = $"<https://sdc.example.org/query?limit=1&cursor={Cursor}>; rel=\"next\"";

    public static readonly IReadOnlyList<NameFault> NameFaults =
        [new("start date", "20260132", "The start date '20260132' is not in the calendar; allowed: a real day, written YYYYMMDD.")];

    public static readonly UploadReceipt Published = new(Key, 1482760, Sha256, 42, "20260103 04:05:06");

    public static readonly string Receipt = JsonSerializer.Serialize(Published, ContractJson.Default.UploadReceipt);

    private static readonly UploadStatus Open = new()
    {
        Id = UploadId,
        FilePath = Key,
        State = "open",
        Created = "20260103 04:05:06",
        Expires = "20260110 04:05:06",
        Size = 100_000_000,
        PartSize = 67_108_864,
        Parts = 2,
    };

    public static readonly string OpenUpload = StatusJson(Open);
    public static readonly string OpenUploads = JsonSerializer.Serialize(new UploadList([Open], null), ContractJson.WithUrls.UploadList);
    public static readonly string ArrivedUpload = StatusJson(Open with { State = "arrived" });
    public static readonly string PublishedUpload = StatusJson(new()
    {
        Id = UploadId,
        Created = "20260103 04:05:00",
        FilePath = Key,
        State = "published",
        Expires = "20260103 05:05:06",
        Receipt = Published,
    });

    public static readonly string RefusedUpload = StatusJson(new()
    {
        Id = UploadId,
        Created = "20260103 04:05:00",
        FilePath = Key,
        State = "refused",
        Expires = "20260103 05:05:06",
        Problem = new("urn:opensdc:problem:content-conflict", Problems.ContentConflict(Key).Sentence),
    });

    public static readonly string Parts = JsonSerializer.Serialize(
        new PartList([new(1, 67_108_864)], [new(2, 67_108_864, 32_891_136, PartUrl)]), ContractJson.WithUrls.PartList);

    public static readonly FileRecord File = RecordOf(Contract.Naming.FileName.Parse(FileName, Mission.Imap).Name!);

    public static readonly string Record = JsonOf(File);

    public static readonly string Ready = Json(
        new("ready", "done", "answers", "taken", null, 512L << 30, 0, new("20260103 04:05:06", "20260102 16:03:12", 0.4217))
    );
    public static readonly string ReadOnly = Json(
        new("read-only", "done", "answers", "refused", Problems.InsufficientStorage.Sentence, 200L << 20, 0)
    );
    public static readonly string Recovering = Json(new("starting", "running", "answers", "taken", null, 512L << 30, 0));

    public const string Coverage =
        """
        [{"family":"science","instrument":"codice","data_level":"l1a","descriptor":"lo","extension":"cdf","bin":"202601","files":62,"bytes":91931120,"version":"v01-02","first_ingestion":"20260103 04:05:06","last_ingestion":"20260203 04:05:06"}]
        """;

    public const string Facets =
        """
        {"files":62,"bytes":91931120,"facets":{"instrument":[{"value":"codice","files":62,"bytes":91931120}],"data_level":[{"value":"l1a","files":62,"bytes":91931120}],"descriptor":[{"value":"lo","files":62,"bytes":91931120}],"extension":[{"value":"cdf","files":62,"bytes":91931120}],"start_year":[{"value":"2026","files":62,"bytes":91931120}]}}
        """;

    public static readonly string PlainList = $"[{Record}]";

    public static readonly string CsvLines = $"""
        {string.Join(',', QueryRequest.AllFields)}
        {CsvLineOf(File)}

        """.ReplaceLineEndings("\r\n");

    public static readonly string DocumentedList = string.Concat(
        Representation.AroundQuery.Before,
        $"[{TupleOf(File)}]",
        Representation.AroundQuery.After);

    /// <summary>The record that a file of this name could have.</summary>
    public static FileRecord RecordOf(Contract.Naming.FileName name) => new()
    {
        FilePath = name.Key,
        Instrument = name.Instrument,
        DataLevel = name.DataLevel,
        Descriptor = name.Descriptor,
        StartDate = name.StartDate?.ToString("yyyyMMdd", CultureInfo.InvariantCulture),
        EndDate = name.EndDate?.ToString("yyyyMMdd", CultureInfo.InvariantCulture),
        Repointing = name.Repointing,
        Cr = name.Cr,
        Version = name.Version,
        MajorVersion = name.MajorVersion,
        MinorVersion = name.MinorVersion,
        Extension = name.Extension,
        IngestionDate = Published.IngestionDate,
        Size = Published.Size,
        Sha256 = Sha256,
        Seq = Published.Seq,
    };

    public static string JsonOf(FileRecord file) => JsonSerializer.Serialize(file, ContractJson.Default.FileRecord);

    public static string CsvLineOf(FileRecord file) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{file.FilePath},{file.Instrument},{file.DataLevel},{file.Descriptor},{file.StartDate},{file.EndDate},{file.Repointing},{file.Cr},{file.Version},{file.MajorVersion},{file.MinorVersion},{file.Extension},{file.IngestionDate},{file.Size},{file.Sha256},{file.Seq},{(file.Released ? "true" : "false")},{file.Crid},"
        );

    /// <summary>As the documented representation writes a file: a tuple of Python.</summary>
    public static string TupleOf(FileRecord file)
    {
        string?[] texts = [file.Instrument, file.DataLevel, file.Descriptor, file.StartDate, file.EndDate, file.Version, file.Extension];
        return $"({string.Join(", ", texts.Select(text => text is null ? "None" : $"'{text}'"))})";
    }

    private static string StatusJson(UploadStatus status) => JsonSerializer.Serialize(status, ContractJson.WithUrls.UploadStatus);

    private static string Json(Readiness readiness) => JsonSerializer.Serialize(readiness, HealthJson.Default.Readiness);
}
