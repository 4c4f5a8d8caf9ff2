using System.Buffers.Text;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;
using Archive = OpenSdc.Server.Catalogue.Catalogue;

namespace OpenSdc.Tests.Truth;

/// <summary>
/// Any query over any history is answered as the contract words it: in both representations and every format,
/// whole and in pages, by GET and by POST, over a real port, while files are being published; and with
/// <c>as_of</c> it is answered with the same bytes ever after.
/// </summary>
public sealed partial class QueryTruthTests
{
    private const int Histories = 12;
    private const int QueriesEach = 280;

    public static TheoryData<string> Setups => [.. ArchiveSetup.OfEachCatalogue];

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Any_query_is_answered_as_the_contract_words_it_while_files_arrive(string setup)
    {
        var (found, formatted, latest, pages) = (0L, 0L, 0L, 0L);
        await Gen.Select(Ledger.Any, TruthQuery.Any.Array[QueriesEach])
            .SampleAsync(
                async (ledger, queries) =>
                {
                    var clock = new FakeTimeProvider(Ledger.FirstDay);
                    // A request that waits while this clock jumps by days has not stood still.
                    await using var archive = await RunningArchive.StartAsync(
                        // Its records have no objects, which a scrub would tell of.
                        options => options with { ClientTimeout = (int)TimeSpan.FromDays(40).TotalSeconds, ScrubRate = 0 },
                        clock,
                        setup: ArchiveSetup.Of(setup)
                    );
                    var history = new History(archive, ledger, clock);
                    using var turns = new SemaphoreSlim(1);
                    var publishing = history.PublishAsync(turns);
                    var kept = new List<(TruthQuery Query, List<(string, string)> Parameters, byte[] Plain, byte[] Documented)>();
                    for (var i = 0; i < queries.Length; i++)
                    {
                        // A share of the transactions for each query, so that the last ones find all there
                        // is; each runs while queries are answered.
                        if ((i + 1) * ledger.Commits.Count * 5 / (queries.Length * 4) > i * ledger.Commits.Count * 5 / (queries.Length * 4))
                            turns.Release();
                        var query = queries[i];
                        var before = history.Head;
                        var parameters = query.Parameters([.. ledger.Rows.Select(row => row.File)], before);
                        var plain = await history.AskAsync(query, parameters, Form.Plain, before);
                        var documented = await history.AskAsync(query, parameters, Form.Documented, before);
                        var form = Form.Formats[i % Form.Formats.Length];
                        formatted += (await history.AskAsync(query, [.. parameters, ("format", form.Format!)], form, before)).Rows.Count;
                        if (query.AsOf >= 0)
                            kept.Add((query, parameters, plain.Bytes, documented.Bytes));
                        found += plain.Rows.Count;
                        latest += parameters.Contains(("latest", "true")) ? plain.Rows.Count : 0;
                        pages += await history.TurnPagesAsync(query, parameters, Form.All[i % Form.All.Length], history.Head);
                    }

                    turns.Release(ledger.Commits.Count);
                    await publishing;
                    foreach (var (query, parameters, plain, documented) in kept)
                    {
                        (await history.SendAsync(query, parameters, null)).Bytes.ShouldBe(plain, "the same as_of, the same bytes");
                        (await history.SendAsync(query, parameters, "application/json")).Bytes.ShouldBe(
                            documented,
                            "the same as_of, the same bytes"
                        );
                    }
                },
                iter: Histories,
                threads: 1
            );
        // Far below what is usual, since the histories are drawn anew each time.
        found.ShouldBeGreaterThan(Histories * 300, "the queries hit");
        formatted.ShouldBeGreaterThan(Histories * 300, "in every format");
        latest.ShouldBeGreaterThan(Histories * 20, "latest has something to choose from");
        pages.ShouldBeGreaterThan(Histories * 150, "pages are turned");
    }

    /// <summary>A history that is happening in an archive, and what the archive must answer meanwhile.</summary>
    private sealed partial class History(RunningArchive archive, Ledger ledger, FakeTimeProvider clock)
    {
        private int done;

        /// <summary>The newest publication that is certainly there.</summary>
        public long Head => ledger.Heads[Volatile.Read(ref done)];

        public async Task PublishAsync(SemaphoreSlim turns)
        {
            var catalogue = archive.Services.GetRequiredService<Archive>();
            for (var i = 0; i < ledger.Commits.Count; i++)
            {
                await turns.WaitAsync();
                var commit = ledger.Commits[i];
                clock.SetUtcNow(commit.At);
                var recorded = await catalogue.PublishAsync(
                    [
                        .. commit.Files.Select(each => new Publication(
                            FileName.Parse(each.File.Name, Mission.Imap).Name.ShouldNotBeNull(each.File.Name),
                            Ledger.SizeOf(each.File),
                            Ledger.Sha256Of(each.File)
                        )
                        {
                            IngestedAt = each.Came,
                        }),
                    ],
                    CancellationToken.None
                );
                recorded
                    .Where(each => each.IsNew)
                    .Select(each => (each.Receipt.Seq, each.Receipt.FilePath))
                    .ShouldBe(
                        ledger
                            .Rows.Where(row => row.Seq > ledger.Heads[i] && row.Seq <= ledger.Heads[i + 1])
                            .Select(row => (row.Seq, row.File.Key))
                    );
                Volatile.Write(ref done, i + 1);
            }
        }

        /// <summary>
        /// The whole answer; it must be the truth of one state between the one before the question and the
        /// one after the answer.
        /// </summary>
        public async Task<(IReadOnlyList<TruthRow> Rows, byte[] Bytes)> AskAsync(
            TruthQuery query,
            List<(string, string)> parameters,
            Form form,
            long before
        )
        {
            var answer = await SendAsync(query, parameters, form.Accept);
            return (Judge(answer, query, parameters, form, before), answer.Bytes);
        }

        /// <summary>The rows of a whole answer that has just come, after all of them were held against the truth.</summary>
        private List<TruthRow> Judge(Answer answer, TruthQuery query, List<(string, string)> parameters, Form form, long before)
        {
            answer.Status.ShouldBe(200, $"{Shown(parameters)}\n{answer.Text}");
            var text = form.TextOf(answer);
            List<TruthRow> rows = [];
            // The transaction that is under way may be seen before its end is known here.
            foreach (var state in ledger.Heads.Where(head => head >= before).Take(Volatile.Read(ref done) + 2))
            {
                rows = Truth.Evaluate(ledger.Rows, parameters, state);
                if (
                    text == form.Truth(rows)
                    && (
                        !parameters.Contains(("count", "true"))
                        || answer["OpenSDC-Count"] == rows.Count.ToString(CultureInfo.InvariantCulture)
                    )
                )
                    return rows;
            }

            var truth = Truth.Evaluate(ledger.Rows, parameters, before);
            ShouldBe(text, form.Truth(truth), $"{Shown(parameters)} sent as {query.Form} from {before}, count {answer["OpenSDC-Count"]}");
            answer["OpenSDC-Count"].ShouldBe(truth.Count.ToString(CultureInfo.InvariantCulture), Shown(parameters));
            return truth;
        }

        /// <summary>
        /// All pages one after the other show the state of the first, which its tag names, whatever is
        /// published in between.
        /// </summary>
        public async Task<int> TurnPagesAsync(TruthQuery query, List<(string, string)> parameters, Form form, long before)
        {
            parameters = [.. parameters, ("limit", query.Page.ToString(CultureInfo.InvariantCulture))];
            if (form.Format is not null)
                parameters.Add(("format", form.Format));
            var answer = await SendAsync(query, parameters, form.Accept);
            answer.Status.ShouldBe(200, $"{Shown(parameters)}\n{answer.Text}");
            // Signed URLs have no tag, but the next page's address names the state as well. Without either it
            // is this answer that is whole: one asked for anew may have a next page by now.
            if (answer["ETag"] is null && answer["Link"] is null)
                return Judge(answer, query, parameters, form, before).Count > 0 ? 1 : 0;
            var state = long.Parse(
                answer["ETag"] is { } tag
                    ? State().Match(tag).Groups[1].Value
                    : Encoding.UTF8.GetString(Base64Url.DecodeFromChars(Cursor().Match(answer["Link"]!).Groups[1].Value)).Split(';')[1],
                CultureInfo.InvariantCulture
            );
            if (query.AsOf < 0)
                state.ShouldBeGreaterThanOrEqualTo(before);
            var truth = Truth.Evaluate(ledger.Rows, parameters, state);
            var pages = truth.Chunk(query.Page).DefaultIfEmpty([]).ToList();
            for (var i = 0; i < pages.Count; i++)
            {
                if (i > 0)
                    answer = await SendAsync(query, parameters, form.Accept, Next().Match(answer["Link"]!).Groups["url"].Value);
                ShouldBe(
                    form.TextOf(answer),
                    form.Truth(pages[i]),
                    $"page {i + 1} of {Shown(parameters)} as of {state}, form {query.Form}"
                );
                (answer["Link"] is not null).ShouldBe(i + 1 < pages.Count, $"page {i + 1} of {pages.Count} of {Shown(parameters)}");
                if (parameters.Contains(("count", "true")))
                    answer["OpenSDC-Count"].ShouldBe(truth.Count.ToString(CultureInfo.InvariantCulture), Shown(parameters));
            }

            return pages.Count;
        }

        /// <summary>
        /// Sends the parameters in the line, or in a body of one of the two kinds; the address of a next page
        /// has those of the line already.
        /// </summary>
        public Task<Answer> SendAsync(TruthQuery query, List<(string Name, string Value)> parameters, string? accept, string? next = null)
        {
            switch (query.Form)
            {
                case 0:
                    return archive.SendAsync(
                        $"GET {next ?? "/query?" + string.Join('&', parameters.Select(each => $"{each.Name}={Uri.EscapeDataString(each.Value)}"))}",
                        accept
                    );
                case 1:
                    return archive.SendAsync(
                        $"POST {next ?? "/query"}",
                        accept,
                        new FormUrlEncodedContent(parameters.Select(each => KeyValuePair.Create(each.Name, each.Value)))
                    );
                default:
                    // One value as it is, several of one name as an array, whose elements are no lists; what
                    // looks like a number goes as one every other time.
                    var members = parameters
                        .GroupBy(each => each.Name, each => each.Value)
                        .Select(each => $"{JsonSerializer.Serialize(each.Key)}:{Json([.. each])}");
                    return archive.SendAsync(
                        $"POST {next ?? "/query"}",
                        accept,
                        new StringContent($"{{{string.Join(',', members)}}}", Encoding.UTF8, "application/json")
                    );
            }

            string Json(string[] values) => values.Length > 1 ? JsonSerializer.Serialize(values.SelectMany(each => each.Split(',')))
                : query.Page % 2 == 0 && Number().IsMatch(values[0]) ? values[0]
                : values[0] is "true" or "false" ? values[0] : JsonSerializer.Serialize(values[0]);
        }

        /// <summary>Shows both texts from where they part, since they are long.</summary>
        private static void ShouldBe(string text, string truth, string asked)
        {
            var same = text.AsSpan().CommonPrefixLength(truth);
            if (text != truth)
                throw new ShouldAssertException(
                    $"{asked}: from character {same} on it says\n{Cut(text, same)}\nand not\n{Cut(truth, same)}"
                );

            static string Cut(string all, int from) =>
                all.Substring(Math.Max(0, from - 80), Math.Min(600, all.Length - Math.Max(0, from - 80)));
        }

        private static string Shown(List<(string Name, string Value)> parameters) =>
            string.Join('&', parameters.Select(each => $"{each.Name}={each.Value}"));

        [GeneratedRegex("^W/\"[0-9a-f]{16}-(\\d+)-")]
        private static partial Regex State();

        [GeneratedRegex("^<(?<url>[^>]+)>; rel=\"next\"$")]
        private static partial Regex Next();

        [GeneratedRegex("[?&]cursor=([\\w-]+)")]
        private static partial Regex Cursor();

        [GeneratedRegex("^[1-9]\\d*$")]
        private static partial Regex Number();
    }
}
