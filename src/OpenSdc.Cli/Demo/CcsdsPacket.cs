using System.Buffers.Binary;

namespace OpenSdc.Cli.Demo;

/// <summary>
/// One CCSDS Space Packet (CCSDS 133.0-B-2) as an instrument sends it: six bytes of primary header, a secondary header that is a time
/// code, the data. All numbers are big-endian, and a file of level 0 is such packets end to end with nothing between them.
/// </summary>
/// <remarks>
/// <code>
/// byte 0-1  version 000 | type 0 (telemetry) | secondary header 1 | application process identifier, 11 bits
/// byte 2-3  sequence flags 11 (unsegmented)  | sequence count, 14 bits, rises by one a packet of the same identifier
/// byte 4-5  number of bytes after the primary header, less one
/// byte 6-11 time: CCSDS unsegmented code (301.0-B-4) without preamble, 4 bytes of seconds since 2010-01-01, 2 bytes of 1/65536 s
/// </code>
/// </remarks>
internal static class CcsdsPacket
{
    public const int PrimaryHeaderLength = 6;
    public const int TimeLength = 6;
    public const int HeaderLength = PrimaryHeaderLength + TimeLength;

    /// <summary>The sequence count is 14 bits wide and starts again at zero.</summary>
    public const int SequenceModulus = 1 << 14;

    private const int SecondaryHeaderPresent = 1 << 11;
    private const int MaxApid = (1 << 11) - 1;
    private const int Unsegmented = 0b11 << 14;

    /// <summary>Leap seconds between the epoch of the mission clock and the years of the demo: 2012, 2015, 2016.</summary>
    private const uint LeapSecondsSinceEpoch = 3;

    private static readonly DateOnly Epoch = new(2010, 1, 1);

    /// <summary>Mission elapsed time, in seconds, at the start of a day after 2016.</summary>
    public static uint MissionTime(DateOnly day) => (uint)(day.DayNumber - Epoch.DayNumber) * 86_400 + LeapSecondsSinceEpoch;

    /// <summary>Writes the headers and copies the data behind them.</summary>
    /// <returns>The length of the packet, for the caller to go on behind it.</returns>
    public static int Write(Span<byte> destination, int apid, int sequence, uint seconds, ushort fraction, ReadOnlySpan<byte> data)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)apid, (uint)MaxApid, nameof(apid));

        BinaryPrimitives.WriteUInt16BigEndian(destination, (ushort)(SecondaryHeaderPresent | apid));
        BinaryPrimitives.WriteUInt16BigEndian(destination[2..], (ushort)(Unsegmented | (sequence & (SequenceModulus - 1))));
        BinaryPrimitives.WriteUInt16BigEndian(destination[4..], checked((ushort)(TimeLength + data.Length - 1)));
        BinaryPrimitives.WriteUInt32BigEndian(destination[6..], seconds);
        BinaryPrimitives.WriteUInt16BigEndian(destination[10..], fraction);
        data.CopyTo(destination[HeaderLength..]);
        return HeaderLength + data.Length;
    }
}
