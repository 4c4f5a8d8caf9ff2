using System.Security.Cryptography;
using System.Text.Json;
using OpenSdc.Contract;
using Shouldly;
using Xunit;

namespace OpenSdc.FaultTests;

/// <summary>
/// A file whose object is lost or damaged is sent again, and the process ends before each call of that PUT in
/// turn, in the middle of each write, or a call fails. After a restart the file is whole or still marked, and
/// the next PUT mends it.
/// </summary>
public sealed class MendTests : IDisposable
{
    private const int MostCalls = 200;

    private readonly TemporaryFolder folder = new();
    private readonly Shim shim;
    private readonly List<string> faults = [];
    private Archive archive = null!;

    public MendTests() => shim = new Shim(folder.Path);

    [Theory]
    [InlineData(nameof(FaultAction.KillBefore), Shim.AllCalls, "lost")]
    [InlineData(nameof(FaultAction.KillBefore), Shim.AllCalls, "damaged")]
    [InlineData(nameof(FaultAction.KillHalfway), 1 << (int)Call.Write, "damaged")]
    [InlineData(nameof(FaultAction.Fail), Shim.DiskCalls, "damaged")]
    public async Task After_any_step_of_mending_the_file_is_whole_or_still_marked(string action, int kinds, string kind)
    {
        archive = await StartAsync();
        var (whole, marked, at) = (0, 0, 1);
        for (; ; at++)
        {
            at.ShouldBeLessThan(MostCalls);
            var file = await BreakAsync(at, kind);
            shim.Arm(at, Enum.Parse<FaultAction>(action), Shim.InputOutput, kinds);
            var answer = await PutOrDieAsync(file);
            var fired = shim.Fired > 0;
            shim.Disarm();
            if (!fired)
            {
                answer.ShouldNotBeNull().Status.ShouldBe(200, answer.Body);
                break;
            }

            var what = $"{kind}, {action} at call {at}, {shim.FiredAt}";
            if (answer is { IsReceipt: false, Status: not 503 })
                faults.Add($"{what}: answered {answer}");
            await archive.DisposeAsync();
            archive = await StartAsync();
            var isMarked = await InspectAsync(file, kind, what);
            if (isMarked && (answer is { IsReceipt: true } || (answer is null && shim.FiredKind == Call.Send)))
                faults.Add($"{what}: still marked after its receipt");
            (whole, marked) = isMarked ? (whole, marked + 1) : (whole + 1, marked);

            var again = await archive.SendAsync(HttpMethod.Put, file.Target, file.Content.Body());
            if (again.Status != 200 || again.Receipt != file.Receipt)
                faults.Add($"{what}: the next PUT was answered {again}");
            if (await InspectAsync(file, kind, what + ", sent again"))
                faults.Add($"{what}: still marked after it was sent again");
        }

        await Run.SayAsync(
            $"mending, {kind}: {action} at each of {at - 1} calls: {whole} whole, {marked} still marked, {faults.Count} faults"
        );
        faults.ShouldBeEmpty(string.Join('\n', faults));
        marked.ShouldBeGreaterThan(0);
        // A write that is cut off halfway is never the last step.
        if (action != nameof(FaultAction.KillHalfway))
            whole.ShouldBeGreaterThan(0);
    }

    private Task<Archive> StartAsync() => Archive.StartAsync(folder.Data, shim);

    public void Dispose()
    {
        archive.DisposeAsync().AsTask().GetAwaiter().GetResult();
        shim.Dispose();
        folder.Dispose();
    }

    /// <summary>Publishes a file, loses or damages its object, and has the archive mark it by a download that fails.</summary>
    private async Task<Broken> BreakAsync(int at, string kind)
    {
        var name = $"imap_hi_l1b_mend-{at:D3}_2027{1 + (at % 12):D2}01_v001.cdf";
        var content = new Content((ulong)at, 20_000 + at);
        var target = await archive.UploadTargetAsync(name);
        var receipt = (await archive.SendAsync(HttpMethod.Put, target, content.Body())).Receipt;
        var path = Path.Combine(folder.Data, "objects", receipt.FilePath);
        byte[] damaged = RandomNumberGenerator.GetBytes(content.Size);
        var aside = Path.Combine(folder.Path, "damaged");
        await File.WriteAllBytesAsync(aside, damaged);
        if (kind == "damaged")
            File.Move(aside, path, overwrite: true);
        else
            File.Delete(path);
        var location = (await archive.GetAsync($"/download/{name}")).Location!;
        (await archive.GetAsync(location.PathAndQuery)).Body.ShouldContain($"urn:opensdc:problem:{kind}");
        // The mark is made beside the answer.
        for (var tries = 0; await IntegrityAsync(name) != kind; tries++)
        {
            tries.ShouldBeLessThan(6000, archive.Log);
            await Task.Delay(10);
        }

        return new Broken(name, content, target, receipt, Convert.ToHexStringLower(SHA256.HashData(damaged)));
    }

    /// <summary>
    /// Whether the file is still marked. Where it is not, its bytes are right; and what lies at its key is
    /// whole bytes in either case.
    /// </summary>
    private async Task<bool> InspectAsync(Broken file, string kind, string what)
    {
        var path = Path.Combine(folder.Data, "objects", file.Receipt.FilePath);
        var there = File.Exists(path) ? await DigestAsync(path) : null;
        if (there is not null && there != file.Receipt.Sha256 && !(kind == "damaged" && there == file.Damaged))
            faults.Add($"{what}: other bytes lie at the key");
        var quarantine = Path.Combine(folder.Data, "quarantine", file.Receipt.FilePath);
        if (kind == "damaged" && there != file.Damaged && !(File.Exists(quarantine) && await DigestAsync(quarantine) == file.Damaged))
            faults.Add($"{what}: the damaged bytes are gone");
        if (Directory.EnumerateFiles(Path.Combine(folder.Data, "staging"), "*", SearchOption.AllDirectories).Any())
            faults.Add($"{what}: something is left in staging");

        var integrity = await IntegrityAsync(file.Name);
        if (integrity is null && await Inspection.DownloadAsync(archive, file.Name, file.Receipt) is { } fault)
            faults.Add($"{what}: not marked, and {fault}");
        return integrity is not null;
    }

    private async Task<Answer?> PutOrDieAsync(Broken file)
    {
        try
        {
            return await archive.SendAsync(HttpMethod.Put, file.Target, file.Content.Body());
        }
        catch (HttpRequestException)
        {
            await archive.EndAsync();
            return null;
        }
    }

    private async Task<string?> IntegrityAsync(string name)
    {
        var answer = await archive.GetAsync($"/query?filename={name}");
        answer.Status.ShouldBe(200, answer.Body);
        var record = JsonDocument.Parse(answer.Body).RootElement.EnumerateArray().ShouldHaveSingleItem();
        return record.TryGetProperty("integrity", out var integrity) ? integrity.GetString() : null;
    }

    private static async Task<string> DigestAsync(string path)
    {
        await using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream));
    }

    private sealed record Broken(string Name, Content Content, string Target, UploadReceipt Receipt, string Damaged);
}
