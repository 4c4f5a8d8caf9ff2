using OpenSdc.Server.Catalogue;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Catalogue;

/// <summary>What the catalogue keeps of the integrity of files.</summary>
public abstract partial class CatalogueContract
{
    [Fact]
    public async Task Marks_and_positions_are_kept()
    {
        await catalogue.PublishAsync([Of(1), Of(2)], CancellationToken.None);
        var integrity = new IntegrityState(catalogue, clock);
        (await integrity.MarkAsync(1, ChangeKind.Lost, "is gone", CancellationToken.None)).ShouldBeTrue();
        (await integrity.MarkAsync(1, ChangeKind.Lost, "is still gone", CancellationToken.None)).ShouldBeFalse();
        (await integrity.MarkAsync(1, ChangeKind.Damaged, "is back, but other", CancellationToken.None)).ShouldBeTrue();
        (await integrity.FindAsync(Of(1).Name.Key, ReadScope.Team, CancellationToken.None))!.Value.Mark.ShouldBe(ChangeKind.Damaged);
        (await integrity.FindAsync(Of(2).Name.Key, ReadScope.Team, CancellationToken.None))!.Value.Mark.ShouldBeNull();
        (await integrity.CountAsync(CancellationToken.None)).ShouldBe(1);
        (await integrity.MarkedAsync(0, 10, CancellationToken.None)).ShouldHaveSingleItem().Seq.ShouldBe(1);
        await integrity.ScrubbedAsync([1, 2], 2, CancellationToken.None);
        await integrity.ScrubbedAsync([2], 1, CancellationToken.None);
        (await integrity.ScrubPositionAsync(CancellationToken.None)).ShouldBe(1);
        (await integrity.ByPathAsync("", 10, CancellationToken.None)).Select(each => each.Seq).Order().ShouldBe([1, 2]);
        (await integrity.MarkAsync(1, ChangeKind.Sound, "mended", CancellationToken.None)).ShouldBeTrue();
        (await integrity.CountAsync(CancellationToken.None)).ShouldBe(0);
    }

    [Fact]
    public async Task A_mark_counts_only_where_no_other_was_made_since_the_verification_began()
    {
        await catalogue.PublishAsync([Of(1), Of(2)], CancellationToken.None);
        var integrity = new IntegrityState(catalogue, clock);
        var began = (await integrity.BySeqAsync(0, 1, CancellationToken.None)).ShouldHaveSingleItem().AsOf;
        began.ShouldBe(2);
        (await integrity.FindAsync(Of(1).Name.Key, ReadScope.Team, CancellationToken.None))!.Value.AsOf.ShouldBe(2);
        // Neither a publication nor the mark of another file makes it too late.
        await catalogue.PublishAsync([Of(3)], CancellationToken.None);
        (await integrity.MarkAsync(2, ChangeKind.Lost, "another file", CancellationToken.None)).ShouldBeTrue();
        (await integrity.MarkAsync(1, ChangeKind.Lost, "seen at 2", began, CancellationToken.None)).ShouldBeTrue();
        (await integrity.MarkAsync(1, ChangeKind.Sound, "mended", CancellationToken.None)).ShouldBeTrue();
        (await integrity.MarkAsync(1, ChangeKind.Lost, "seen at 2, told later", began, CancellationToken.None)).ShouldBeFalse();
        var after = (await integrity.MarkedAsync(0, 1, CancellationToken.None)).ShouldHaveSingleItem();
        (after.Seq, after.AsOf).ShouldBe((2, 6));
        (await integrity.MarkAsync(1, ChangeKind.Damaged, "seen since", after.AsOf, CancellationToken.None)).ShouldBeTrue();
    }
}
