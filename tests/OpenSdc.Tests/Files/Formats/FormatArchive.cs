using System.Text;
using System.Text.Json;
using Xunit;

namespace OpenSdc.Tests.Files.Formats;

/// <summary>An archive whose names hold whatever a name may hold, with and without each part that a record can lack.</summary>
public sealed class FormatArchive : IAsyncLifetime
{
    /// <summary>A descriptor of all visible characters that a name may hold, but for the double quote.</summary>
    public const string Hostile = "a,b'c#d?e%20f&g;h$(i)+=[j]{k}|^`~<l>!@:*";

    public static readonly string[] Names =
    [
        "imap_codice_l1a_lo_20260101_20260102_v01-01.cdf",
        "imap_glows_l1a_counts_20261206-repoint00002_v001.cdf",
        "imap_glows_l2_counts_20261206-cr02092_v001.cdf",
        "imap_swe_l1_sci_20260901_v001.0002.cdf",
        $"imap_swe_l1_{Hostile}_20260901_v001.cdf",
        "imap_swe_l1_,_20260901_v001.cdf",
        "imap_hi_l0_\"quoted\",\"\"_20260901_v001.pkts",
        "imap_hi_l0_=1+1_20260901_v002.pkts",
        "imap_mag_l1-calibration_20260101_v001.cdf",
        "naif0012.tls",
    ];

    public RunningArchive Archive { get; private set; } = null!;

    /// <summary>Each file by its name, as it was uploaded.</summary>
    public static byte[] BytesOf(string name) => Encoding.ASCII.GetBytes("bytes of " + name);

    public async ValueTask InitializeAsync()
    {
        Archive = await RunningArchive.StartAsync();
        foreach (var name in Names)
        {
            var answer = await Archive.PutAsync(await Archive.UploadUrlAsync(Uri.EscapeDataString(name)), BytesOf(name));
            Assert.True(answer.Status == 201, answer.Text);
        }
    }

    /// <summary>The records that a query finds, as plain JSON says them: what every other format is held against.</summary>
    public async Task<IReadOnlyList<JsonElement>> RecordsAsync(string parameters)
    {
        var answer = await Archive.SendAsync($"GET /query?{parameters}");
        Assert.True(answer.Status == 200, answer.Text);
        return [.. answer.Json.EnumerateArray()];
    }

    /// <summary>The records of a table as RFC 4180 has it: every line ends in CRLF, a quoted value may hold anything.</summary>
    public static IReadOnlyList<IReadOnlyList<string>> ReadCsv(string text)
    {
        List<IReadOnlyList<string>> rows = [];
        List<string> row = [];
        for (var at = 0; at < text.Length;)
        {
            var value = new StringBuilder();
            if (text[at] == '"')
            {
                for (at++; text[at] != '"' || (at + 1 < text.Length && text[at + 1] == '"'); at++)
                {
                    value.Append(text[at]);
                    if (text[at] == '"')
                        at++;
                }

                at++;
            }
            else
            {
                for (; text[at] is not (',' or '\r'); at++)
                    value.Append(
                        text[at] is not ('"' or '\n') ? text[at] : throw new FormatException($"a bare quote or line feed at {at}")
                    );
            }

            row.Add(value.ToString());
            if (text[at] == ',')
            {
                at++;
                continue;
            }

            if (text[at..(at + 2)] != "\r\n")
                throw new FormatException($"no CRLF at {at}");
            at += 2;
            rows.Add(row);
            row = [];
        }

        return row.Count == 0 ? rows : throw new FormatException("the last line has no end");
    }

    public async ValueTask DisposeAsync() => await Archive.DisposeAsync();
}
