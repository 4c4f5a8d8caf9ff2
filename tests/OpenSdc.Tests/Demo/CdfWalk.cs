using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using Shouldly;

namespace OpenSdc.Tests.Demo;

/// <summary>A variable as the walk found it.</summary>
internal sealed record WalkedVariable(string Name, int Number, int Type, int RecordSize, int Records, byte[] Values);

/// <summary>
/// Reads a CDF 3 file as the format description says, by its own offsets, and fails at the first thing that is not as described. It
/// knows nothing of the writer; the real files of the mission prove it.
/// </summary>
internal sealed class CdfWalk
{
    private readonly byte[] _file;
    private readonly List<(long Start, long End)> _seen = [(0, 8)];
    private bool _compressed;

    private CdfWalk(byte[] file) => _file = file;

    /// <summary>The text entries of the global attributes, by name.</summary>
    public Dictionary<string, string> Globals { get; } = [];

    /// <summary>The attributes of variables: name, number of the variable.</summary>
    public List<(string Name, int Variable)> VariableAttributes { get; } = [];

    public List<WalkedVariable> Variables { get; } = [];

    /// <summary>Bytes that no record claims.</summary>
    public long Unclaimed { get; private set; }

    public static CdfWalk Of(byte[] file)
    {
        var walk = new CdfWalk(file);
        walk.Walk();
        return walk;
    }

    private void Walk()
    {
        U32(0).ShouldBe(0xCDF30001u);
        U32(4).ShouldBe(0x0000FFFFu);

        Claim(8, 1).ShouldBe(312);
        I32(28).ShouldBe(3, "version");
        var flags = I32(40);
        (flags & 2).ShouldBe(2, "single file");
        var hasChecksum = (flags & 4) != 0;

        var gdr = I64(20);
        Claim(gdr, 2).ShouldBe(84 + 4 * I32(gdr + 56));
        var eof = I64(gdr + 36);
        eof.ShouldBe(_file.Length - (hasChecksum ? 16 : 0));

        Chain(I64(gdr + 28), I32(gdr + 48), Attribute);
        Chain(I64(gdr + 12), I32(gdr + 44), at => Variable(at, 3));
        Chain(I64(gdr + 20), I32(gdr + 60), at => Variable(at, 8));

        // Every record lies in the file and none over another.
        long end = 0;
        foreach (var (start, stop) in _seen.Order())
        {
            start.ShouldBeGreaterThanOrEqualTo(end);
            Unclaimed += start - end;
            end = stop;
        }

        end.ShouldBeLessThanOrEqualTo(eof);
        Unclaimed += eof - end;
    }

    /// <summary>Follows "next" from record to record: as many as the header counts, and the last has none.</summary>
    private void Chain(long head, int count, Action<long> visit)
    {
        var at = head;
        for (var i = 0; i < count; i++)
        {
            at.ShouldBeGreaterThan(0);
            visit(at);
            at = I64(at + 12);
        }

        at.ShouldBeOneOf(0, -1);
    }

    private void Attribute(long adr)
    {
        Claim(adr, 4).ShouldBe(324);
        var number = I32(adr + 32);
        var isGlobal = (I32(adr + 28) & 1) == 1;
        var name = Name(adr + 68);

        Chain(I64(adr + 20), I32(adr + 36), at =>
        {
            var text = Entry(at, 5, number);
            if (isGlobal && I32(at + 28) == 0)
                Globals.Add(name, text);
        });
        Chain(I64(adr + 48), I32(adr + 56), at =>
        {
            Entry(at, 9, number);
            I32(at + 28).ShouldBeLessThanOrEqualTo(I32(adr + 60));
            VariableAttributes.Add((name, I32(at + 28)));
        });
    }

    private string Entry(long at, int type, int attribute)
    {
        var size = Claim(at, type);
        I32(at + 20).ShouldBe(attribute);
        var length = I32(at + 32) * SizeOf(I32(at + 24));
        size.ShouldBe(56 + length);
        return Encoding.UTF8.GetString(_file, (int)at + 56, length);
    }

    private void Variable(long vdr, int type)
    {
        var size = Claim(vdr, type);
        var last = I32(vdr + 24);
        var flags = I32(vdr + 44);
        _compressed = (flags & 4) != 0;
        var cells = 1;
        var width = I32(vdr + 64) * SizeOf(I32(vdr + 20));
        type.ShouldBe(8, "the files at hand hold z variables only");
        var dimensions = I32(vdr + 340);
        for (var i = 0; i < dimensions; i++)
        {
            if (I32(vdr + 344 + 4 * (dimensions + i)) != 0)
                cells *= I32(vdr + 344 + 4 * i);
        }

        size.ShouldBe(344 + 8 * dimensions + ((flags & 2) != 0 ? width : 0));
        if (_compressed)
            Claim(I64(vdr + 72), 11).ShouldBeGreaterThanOrEqualTo(24);

        var values = new MemoryStream();
        var next = 0;
        if (last >= 0)
            Index(I64(vdr + 28), width * cells, values, ref next);
        next.ShouldBeGreaterThanOrEqualTo(last + 1);
        Variables.Add(new(Name(vdr + 84), I32(vdr + 68), I32(vdr + 20), width * cells, last + 1, values.ToArray()));
    }

    /// <summary>An index names values, compressed values, or further indexes; the ranges follow each other without a gap.</summary>
    private void Index(long head, int recordSize, MemoryStream values, ref int next)
    {
        for (var vxr = head; vxr > 0; vxr = I64(vxr + 12))
        {
            var entries = I32(vxr + 20);
            var used = I32(vxr + 24);
            used.ShouldBeInRange(1, entries);
            Claim(vxr, 6).ShouldBe(28 + 16 * entries);
            for (var i = 0; i < used; i++)
            {
                var first = I32(vxr + 28 + 4 * i);
                var last = I32(vxr + 28 + 4 * (entries + i));
                var at = I64(vxr + 28 + 8 * entries + 8 * i);
                first.ShouldBe(next);
                var expected = (last - first + 1) * recordSize;
                switch (I32(at + 8))
                {
                    case 6:
                        Index(at, recordSize, values, ref next);
                        break;
                    case 7:
                        Claim(at, 7).ShouldBe(12 + expected);
                        values.Write(_file, (int)at + 12, expected);
                        break;
                    default:
                        _compressed.ShouldBeTrue();
                        var stored = (int)I64(at + 16);
                        Claim(at, 13).ShouldBe(24 + stored);
                        using (var unzip = new GZipStream(new MemoryStream(_file, (int)at + 24, stored), CompressionMode.Decompress))
                        {
                            var before = values.Length;
                            unzip.CopyTo(values);
                            (values.Length - before).ShouldBe(expected);
                        }

                        break;
                }

                next = last + 1;
            }
        }
    }

    /// <summary>Checks size and type of the record at an offset and notes its place; answers the size.</summary>
    private long Claim(long at, int type)
    {
        I32(at + 8).ShouldBe(type, $"record at {at}");
        var size = I64(at);
        size.ShouldBeInRange(12, _file.Length - at);
        _seen.Add((at, at + size));
        return size;
    }

    private static int SizeOf(int type) => type switch
    {
        1 or 11 or 41 or 51 or 52 => 1,
        2 or 12 => 2,
        4 or 14 or 21 or 44 => 4,
        8 or 22 or 31 or 33 or 45 => 8,
        32 => 16,
        _ => throw new InvalidDataException($"{type} is no type of CDF."),
    };

    private string Name(long at) => Encoding.UTF8.GetString(_file, (int)at, 256).TrimEnd('\0');

    private uint U32(long at) => BinaryPrimitives.ReadUInt32BigEndian(_file.AsSpan((int)at));

    private int I32(long at) => BinaryPrimitives.ReadInt32BigEndian(_file.AsSpan((int)at));

    private long I64(long at) => BinaryPrimitives.ReadInt64BigEndian(_file.AsSpan((int)at));
}
