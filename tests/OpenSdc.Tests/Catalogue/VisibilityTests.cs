using CsCheck;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>
/// What team and public see after any order of publications, releases and withdrawals, now and as of each
/// change before: held against a plain list of intervals. What is kept beside the rows follows each change as
/// its statement makes it.
/// </summary>
public abstract class VisibilityTests(Func<TestDatabase> database, int histories)
{
    [Fact]
    public Task Each_audience_sees_what_was_shown_to_it_now_and_as_of_each_change() => VisibilityModel.Steps.SampleAsync(async steps =>
    {
        await using var fixture = new CatalogueFixture(TimeProvider.System, database());
        await fixture.InitializeAsync();
        var model = new VisibilityModel(fixture.Catalogue);
        foreach (var (kind, files) in steps)
            await model.DoAsync(kind, files);
        (await new DerivedData(fixture.Catalogue, Mission.Imap).CheckAsync(CancellationToken.None)).ShouldBeEmpty();
        foreach (var audience in (Audience[])[Audience.Team, Audience.Public])
        {
            await model.CompareCoverageAsync(audience);
            for (var seq = 0L; seq <= model.Head + 1; seq += 1 + (model.Head / 12))
            {
                foreach (var query in Queries(seq > model.Head ? null : seq, model.Head))
                    await model.CompareAsync(query, audience);
            }
        }
    }, iter: histories, threads: 1);

    private static IEnumerable<FileQuery> Queries(long? asOf, long head)
    {
        var all = new FileQuery { Family = null, AsOf = asOf };
        return
        [
            all,
            all with
            {
                Latest = true,
            },
            all with
            {
                DefaultVersions = true,
            },
            all with
            {
                Current = true,
            },
            all with
            {
                Current = false,
            },
            all with
            {
                Released = false,
            },
            all with
            {
                Released = true,
                Latest = true,
            },
            all with
            {
                SinceSeq = (asOf ?? head) / 2,
            },
            all with
            {
                SinceSeq = (asOf ?? head) / 3,
                Latest = true,
            },
            all with
            {
                Family = "science",
                Sort = [new("start_date", true)],
                Limit = 4,
            },
            all with
            {
                MinorVersions = [1, 2],
                Latest = true,
                Current = true,
            },
        ];
    }
}

public sealed class VisibilityOnSqliteTests() : VisibilityTests(() => new SqliteDatabase(), 60);

public sealed class VisibilityOnPostgresTests() : VisibilityTests(() => new PostgresDatabase(), 8);
