using System.Buffers.Binary;
using System.Text;

namespace OpenSdc.Cli.Demo;

/// <summary>The data types that the demo writes, by their number in the format.</summary>
internal enum CdfType
{
    UInt2 = 12,

    /// <summary>Nanoseconds since 2000-01-01T12:00:00 terrestrial time, leap seconds counted.</summary>
    TimeTt2000 = 33,
    Char = 51,
}

/// <summary>
/// Writes a small uncompressed file in NASA's Common Data Format, version 3: every record is appended once, in the order of the calls,
/// and the chains (attribute to attribute, variable to variable, header to both) are closed by writing the offset of a new record into
/// the one before it. Offsets are from the start of the file.
/// </summary>
/// <remarks>
/// <code>
/// magic → CDR → GDR ┬ ADR → ADR → …     attributes, each with one entry (AgrEDR of the file, AzEDR of a variable)
/// └ zVDR → zVDR → …   variables, each with an index (VXR) that names its values (VVR)
/// </code>
/// Source: "CDF Internal Format Description", version 3.9, NASA Space Physics Data Facility. Names of fields in the comments are its own.
/// Reserved fields hold 0 or -1 as it asks. The encoding is NETWORK, so the values are big-endian like everything else.
/// </remarks>
internal sealed class CdfFile
{
    private const int None = 0;
    private const int NameLength = 256;
    private const int CopyrightLength = 256;
    private const long CdrOffset = 8;
    private const long GdrOffset = CdrOffset + 312;

    // Places in the GDR that are known only at the end.
    private const int VariableHead = (int)GdrOffset + 20;
    private const int AttributeHead = (int)GdrOffset + 28;
    private const int EndOfFile = (int)GdrOffset + 36;
    private const int AttributeCount = (int)GdrOffset + 48;
    private const int VariableCount = (int)GdrOffset + 60;

    private byte[] _bytes = new byte[4096];
    private int _length;
    private int _attributes;
    private int _variables;

    // Where the offset of the next attribute and of the next variable has to be written.
    private int _attributeLink = AttributeHead;
    private int _variableLink = VariableHead;

    public CdfFile(string copyright)
    {
        Int32(unchecked((int)0xCDF30001));
        Int32(0x0000FFFF); // not compressed as a whole

        Record(CdfRecord.Cdr, 312);
        Int64(GdrOffset);
        Int32(3, 9); // Version, Release
        Int32(1); // Encoding: NETWORK
        Int32(0b11); // Flags: row majority, single file, no checksum
        Int32(0, 0); // rfuA, rfuB
        Int32(0); // Increment
        Int32(2, -1); // Identifier, rfuE
        Text(copyright, CopyrightLength);

        Record(CdfRecord.Gdr, 84);
        Int64(None); // rVDRhead: only z variables are written, as is usual today
        Int64(None, None, None); // zVDRhead, ADRhead, eof: on completion
        Int32(0, 0); // NrVars, NumAttr
        Int32(-1, 0); // rMaxRec, rNumDims
        Int32(0); // NzVars
        Int64(None); // UIRhead: no unused space
        Int32(0); // rfuC
        Int32(20170101); // LeapSecondLastUpdated
        Int32(-1); // rfuE
    }

    /// <summary>Adds a text that describes the whole file.</summary>
    public void GlobalAttribute(string name, string value)
    {
        Attribute(name, scope: 1, globalEntries: 1, variableEntries: 0, maxVariable: -1);
        Entry(CdfRecord.AgrEdr, number: 0, value);
    }

    /// <summary>
    /// Adds a text to one variable, named by the number that <see cref="Variable"/> returned. A name can be used once: the demo needs no
    /// attribute that several variables share.
    /// </summary>
    public void VariableAttribute(string name, int variable, string value)
    {
        Attribute(name, scope: 2, globalEntries: 0, variableEntries: 1, maxVariable: variable);
        Entry(CdfRecord.AzEdr, variable, value);
    }

    /// <summary>Adds a variable and all its records.</summary>
    /// <param name="name">Its name, unique in the file.</param>
    /// <param name="type">The type of one value.</param>
    /// <param name="dimensions">The shape of one record; empty where a record is one value.</param>
    /// <param name="records">How many records <paramref name="values"/> holds.</param>
    /// <param name="values">The records, big-endian, the last dimension fastest.</param>
    /// <returns>The number of the variable.</returns>
    public int Variable(string name, CdfType type, ReadOnlySpan<int> dimensions, int records, ReadOnlySpan<byte> values)
    {
        var vxrOffset = _length + 344 + 8 * dimensions.Length;
        const int vxrLength = 28 + 16;

        Link(ref _variableLink);
        Record(CdfRecord.ZVdr, 344 + 8 * dimensions.Length);
        Int64(None); // VDRnext
        Int32((int)type);
        Int32(records - 1); // MaxRec
        Int64(vxrOffset, vxrOffset); // VXRhead, VXRtail
        Int32(1); // Flags: the variable varies from record to record; no pad value; not compressed
        Int32(0); // SRecords: not sparse
        Int32(0, -1, -1); // rfuB, rfuC, rfuF
        Int32(1); // NumElems: one value a cell
        Int32(_variables); // Num
        Int64(-1); // CPRorSPRoffset: neither compressed nor sparse
        Int32(0); // BlockingFactor: the default
        Text(name, NameLength);
        Int32(dimensions.Length);
        Int32(dimensions);
        for (var i = 0; i < dimensions.Length; i++)
            Int32(-1); // DimVarys: it does

        Record(CdfRecord.Vxr, vxrLength);
        Int64(None); // VXRnext
        Int32(1, 1); // Nentries, NusedEntries
        Int32(0, records - 1); // First, Last
        Int64(vxrOffset + vxrLength);

        Record(CdfRecord.Vvr, 12 + values.Length);
        Bytes(values);
        return _variables++;
    }

    /// <summary>Closes the file.</summary>
    public ReadOnlyMemory<byte> Complete()
    {
        BinaryPrimitives.WriteInt64BigEndian(_bytes.AsSpan(EndOfFile), _length);
        BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(AttributeCount), _attributes);
        BinaryPrimitives.WriteInt32BigEndian(_bytes.AsSpan(VariableCount), _variables);
        return _bytes.AsMemory(0, _length);
    }

    private void Attribute(string name, int scope, int globalEntries, int variableEntries, int maxVariable)
    {
        const int length = 324;
        var entry = _length + length; // the first entry follows at once

        Link(ref _attributeLink);
        Record(CdfRecord.Adr, length);
        Int64(None); // ADRnext
        Int64(globalEntries > 0 ? entry : None); // AgrEDRhead
        Int32(scope, _attributes++); // Scope, Num
        Int32(globalEntries, globalEntries - 1); // NgrEntries, MAXgrEntry
        Int32(0); // rfuA
        Int64(variableEntries > 0 ? entry : None); // AzEDRhead
        Int32(variableEntries, maxVariable); // NzEntries, MAXzEntry
        Int32(-1); // rfuE
        Text(name, NameLength);
    }

    private void Entry(CdfRecord kind, int number, string value)
    {
        var length = 56 + Encoding.UTF8.GetByteCount(value);
        Record(kind, length);
        Int64(None); // AEDRnext: an attribute has one entry
        Int32(_attributes - 1); // AttrNum
        Int32((int)CdfType.Char);
        Int32(number); // Num: of the entry, or of the variable
        Int32(length - 56); // NumElems
        Int32(0); // NumStrings: one string
        Int32(0, 0, -1, -1); // rfuB, rfuC, rfuD, rfuE
        Text(value, length - 56);
    }

    /// <summary>Makes the record that begins here the next of its chain: every kind keeps its "next" right behind size and type.</summary>
    private void Link(ref int link)
    {
        BinaryPrimitives.WriteInt64BigEndian(_bytes.AsSpan(link), _length);
        link = _length + 12;
    }

    private void Record(CdfRecord kind, int length)
    {
        Int64(length);
        Int32((int)kind);
    }

    private void Int32(params ReadOnlySpan<int> values)
    {
        foreach (var value in values)
            BinaryPrimitives.WriteInt32BigEndian(Take(sizeof(int)), value);
    }

    private void Int64(params ReadOnlySpan<long> values)
    {
        foreach (var value in values)
            BinaryPrimitives.WriteInt64BigEndian(Take(sizeof(long)), value);
    }

    private void Bytes(ReadOnlySpan<byte> values) => values.CopyTo(Take(values.Length));

    /// <summary>A text of fixed width; what it does not fill stays zero, as the format asks.</summary>
    private void Text(string text, int width) => Encoding.UTF8.GetBytes(text, Take(width));

    private Span<byte> Take(int count)
    {
        if (_length + count > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));

        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }

    /// <summary>The kinds of record, by their number in the format.</summary>
    private enum CdfRecord
    {
        Cdr = 1,
        Gdr = 2,
        Adr = 4,
        AgrEdr = 5,
        Vxr = 6,
        Vvr = 7,
        ZVdr = 8,
        AzEdr = 9,
    }
}
