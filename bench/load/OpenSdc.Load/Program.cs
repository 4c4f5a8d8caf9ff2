using OpenSdc.Load;

const string Usage = """
    usage: OpenSdc.Load COMMAND [--option value]…
      bare    --urls URL                              a bare Kestrel endpoint with a 200-byte JSON answer
      sha256                                          one core's SHA-256 rate
      loop    --db FILE --rows N [--sql SQL] [--order yes] [--seconds S]
                                                      queries of about 100 rows with the SQLite driver alone
      rows    --db FILE --instrument NAME [--columns all|item] [--rounds N]
                                                      one instrument's rows with the SQLite driver alone
      names   --rows N [--count C] [--as name|key|download-key|download-filename|query-one|query-month|coverage-year|facets-year]
      names   --tag TAG --count C                     names that no filled archive has
      urls    --base URL --names FILE --kind upload|download
                                                      signed URLs, one a line
      put     --url-file FILE --size BYTES --connections C [--skip N] [--warm N] [--count N]
      ingest  --urls URL[,URL] --count N [--size BYTES] [--connections C] [--rate R] [--tag T]
                                                      small files the whole way in, and when each becomes visible
      bare-publish --data DIR [--size BYTES] [--threads T] [--count N]
                                                      write, flush, link, flush the folder: the peer of publishing
      ask     --url URL --paths FILE [--count N] [--warm N] [--streams S] [--rows lines]
                                                      each path in turn: time to the first byte and to the last
      get     --url URL                               one stream
      ready   --url URL [--runs N] -- COMMAND…        time from exec to the first 200
      fuzz    --url URL [--count N] [--connections C] [--seed S] [--limit L] [--pid PID [--sample N] [--show N]]
                                                      spoilt queries; with the server's PID also what each costs it
      hostile --url URL [--alone S] [--beside S] [--idle N]
                                                      good clients alone and beside hostile ones
      fill    --data DIR|--catalogue CONNECTION --rows N [--seconds S]
                                                      catalogue rows for an archive that is not running; goes on where it stopped
      release-fill --data DIR [--catalogue CONNECTION] --rows N
                                                      catalogue rows of which half is released, for an archive that is not running
      release --url URL --key KEY --rows N            releases by one manifest beside uploads and look-ups, in such an archive
      timing  --url URL --rows N [--count N]          how long an anonymous caller waits for what is not released and for what is absent, there
      fill-objects --data DIR --rows N [--size BYTES] objects and their rows, for the same
      fill-bucket --data DIR --objects s3://B/P --endpoint URL --rows N [--size BYTES]
                                                      the same with the objects in a bucket
      s3-listing --urls URL --rows N [--delay MS]     a store of listings alone, of prefix archive/
      s3-list | s3-sign | s3-read --objects s3://B/P --endpoint URL [--rows N] [--readers N]
                                                      a listing page by page; URLs signed; every object read and hashed by a plain client
      s3-url --objects s3://B/P --endpoint URL --key KEY [--method PUT|DELETE]
                                                      a URL of the store itself
    """;

if (args.Length == 0)
{
    Console.Error.WriteLine(Usage);
    return 2;
}

try
{
    var options = new Arguments(args.AsSpan(1));
    return args[0] switch
    {
        "bare" => await BareEndpoint.Run(options),
        "sha256" => Sha256Rate.Run(),
        "loop" => QueryLoop.Run(options),
        "names" => Names.Run(options),
        "urls" => await SignedUrlList.Run(options),
        "put" => await PutLoad.Run(options),
        "ingest" => await IngestLoad.Run(options),
        "bare-publish" => BarePublish.Run(options),
        "ask" => Ask.Run(options),
        "rows" => RowLoop.Run(options),
        "release-fill" => await ReleaseLoad.FillAsync(options),
        "release" => await ReleaseLoad.RunAsync(options),
        "timing" => await TimingLoad.RunAsync(options),
        "get" => GetStream.Run(options),
        "ready" => await StartTime.Run(options),
        "fuzz" => await Fuzz.Run(options),
        "hostile" => await HostileLoad.Run(options),
        "fill" => await Fill.Run(options),
        "fill-objects" => await FillObjects.Run(options),
        "fill-bucket" => await FillBucket.Run(options),
        "s3-listing" => await ListingServer.Run(options),
        "s3-list" => await S3Rates.List(options),
        "s3-sign" => await S3Rates.Sign(options),
        "s3-url" => S3Rates.Url(options),
        "s3-read" => await S3Rates.Read(options),
        _ => throw new UsageException($"No such command: {args[0]}\n{Usage}"),
    };
}
catch (Exception e) when (e is UsageException or LoadFailedException or HttpRequestException or IOException)
{
    Console.Error.WriteLine(e.Message);
    return e is UsageException ? 2 : 1;
}
