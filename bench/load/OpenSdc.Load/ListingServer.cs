using System.Globalization;
using System.Net;
using System.Text;

namespace OpenSdc.Load;

/// <summary>
/// An S3 store of listings alone: it tells the keys of <see cref="NameGenerator"/> a thousand with an answer,
/// as ListObjectsV2 does, each after a delay such as a distant store has. There are no bytes behind them.
/// </summary>
internal static class ListingServer
{
    private const int Page = 1000;

    public static async Task<int> Run(Arguments options)
    {
        var generator = new NameGenerator(options.Number("rows"));
        var delay = TimeSpan.FromMilliseconds(options.Number("delay", 0));
        var keys = new (string Key, long Size)[generator.Rows];
        for (long i = 0; i < keys.Length; i++)
            keys[i] = ("archive/" + generator[i].Key, 1024 + (i % 1_000_000));
        Array.Sort(keys, (one, other) => string.CompareOrdinal(one.Key, other.Key));
        var names = keys.Select(each => each.Key).ToArray();

        var builder = WebApplication.CreateSlimBuilder(["--urls", options.Text("urls")]);
        builder.Logging.ClearProviders();
        var app = builder.Build();
        app.MapGet(
            "/{bucket}",
            async (HttpContext context) =>
            {
                if (delay > TimeSpan.Zero)
                    await Task.Delay(delay);
                var query = context.Request.Query;
                context.Response.ContentType = "application/xml";
                await context.Response.WriteAsync(
                    Answer(query["prefix"].ToString(), query["delimiter"].ToString(), query["continuation-token"].ToString())
                );
            }
        );
        await app.RunAsync();
        return 0;

        string Answer(string prefix, string delimiter, string token)
        {
            var text = new StringBuilder(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            );
            var at = token.Length > 0 ? int.Parse(token, CultureInfo.InvariantCulture) : FirstFrom(prefix);
            var told = 0;
            while (told < Page && at < names.Length && names[at].StartsWith(prefix, StringComparison.Ordinal))
            {
                told++;
                var end = delimiter.Length > 0 ? names[at].IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) : -1;
                if (end >= 0)
                {
                    var folder = names[at][..(end + delimiter.Length)];
                    text.Append(CultureInfo.InvariantCulture, $"<CommonPrefixes><Prefix>{folder}</Prefix></CommonPrefixes>");
                    at = FirstFrom(folder + char.MaxValue);
                }
                else
                {
                    text.Append(
                        CultureInfo.InvariantCulture,
                        $"<Contents><Key>{WebUtility.HtmlEncode(names[at])}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;{at:x32}&quot;</ETag><Size>{keys[at].Size}</Size><StorageClass>STANDARD</StorageClass></Contents>"
                    );
                    at++;
                }
            }

            var more = at < names.Length && names[at].StartsWith(prefix, StringComparison.Ordinal);
            text.Append(
                CultureInfo.InvariantCulture,
                $"<KeyCount>{told}</KeyCount><MaxKeys>{Page}</MaxKeys><IsTruncated>{(more ? "true" : "false")}</IsTruncated>"
            );
            if (more)
                text.Append(CultureInfo.InvariantCulture, $"<NextContinuationToken>{at}</NextContinuationToken>");
            return text.Append("</ListBucketResult>").ToString();
        }

        int FirstFrom(string key)
        {
            var found = Array.BinarySearch(names, key, StringComparer.Ordinal);
            return found < 0 ? ~found : found;
        }
    }
}
