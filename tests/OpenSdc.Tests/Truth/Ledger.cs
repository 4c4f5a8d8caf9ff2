using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using CsCheck;

namespace OpenSdc.Tests.Truth;

/// <summary>One published file, as the plain representation shows it.</summary>
public sealed record TruthRow(TruthFile File, long Seq, string IngestionDate, long Size, string Sha256);

/// <summary>One transaction: when it is, and the files that it publishes; some were found on the disk and say when they came.</summary>
public sealed record TruthCommit(DateTimeOffset At, IReadOnlyList<(TruthFile File, DateTimeOffset? Came)> Files);

/// <summary>
/// A whole history, drawn before any of it happens: transactions over several days, in which versions come in
/// any order and some names twice. What the archive must hold after each transaction follows from it without
/// asking the archive.
/// </summary>
public sealed class Ledger
{
    public static readonly DateTimeOffset FirstDay = new(2026, 2, 28, 12, 0, 0, TimeSpan.Zero);

    public static readonly Gen<Ledger> Any =
        from files in TruthFile.Any.Array[150, 350]
        from sizes in Gen.Int[1, 14].Array[40]
        from hours in Gen.Int[0, 7].Array[40]
        from came in Gen.Int[0, 400].Array[40]
        select new Ledger(files, sizes, hours, came);

    private Ledger(TruthFile[] files, int[] sizes, int[] hours, int[] came)
    {
        var (rows, heads, commits) = (new List<TruthRow>(), new List<long> { 0 }, new List<TruthCommit>());
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var now = FirstDay;
        var newest = "";
        for (int next = 0, i = 0; next < files.Length; i++)
        {
            now = now.AddHours(hours[i % hours.Length]);
            var batch = files[next..Math.Min(files.Length, next + sizes[i % sizes.Length])]
                .Select(
                    (file, place) =>
                        (
                            file,
                            came[(i + place) % came.Length] < 20 ? now.AddHours(-came[(i + place) % came.Length]) : (DateTimeOffset?)null
                        )
                )
                .ToList();
            next += batch.Count;
            commits.Add(new TruthCommit(now, batch));
            foreach (var (file, at) in batch)
            {
                // The first file under a name stands. Dates of ingestion never run backwards.
                if (!seen.Add(file.Name))
                    continue;
                var ingested = (at ?? now).ToString("yyyyMMdd HH:mm:ss", CultureInfo.InvariantCulture);
                newest = string.CompareOrdinal(ingested, newest) > 0 ? ingested : newest;
                rows.Add(new TruthRow(file, rows.Count + 1, newest, SizeOf(file), Sha256Of(file)));
            }

            heads.Add(rows.Count);
        }

        (Rows, Heads, Commits) = (rows, heads, commits);
    }

    public IReadOnlyList<TruthCommit> Commits { get; }

    /// <summary>All there will be, by number: the first has number 1.</summary>
    public IReadOnlyList<TruthRow> Rows { get; }

    /// <summary>The number of the newest file before the first transaction, and after each.</summary>
    public IReadOnlyList<long> Heads { get; }

    // Sizes tie, so that sorting by them leaves something to the path.
    public static long SizeOf(TruthFile file) => file.Name.Length % 7;

    public static string Sha256Of(TruthFile file) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(file.Name)));
}
