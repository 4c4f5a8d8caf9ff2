using CsCheck;
using OpenSdc.Contract.Naming;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Naming;

/// <summary>What holds for every name, drawn at random.</summary>
public sealed class NamePropertiesTests
{
    private static readonly Convention[] Conventions = Mission.Imap.Conventions;

    [Fact]
    public void Reading_what_was_written_gives_the_same_record_for_every_convention()
    {
        foreach (var convention in Conventions)
        {
            Name(convention).Sample(name =>
            {
                var parsed = FileName.Parse(name, Mission.Imap);
                if (parsed.Name is not { } record)
                {
                    // What a generator that draws field by field cannot know: days in order, and words that go together.
                    return parsed.Faults.All(f => f.Part == "end date" || f.Message.Contains("does not go with", StringComparison.Ordinal));
                }

                var (written, key) = record.Format(Mission.Imap);
                return written == name && key == record.Key && FileName.Parse(written, Mission.Imap).Name == record
                    && record.Family == convention.Family && record.Convention == convention.Name
                    && ArchivePath.ParseDownload(record.Key, Mission.Imap).Key == record.Key;
            }, iter: 300);
        }
    }

    [Fact]
    public void No_text_makes_the_reader_throw() =>
        Gen.String.Sample(text => Explained(FileName.Parse(text, Mission.Imap)), iter: 5000);

    [Fact]
    public void No_path_makes_the_reader_throw() =>
        Gen.String.Sample(text =>
        {
            _ = ArchivePath.ParseDownload(text, Mission.Imap);
            return Explained(ArchivePath.ParseUpload(text, Mission.Imap));
        }, iter: 5000);

    [Fact]
    public void No_change_to_a_good_name_makes_the_reader_throw() =>
        Gen.Select(
                OneOf(Conventions).SelectMany(Name),
                Gen.Int[0, 60],
                Gen.Int[0, 5],
                Gen.String["_.-09azAZ/é\0 v"],
                (name, at, cut, put) =>
                {
                    at = Math.Min(at, name.Length);
                    return name[..at] + put + name[Math.Min(name.Length, at + cut)..];
                }
            )
            .Sample(name => Explained(FileName.Parse(name, Mission.Imap)), iter: 5000);

    public static TheoryData<string> Hostile =>
    [
        "a", "1", "_", "-", "_.", "a_", "1_", "imap_", "imap_swe_l1_", "20260101_", "2026_001_", "v001.", "-repoint00001", "é", "\ud800",
    ];

    [Theory]
    [MemberData(nameof(Hostile))]
    public void The_work_for_a_hostile_name_is_bounded_by_its_length(string piece)
    {
        foreach (var length in (int[])[16, 64, 128, 255, 4096, 65536])
        {
            foreach (
                var (head, tail) in ((string, string)[])[("", ""), ("imap_2026_001_2026_002_", "_01.sff"), ("imap_swe_l1_", "_v001.cdf")]
            )
            {
                var fill = Math.Max(0, length - head.Length - tail.Length);
                var name = head + string.Concat(Enumerable.Repeat(piece, (fill / piece.Length) + 1))[..fill] + tail;
                var work = 0;
                Explained(Mission.Imap.Parse(name, ref work)).ShouldBeTrue();

                // 40 conventions and ways, each a few dozen places a character; nothing at all above the limit.
                work.ShouldBeLessThan(length > 255 ? 1 : 400 * Math.Max(64, name.Length));
            }
        }
    }

    [Fact]
    public void A_good_name_is_read_in_a_few_dozen_steps()
    {
        var work = 0;
        Mission.Imap.Parse("imap_glows_l1a_counts_20261206-repoint00002_v001.0001.cdf", ref work).IsValid.ShouldBeTrue();
        work.ShouldBeLessThan(100);
    }

    private static bool Explained(ParsedName parsed) =>
        parsed.IsValid ? parsed.Faults.Count == 0 : parsed.Faults.Count > 0 && parsed.Faults.All(f => f.Message.EndsWith('.'));

    private static Gen<T> OneOf<T>(T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static Gen<string> Name(Convention convention) => RandomNames.Of(convention.Nodes, Text);

    private static Gen<string> Text(Field field) =>
        field.Kind switch
        {
            FieldKind.OneOf => OneOf(field.Values),
            FieldKind.Digits => Gen.Char["0123456789"]
                .Array[field.Width > 0 ? field.Width : 1, field.Width > 0 ? field.Width : 9]
                .Select(c => new string(c)),

            // Never a level alone: what such a name is depends on the order of the families, which has tests of its own.
            FieldKind.Text => Gen.Char["abcxyzABC019.-%+~"].Array[1, 12].Select(c => "d" + new string(c).Replace('.', '-')),
            FieldKind.Words => Gen.Char["abcXYZ019-_"].Array[1, 12].Select(c => new string(c)),
            _ => Gen.Int[0, field.Kind == FieldKind.ShortDate ? 36000 : 50000]
                .Select(d => DayText.Write(field.Kind, new DateOnly(2000, 1, 1).AddDays(d))),
        };
}
