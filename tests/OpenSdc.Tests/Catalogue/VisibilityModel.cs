using System.Text.Json;
using CsCheck;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using Shouldly;

namespace OpenSdc.Tests.Catalogue;

/// <summary>What team and public see of an archive: a plain list of intervals for each file, changed as the archive is.</summary>
internal sealed class VisibilityModel(Server.Catalogue.Catalogue catalogue)
{
    public static readonly string[] Names =
    [
        .. from descriptor in (string[])["sci", "other"]
           from day in (string[])["20260901", "20260902"]
           from version in (string[])["v001", "v001.0002", "v001.0010", "v002.0001", "v002.0003"]
           select $"imap_swe_l1_{descriptor}_{day}_{version}.cdf",
        "imap_mag_cal_20260101_v001.csv", "imap_mag_cal_20260101_v002.csv", "naif0012.tls",
    ];

    public static readonly Gen<(int Kind, int[] Files)[]> Steps = Gen.Select(Gen.Int[0, 9], Gen.Int[0, Names.Length - 1].Array[1, 6]).Array[
        4,
        25
    ];

    private readonly List<Entry> entries = [];
    private readonly Releases releases = new(catalogue, TimeProvider.System);
    private readonly Withdrawals withdrawals = new(catalogue, TimeProvider.System);

    public long Head { get; private set; }

    public async Task DoAsync(int kind, int[] files)
    {
        var names = files.Select(i => Names[i]).Distinct().ToList();
        var there = entries.Where(each => names.Contains(each.Name.Name)).ToList();
        switch (kind)
        {
            case <= 3:
                catalogue.ReleasesAll = kind == 0;
                await catalogue.PublishAsync(
                    [.. names.Select(name => new Publication(FileName.Parse(name, Mission.Imap).Name!, name.Length, new string('a', 64)))],
                    CancellationToken.None
                );
                foreach (
                    var name in names
                        .Where(name => !entries.Exists(each => each.Name.Name == name))
                        .Select(name => FileName.Parse(name, Mission.Imap).Name!)
                )
                {
                    entries.Add(new Entry(name, ++Head));
                    entries[^1].Team.Add(new(Head, null));
                    if (kind == 0 || name.StartsReleased)
                        entries[^1].Public.Add(new(Head, null));
                }

                break;
            case <= 7:
                var meant = there.Where(each => Entry.IsOpen(each.Team) && Entry.IsOpen(each.Public) == (kind == 7)).ToList();
                (
                    await releases.SetAsync(
                        [.. there.Select(each => each.Seq)],
                        release: kind < 7,
                        new() { Action = "test", Caller = "someone" },
                        CancellationToken.None
                    )
                ).Changed.ShouldBe(meant.Count);
                foreach (var each in meant)
                {
                    each.Changes.Add((++Head, kind < 7 ? ChangeKind.Released : ChangeKind.Unreleased));
                    if (kind < 7)
                        each.Public.Add(new(Head, null));
                    else
                        Entry.Close(each.Public, Head);
                }

                break;
            case 8:
                foreach (var each in there)
                {
                    var isSeen = Entry.IsOpen(each.Team);
                    (
                        await withdrawals.WithdrawAsync(
                            each.Name.Key,
                            "wrong",
                            null,
                            new() { Action = "test", Caller = "someone" },
                            CancellationToken.None
                        )
                    ).ShouldBe(isSeen ? WithdrawalOutcome.Done : WithdrawalOutcome.IsWithdrawn);
                    if (!isSeen)
                        continue;
                    each.Changes.Add((++Head, ChangeKind.Withdrawn));
                    Entry.Close(each.Team, Head);
                    if (Entry.IsOpen(each.Public))
                        Entry.Close(each.Public, Head);
                }

                break;
            default:
                foreach (var each in there)
                {
                    var isSeen = Entry.IsOpen(each.Team);
                    (
                        await withdrawals.RestoreAsync(each.Name.Key, new() { Action = "test", Caller = "someone" }, CancellationToken.None)
                    ).ShouldBe(isSeen ? WithdrawalOutcome.IsNot : WithdrawalOutcome.Done);
                    if (isSeen)
                        continue;
                    var wasPublic = each.Public is [.., { To: { } to }] && to == each.Team[^1].To;
                    each.Changes.Add((++Head, ChangeKind.Restored));
                    each.Team.Add(new(Head, null));
                    if (wasPublic)
                        each.Public.Add(new(Head, null));
                }

                break;
        }

        (await catalogue.HeadAsync(CancellationToken.None)).ShouldBe(Head);
    }

    public async Task CompareAsync(FileQuery query, Audience audience)
    {
        var found = new List<(string, bool)>();
        await using (
            var rows = await catalogue.QueryAsync(
                query,
                ReadScope.Of(query, audience),
                query.Family is null ? null : Mission.Imap.FindFamily(query.Family),
                "item, file_path",
                count: true,
                CancellationToken.None
            )
        )
        {
            rows.Count.ShouldBe(Truth(query with { Limit = null }, audience).Count, $"count of {query} for {audience}");
            while (await rows.ReadAsync(CancellationToken.None))
            {
                using var item = JsonDocument.Parse(rows.Columns.GetString(0));
                found.Add((item.RootElement.GetProperty("file_path").GetString()!, item.RootElement.GetProperty("released").GetBoolean()));
            }
        }

        found.ShouldBe(
            Truth(query, audience),
            $"{query} for {audience} of {string.Join(' ', entries.Select(each => $"{each.Seq}:{string.Join(',', each.Team)}/{string.Join(',', each.Public)}"))}"
        );
    }

    public async Task CompareCoverageAsync(Audience audience)
    {
        var (files, bytes) = (0L, 0L);
        var query = new FileQuery { Family = null };
        await using (var rows = await catalogue.CoverAsync(query, ReadScope.Of(query, audience), 4, CancellationToken.None))
        {
            while (await rows.NextAsync(CancellationToken.None) is { } lines)
            {
                for (var rest = lines.Text.Span; rest.Length > 0;)
                {
                    var line = CoverageLine.Take(ref rest);
                    (files, bytes) = (files + CoverageLine.Number(line.Files), bytes + CoverageLine.Number(line.Bytes));
                }
            }
        }

        var seen = entries.Where(each => Entry.IsOpen(each.Of(audience))).ToList();
        (files, bytes).ShouldBe((seen.Count, seen.Sum(each => (long)each.Name.Name.Length)));
    }

    public List<(string Path, bool Released)> Truth(FileQuery query, Audience audience)
    {
        var state = query.AsOf ?? Head;
        var seen = entries.Where(each => At(each, audience) is not null).ToList();
        var left = seen.Where(each => (query.Family is null || each.Name.Family == query.Family)
            && (query.SinceSeq is not { } since || At(each, audience)!.From > since)
            && (query.Released is not { } released || At(each, Audience.Public) is not null == released)
            && (query.MinorVersions.Count == 0 || query.MinorVersions.Contains(each.Name.MinorVersion ?? -1))
            && (query.Current is not { } current || Newest(seen).Contains(each) == current)).ToList();
        if (query.Latest)
            left = Newest(left);
        if (query.DefaultVersions)
            left =
            [
                .. left.Where(each =>
                    !left.Exists(other => other.Name.Series == each.Name.Series && other.Name.CountedMajor > each.Name.CountedMajor)
                ),
            ];
        var sorted =
            query.Sort.Count == 0
                ? left.OrderBy(each => each.Name.Key, StringComparer.Ordinal)
                : left.OrderByDescending(each => each.Name.StartDate).ThenByDescending(each => each.Seq);
        return [.. sorted.Take(query.Limit ?? int.MaxValue).Select(each => (each.Name.Key, At(each, Audience.Public) is not null))];

        Span? At(Entry entry, Audience of) => entry.Of(of).Find(span => span.From <= state && (span.To is null || span.To > state));
    }

    /// <summary>
    /// What an audience is told of a file: the number and the kind of each change, and for the last kind the
    /// newer version.
    /// </summary>
    public List<(long Seq, string Kind, string? SupersededBy)> Changes(string name, Audience audience)
    {
        if (entries.Find(each => each.Name.Name == name) is not { } entry)
            return [];
        var (spans, isSeen) = (entry.Of(audience), Entry.IsOpen(entry.Of(audience)));
        if (
            audience == Audience.Public
            && !isSeen
            && !(!Entry.IsOpen(entry.Team) && spans is [.., { To: { } hidden }] && hidden == entry.Team[^1].To)
        )
            return [];
        List<(long, string, string?)> told = [(entry.Seq, ChangeKind.Published, null)];
        told.AddRange(
            entry
                .Changes.Where(each => audience == Audience.Team || spans.Exists(span => span.From <= each.Seq && !(span.To < each.Seq)))
                .Select(each => (each.Seq, each.Kind, (string?)null))
        );
        var newer = entries
            .Where(each =>
                isSeen
                && each.Name.Series == entry.Name.Series
                && Entry.IsOpen(each.Of(audience))
                && string.CompareOrdinal(each.Name.VersionOrder, entry.Name.VersionOrder) > 0
            )
            .ToList();
        // One that was there before it superseded it from its first moment on.
        if (
            newer.Count > 0
            && newer.TrueForAll(each => each.Of(audience)[^1].From > spans[^1].From)
            && newer.MinBy(each => each.Of(audience)[^1].From) is { } first
        )
            told.Add((first.Of(audience)[^1].From, FileChange.Superseded, first.Name.Key));
        told.Sort();
        return told;
    }

    private static List<Entry> Newest(List<Entry> some) =>
        [
            .. some.Where(each =>
                !some.Exists(other =>
                    other.Name.Series == each.Name.Series && string.CompareOrdinal(other.Name.VersionOrder, each.Name.VersionOrder) > 0
                )
            ),
        ];

    private sealed record Span(long From, long? To);

    private sealed class Entry(FileName name, long seq)
    {
        public FileName Name => name;

        public long Seq => seq;

        /// <summary>What happened after its publication.</summary>
        public List<(long Seq, string Kind)> Changes { get; } = [];

        public List<Span> Team { get; } = [];

        public List<Span> Public { get; } = [];

        public List<Span> Of(Audience audience) => audience == Audience.Public ? Public : Team;

        public static bool IsOpen(List<Span> spans) => spans is [.., { To: null }];

        public static void Close(List<Span> spans, long at) => spans[^1] = spans[^1] with { To = at };
    }
}
