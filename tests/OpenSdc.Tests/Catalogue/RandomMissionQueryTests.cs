using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Tests.Naming;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>
/// Random missions, random archives of their files: <c>latest</c> and the filters on fields of the mission's
/// own against a plain evaluation of names.
/// </summary>
public abstract partial class RandomMissionQueryTests(Func<TestDatabase> database, int archives)
{
    private static readonly Gen<(string Json, string[] Names)> Archives = RandomMissions.Json.SelectMany(
        json => RandomMissions.Names(RandomMissions.Load(json)).Array[2, 25].Select(names => (json, names.Distinct().ToArray())));

    [Fact]
    public async Task Latest_is_the_greatest_version_of_each_series()
    {
        var superseded = 0;
        await Archives.SampleAsync(
            async (json, names) =>
            {
                var mission = RandomMissions.Load(json);
                await using var fixture = new CatalogueFixture(TimeProvider.System, database());
                await fixture.InitializeAsync();
                var files = names
                    .Select((name, i) => new PlainFile(name, FileName.Parse(name, mission).Name.ShouldNotBeNull(name), i + 1))
                    .ToList();
                foreach (var batch in files.Chunk(5))
                    await fixture.Catalogue.PublishAsync(
                        [.. batch.Select(file => new Publication(file.Said, 1, new string('a', 64)))],
                        CancellationToken.None
                    );

                var all = new FileQuery { Family = "data" };
                superseded += names.Length - await CompareAsync(all with { Latest = true }, PlainFile.Newest(files));
                await CompareAsync(all with { Current = true }, PlainFile.Newest(files));
                foreach (var (field, text) in files.SelectMany(file => file.Said.Own).Distinct().Take(6))
                {
                    var meant = files.Where(file => file.Said.Own[field.Name] == text).ToList();
                    var asked = all with { Own = [new OwnFilter(field, [text])] };
                    await CompareAsync(asked, meant);
                    await CompareAsync(asked with { Latest = true }, PlainFile.Newest(meant));
                    await CompareAsync(asked with { Limit = 2 }, meant.OrderBy(file => file.Said.Key, StringComparer.Ordinal).Take(2));
                }

                (await new DerivedData(fixture.Catalogue, mission).CheckAsync(CancellationToken.None)).ShouldBeEmpty();

                async Task<int> CompareAsync(FileQuery query, IEnumerable<PlainFile> expected)
                {
                    List<string> found = [];
                    await using var rows = await fixture.Catalogue.QueryAsync(
                        query,
                        ReadScope.Of(query, Caller.Anyone),
                        mission.FindFamily("data"),
                        "item",
                        count: false,
                        CancellationToken.None
                    );
                    while (await rows.ReadAsync(CancellationToken.None))
                    {
                        using var item = JsonDocument.Parse(rows.Columns.GetString(0));
                        found.Add(item.RootElement.GetProperty("file_path").GetString()!);
                        var said = files.Single(file => file.Said.Key == found[^1]).Said;
                        foreach (var (field, text) in said.Own)
                            item.RootElement.GetProperty(field.Name).ToString().ShouldBe(text);
                        (item.RootElement.TryGetProperty("start_time", out var time) ? time.GetString() : null).ShouldBe(said.StartTime);
                    }

                    found.ShouldBe(expected.Select(file => file.Said.Key).Order(StringComparer.Ordinal), false, json);
                    return found.Count;
                }
            },
            iter: archives,
            threads: 1
        );
        superseded.ShouldBeGreaterThan(archives / 5);
    }

    /// <summary>A file as its name alone tells of it, piece by piece.</summary>
    private sealed partial record PlainFile(string Name, FileName Said, int Seq)
    {
        public static IEnumerable<PlainFile> Newest(IReadOnlyCollection<PlainFile> files) =>
            files.Where(file => !files.Any(other => other.Series == file.Series && other.IsNewerThan(file)));

        // The name without its end, its version, and the parts that the mission leaves outside.
        private string Series
        {
            get
            {
                var name = Regex.Replace(Name, "_e[0-9-]{8,14}_", "_");
                name = name[..name.LastIndexOf('_')] + Path.GetExtension(name);
                foreach (
                    var outside in Said.Own.Where(value =>
                        !value.Field.InSeries && value.Field.Name.StartsWith("own_", StringComparison.Ordinal)
                    )
                )
                    name = Regex.Replace(name, $"_{outside.Field.Name[4..]}-[^_]*(_[0-9]{{3}})?(?=_)", "");
                return name;
            }
        }

        // Runs of digits as numbers, every other character as it is. Of a version the pieces follow each
        // other as they count, but that a letter before the number counts after it.
        private List<string> Version =>
            [
                .. Pieces()
                    .Matches(
                        HasTextAfterOneDigit ? Written[..1] + '_' + Written[1..] : Regex.Replace(Written, "^(a|b|rc)([0-9]+)$", "$2$1")
                    )
                    .Select(piece => piece.Value),
            ];

        private string Written => Path.GetFileNameWithoutExtension(Name[(Name.LastIndexOf('_') + 1)..])[1..];

        private bool HasTextAfterOneDigit => Said.Own.Any(value => value.Field is { Name: "letter", Kind: OwnFieldKind.Text });

        private bool IsNewerThan(PlainFile other)
        {
            foreach (var (mine, its) in Version.Zip(other.Version))
            {
                var order =
                    char.IsAsciiDigit(mine[0]) && char.IsAsciiDigit(its[0])
                        ? decimal.Parse(mine).CompareTo(decimal.Parse(its))
                        : string.CompareOrdinal(mine, its);
                if (order != 0)
                    return order > 0;
            }

            return Version.Count != other.Version.Count ? Version.Count > other.Version.Count : Seq > other.Seq;
        }

        [GeneratedRegex("[0-9]+|[^0-9]")]
        private static partial Regex Pieces();
    }
}

public sealed class SqliteRandomMissionQueryTests() : RandomMissionQueryTests(() => new SqliteDatabase(), archives: 80);

public sealed class PostgresRandomMissionQueryTests() : RandomMissionQueryTests(() => new PostgresDatabase(), archives: 15);
