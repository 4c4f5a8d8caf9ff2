using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;

namespace OpenSdc.FaultTests;

/// <summary>
/// The bytes of one upload: a function of a number, so that thousands of them need no memory and any part of
/// them can be told again.
/// </summary>
internal sealed class Content(ulong seed, int size)
{
    private const int Piece = 64 * 1024;

    private string? sha256;

    public int Size => size;

    public string Sha256 => sha256 ??= Compute();

    /// <summary>Writes the bytes from an offset on; the offset is a multiple of eight.</summary>
    public void Fill(int offset, Span<byte> bytes)
    {
        Span<byte> word = stackalloc byte[8];
        for (var at = 0; at < bytes.Length; at += 8)
        {
            var x = seed + (ulong)(offset + at) * 0x9E3779B97F4A7C15UL;
            x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9UL;
            x = (x ^ (x >> 27)) * 0x94D049BB133111EBUL;
            BinaryPrimitives.WriteUInt64LittleEndian(word, x ^ (x >> 31));
            word[..Math.Min(8, bytes.Length - at)].CopyTo(bytes[at..]);
        }
    }

    /// <summary>
    /// The body of a PUT; where <paramref name="stopAfter"/> is given it promises all bytes, sends that many,
    /// and breaks off.
    /// </summary>
    public HttpContent Body(int? stopAfter = null) => new PutBody(this, stopAfter);

    private string Compute()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var piece = new byte[Math.Min(size, Piece)];
        for (var at = 0; at < size; at += Piece)
        {
            var part = piece.AsSpan(0, Math.Min(Piece, size - at));
            Fill(at, part);
            hash.AppendData(part);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private sealed class PutBody(Content content, int? stopAfter) : HttpContent
    {
        protected override bool TryComputeLength(out long length)
        {
            length = content.Size;
            return true;
        }

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            var end = stopAfter ?? content.Size;
            var piece = new byte[Math.Min(content.Size, Piece)];
            for (var at = 0; at < end; at += Piece)
            {
                var part = piece.AsMemory(0, Math.Min(Piece, end - at));
                content.Fill(at, part.Span);
                await stream.WriteAsync(part);
            }

            if (stopAfter is not null)
            {
                await stream.FlushAsync();
                throw new BrokenOffException();
            }
        }
    }
}

/// <summary>The client hangs up on purpose.</summary>
internal sealed class BrokenOffException : IOException;
