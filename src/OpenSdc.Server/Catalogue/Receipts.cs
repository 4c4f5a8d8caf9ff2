using System.Data.Common;
using OpenSdc.Contract;

namespace OpenSdc.Server.Catalogue;

/// <summary>Receipts of the files at some keys, read inside a transaction of those who publish, whoever may see the files.</summary>
internal static class Receipts
{
    /// <summary>The receipts of those keys that have a record.</summary>
    public static async Task<Dictionary<string, UploadReceipt>> OfAsync(
        Session session, DbTransaction transaction, IReadOnlyCollection<string> keys, CancellationToken cancel)
    {
        var found = new Dictionary<string, UploadReceipt>(StringComparer.Ordinal);
        foreach (var group in SqlBatch.Groups(keys))
        {
            await using var reader = await session.Statement(
                $"SELECT file_path, size, sha256, seq, ingestion_date FROM files WHERE file_path IN ({SqlBatch.List(group.Length)})",
                group, transaction).ExecuteReaderAsync(cancel);
            while (await reader.ReadAsync(cancel))
            {
                found[reader.GetString(0)] = new(reader.GetString(0), reader.GetInt64(1), reader.GetString(2), reader.GetInt64(3),
                    reader.GetString(4));
            }
        }

        return found;
    }
}
