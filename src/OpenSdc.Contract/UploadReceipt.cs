namespace OpenSdc.Contract;

/// <summary>
/// What a PUT answers once the file is complete, verified, flushed and visible. The same bytes sent again get the first receipt again.
/// </summary>
/// <param name="FilePath">The key under which the file now lies.</param>
/// <param name="Size">Size in bytes.</param>
/// <param name="Sha256">SHA-256 of the bytes, 64 lower-case hexadecimal digits.</param>
/// <param name="Seq">Number of the publication.</param>
/// <param name="IngestionDate">When it was published, UTC, <c>YYYYMMDD HH:MM:SS</c>.</param>
public sealed record UploadReceipt(string FilePath, long Size, string Sha256, long Seq, string IngestionDate);
