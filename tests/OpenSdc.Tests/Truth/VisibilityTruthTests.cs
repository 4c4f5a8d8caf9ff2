using System.Globalization;
using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Contract;
using OpenSdc.Server;
using OpenSdc.Server.Catalogue;
using OpenSdc.Tests.Access;
using OpenSdc.Tests.Catalogue;
using Shouldly;
using Xunit;
using Archive = OpenSdc.Server.Catalogue.Catalogue;

namespace OpenSdc.Tests.Truth;

/// <summary>
/// Over a real port: after any order of publications, releases and withdrawals the public and a reader are
/// answered what a plain list of intervals says, in every route that lists or counts; and with <c>as_of</c>
/// each is answered the same bytes ever after.
/// </summary>
public sealed class VisibilityTruthTests
{
    public static TheoryData<string> Setups => [.. ArchiveSetup.OfEachCatalogue];

    [Theory]
    [MemberData(nameof(Setups))]
    public Task Every_read_shows_each_caller_what_it_may_see(string setup) =>
        VisibilityModel.Steps.SampleAsync(
            async steps =>
            {
                await using var closed = new Closed(setup);
                await closed.InitializeAsync();
                var archive = closed.Archive;
                var model = new VisibilityModel(archive.Services.GetRequiredService<Archive>());
                (Audience Audience, (string, string)[] Headers)[] callers =
                [
                    (Audience.Public, []),
                    (Audience.Team, [await closed.KeyAsync("read")]),
                    (Audience.Public, [await closed.KeyAsync("upload")]),
                ];
                var kept = new List<((string, string)[] Headers, string Request, string Body)>();
                foreach (var (kind, files) in steps)
                {
                    await model.DoAsync(kind, files);
                    foreach (var (audience, headers) in callers)
                    {
                        var seq = (await archive.SendAsync("HEAD /query?table=*", headers: headers))["OpenSDC-Seq"].ShouldNotBeNull();
                        foreach (var filter in (string[])["version=*", "latest=true", "current=false"])
                        {
                            var request = $"GET /query?table=*&{filter}&as_of={seq}";
                            kept.Add((headers, request, (await archive.SendAsync(request, headers: headers)).Text));
                        }

                        (
                            await archive.SendAsync(
                                $"GET /query?as_of={long.Parse(seq, CultureInfo.InvariantCulture) + 1}",
                                headers: headers
                            )
                        ).Text.ShouldContain($"a number up to {seq},");
                    }
                }

                foreach (var (headers, request, body) in kept)
                    (await archive.SendAsync(request, headers: headers)).Text.ShouldBe(body, $"{request}: the same as_of, the same bytes");
                foreach (var (audience, headers) in callers)
                    await CompareAsync(archive, model, audience, headers);
            },
            iter: 4,
            threads: 1
        );

    [Theory]
    [MemberData(nameof(Setups))]
    public async Task Reads_beside_changes_show_each_caller_a_state_that_was(string setup)
    {
        await using var closed = new Closed(setup);
        await closed.InitializeAsync();
        var archive = closed.Archive;
        var model = new VisibilityModel(archive.Services.GetRequiredService<Archive>());
        (Audience Audience, (string, string)[] Headers)[] callers =
        [
            (Audience.Public, []),
            (Audience.Team, [await closed.KeyAsync("read")]),
        ];
        using var ended = new CancellationTokenSource();
        var readers = callers.Select(caller => Task.Run(async () =>
        {
            var read = new HashSet<(string Request, string Seq, string Text)>();
            do
            {
                foreach (var request in (string[])["GET /query?table=*&version=*", "GET /query?table=*&latest=true", "GET /facets?table=*"])
                {
                    var answer = await archive.SendAsync(request, headers: caller.Headers);
                    read.Add((request, answer["OpenSDC-Seq"].ShouldNotBeNull(), answer.Text));
                }
            }
            while (!ended.IsCancellationRequested);
            return read;
        })).ToList();
        var random = new Random(16);
        for (var step = 0; step < 60; step++)
            await model.DoAsync(
                random.Next(10),
                [.. Enumerable.Range(0, random.Next(1, 7)).Select(_ => random.Next(VisibilityModel.Names.Length))]
            );
        await ended.CancelAsync();

        foreach (var (caller, reader) in callers.Zip(readers))
        {
            foreach (var (request, seq, text) in await reader)
            {
                var query = new FileQuery
                {
                    Family = null,
                    AsOf = long.Parse(seq, CultureInfo.InvariantCulture),
                    Latest = request.Contains("latest", StringComparison.Ordinal),
                };
                var truth = model.Truth(query, caller.Audience);
                using var json = JsonDocument.Parse(text);
                if (json.RootElement.ValueKind == JsonValueKind.Object)
                {
                    json.RootElement.GetProperty("files").GetInt32().ShouldBe(truth.Count, $"{request} at {seq} for {caller.Audience}");
                    continue;
                }

                json.RootElement.EnumerateArray()
                    .Select(each => (each.GetProperty("file_path").GetString()!, each.GetProperty("released").GetBoolean()))
                    .ShouldBe(truth, $"{request} at {seq} for {caller.Audience}");
                (await archive.SendAsync($"{request}&as_of={seq}", headers: caller.Headers)).Text.ShouldBe(
                    text,
                    $"{request}: as_of {seq} is what was answered then"
                );
            }
        }
    }

    private static async Task CompareAsync(RunningArchive archive, VisibilityModel model, Audience audience, (string, string)[] headers)
    {
        var all = new FileQuery { Family = null };
        (string Parameters, FileQuery Query)[] queries =
        [
            ("version=*", all),
            ("latest=true", all with { Latest = true }),
            ("current=true", all with { Current = true }),
            ("released=false&version=*", all with { Released = false }),
            ("since_seq=3", all with { SinceSeq = 3 }),
            ("", all with { DefaultVersions = true }),
        ];
        foreach (var (parameters, query) in queries)
        {
            if (query.SinceSeq > model.Head)
                continue;
            var truth = model.Truth(query, audience);
            var listed = await archive.SendAsync($"GET /query?table=*&{parameters}&count=true", headers: headers);
            if (listed.Status == 400 && query.SinceSeq is not null)
                continue;
            listed.Status.ShouldBe(200, listed.Text);
            listed
                .Json.EnumerateArray()
                .Select(each => (each.GetProperty("file_path").GetString()!, each.GetProperty("released").GetBoolean()))
                .ShouldBe(truth, $"{parameters} for {audience}");
            listed["OpenSDC-Count"].ShouldBe($"{truth.Count}");
            (listed["OpenSDC-Visibility"] is not null).ShouldBe(audience == Audience.Public);
            (await archive.SendAsync($"GET /query?table=*&{parameters}&format=csv&fields=file_path", headers: headers)).Text.ShouldBe(
                "file_path\r\n" + string.Concat(truth.Select(each => each.Path + "\r\n"))
            );
            (await archive.SendAsync($"HEAD /query?table=*&{parameters}&count=true", headers: headers))["OpenSDC-Count"]
                .ShouldBe($"{truth.Count}");
            var paged = new List<string>();
            for (var next = $"GET /query?table=*&{parameters}&limit=3"; next is not null;)
            {
                var page = await archive.SendAsync(next, headers: headers);
                paged.AddRange(page.Json.EnumerateArray().Select(each => each.GetProperty("file_path").GetString()!));
                next = page["Link"] is { } link
                    ? "GET " + new Uri(link[1..link.IndexOf('>', StringComparison.Ordinal)]).PathAndQuery
                    : null;
            }

            paged.ShouldBe(truth.Select(each => each.Path));
        }

        var seen = model.Truth(all, audience);
        (await archive.SendAsync("GET /coverage?table=*&bin=year", headers: headers))
            .Json.EnumerateArray()
            .Sum(each => each.GetProperty("files").GetInt32())
            .ShouldBe(seen.Count);
        (await archive.SendAsync("GET /facets?table=*", headers: headers)).Json.GetProperty("files").GetInt32().ShouldBe(seen.Count);
        (await archive.SendAsync("GET /spice-query", headers: headers))
            .Json.GetArrayLength()
            .ShouldBe(seen.Count(each => each.Path.EndsWith(".tls", StringComparison.Ordinal)));
        foreach (var name in VisibilityModel.Names)
        {
            (await archive.SendAsync($"GET /changes?filename={name}", headers: headers))
                .Json.EnumerateArray()
                .Select(each =>
                    (
                        each.GetProperty("seq").GetInt64(),
                        each.GetProperty("kind").GetString()!,
                        each.TryGetProperty("superseded_by", out var newer) ? newer.GetString() : null
                    )
                )
                .ShouldBe(model.Changes(name, audience), $"{name} for {audience}");
            var isSeen = seen.Exists(each => each.Path.EndsWith("/" + name, StringComparison.Ordinal));
            (await archive.SendAsync($"GET /query?filename={name}", headers: headers)).Json.GetArrayLength().ShouldBe(isSeen ? 1 : 0);
            // Its bytes are nowhere: the redirect is of the record.
            (await archive.SendAsync($"GET /download/{name}", headers: headers)).Status.ShouldBeOneOf(isSeen ? [302] : [404, 410]);
        }
    }

    private sealed class Closed(string setup) : ClosedArchive
    {
        private ServerOptions? configured;

        protected override ServerOptions Configure(ServerOptions options)
        {
            configured ??= ArchiveSetup.Of(setup).Configure(options);
            return options with { Catalogue = configured.Catalogue, Objects = configured.Objects, ScrubRate = 0 };
        }
    }
}
