using System.Globalization;

namespace OpenSdc.FaultTests;

/// <summary>
/// One of the clients of the kill test. It uploads new files, repeats old ones with the same and with other
/// bytes, races against itself, hangs up in the middle, lies about digests; and it holds every answer against
/// what it knows. A request that a kill cut short it tries again after the restart, with the same bytes or
/// with others.
/// </summary>
internal sealed class UploadClient(int number, int seed, Ledger ledger)
{
    private static readonly string[] Instruments = ["codice", "glows", "hi", "hit", "idex", "lo", "mag", "swapi", "swe", "ultra"];

    private readonly Random random = new(seed);
    private readonly List<TrackedFile> mine = [];
    private (TrackedFile File, Content Content)? unsettled;
    private int names;

    public async Task RunAsync(Archive archive, CancellationToken stop)
    {
        try
        {
            if (unsettled is { } last)
                await SettleAsync(archive, last.File, last.Content);
            while (!stop.IsCancellationRequested)
                await StepAsync(archive);
        }
        catch (Exception cut) when (cut is HttpRequestException or IOException or OperationCanceledException)
        {
            // The process may be gone a moment before the test has said that it killed it: not the other way round.
            if (!archive.IsKilled)
                ledger.Faults.Enqueue($"A request was cut although the archive was not killed: {cut.Message}\n{archive.Log}");
        }
    }

    private async Task StepAsync(Archive archive)
    {
        var dice = random.Next(100);
        if (dice < 12 && Earlier() is { } same)
            await PutAsync(archive, same, same.Published!, alone: true);
        else if (dice < 20 && Earlier() is { } other)
            await PutAsync(archive, other, NewContent(), alone: true);
        else if (dice < 26)
            await CutOffAsync(archive, await NewFileAsync(archive));
        else if (dice < 32)
            await WrongDigestAsync(archive, await NewFileAsync(archive));
        else if (dice < 38)
            await RaceAsync(archive, await NewFileAsync(archive));
        else
            await PutAsync(archive, await NewFileAsync(archive), NewContent(), alone: true);
    }

    /// <summary>
    /// The client does not know whether its last file was published. It asks with the same bytes, or tries to
    /// put others in their place.
    /// </summary>
    private async Task SettleAsync(Archive archive, TrackedFile file, Content content)
    {
        ledger.CountSettled(published: file.Receipt is not null);
        await PutAsync(archive, file, random.Next(2) == 0 ? content : NewContent(), alone: true);
    }

    /// <summary>
    /// One PUT. <paramref name="alone"/>: nobody else is sending to this name now, so that there is exactly
    /// one right answer.
    /// </summary>
    private async Task PutAsync(Archive archive, TrackedFile file, Content content, bool alone)
    {
        file.Sending(content);
        var before = file.Receipt;
        (string, string)[] digest = random.Next(2) == 0 ? [("Content-Digest", DigestOf(content))] : [];
        unsettled = (file, content);
        Answer answer;
        try
        {
            answer = await archive.SendAsync(HttpMethod.Put, file.Target, content.Body(), digest);
        }
        catch
        {
            ledger.CountUnanswered();
            throw;
        }

        unsettled = null;
        var right = before is null ? (alone ? 201 : 0) : before.Sha256 == content.Sha256 ? 200 : 409;
        var fault = answer switch
        {
            _ when right != 0 && answer.Status != right => $"{file.Name} was answered {answer} instead of {right}",
            { IsReceipt: true } when answer.Receipt.Sha256 != content.Sha256 =>
                $"{file.Name}: the receipt {answer} is for other bytes than were sent",
            { IsReceipt: true } => file.Accept(answer.Receipt),
            { Status: 409 } when file.HasOther(content) => null,
            _ => $"{file.Name} was answered {answer}",
        };
        ledger.Count(answer, fault);
        if (file.Receipt is not null && before is null && alone)
            mine.Add(file);
    }

    private async Task RaceAsync(Archive archive, TrackedFile file)
    {
        Content first = NewContent(), second = random.Next(2) == 0 ? first : NewContent();
        await Task.WhenAll(PutAsync(archive, file, first, alone: false), PutAsync(archive, file, second, alone: false));
    }

    private async Task CutOffAsync(Archive archive, TrackedFile file)
    {
        var content = NewContent(least: 2);
        try
        {
            var answer = await archive.SendAsync(HttpMethod.Put, file.Target, content.Body(stopAfter: random.Next(content.Size)));
            ledger.Faults.Enqueue($"{file.Name} was cut off but answered {answer}");
        }
        catch (HttpRequestException broken) when (broken.GetBaseException() is BrokenOffException)
        {
            ledger.CountCutOff();
        }
    }

    private async Task WrongDigestAsync(Archive archive, TrackedFile file)
    {
        Content content = NewContent(), other;
        // Now and then two that are a byte long are the same.
        do
            other = NewContent();
        while (other.Sha256 == content.Sha256);
        var answer = await archive.SendAsync(HttpMethod.Put, file.Target, content.Body(), ("Content-Digest", DigestOf(other)));
        ledger.CountWrongDigest();
        if (answer.Status != 400)
            ledger.Faults.Enqueue($"{file.Name} with a wrong digest was answered {answer}");
    }

    private async Task<TrackedFile> NewFileAsync(Archive archive)
    {
        var n = ++names;
        // Days over ten years: now and then an upload also has to make its folder.
        var day = new DateOnly(2026, 1, 1).AddDays(random.Next(3650)).ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        var name = n % 10 == 0
            ? $"imap_{Instruments[n / 10 % Instruments.Length]}_kill{number:D2}-{n:D6}_{day}_{day}_v001.json"
            : $"imap_{Instruments[n % Instruments.Length]}_l1b_kill{number:D2}-{n:D6}_{day}_v001.cdf";
        var file = new TrackedFile(name, await archive.UploadTargetAsync(name));
        return ledger.Files.TryAdd(name, file) ? file : throw new InvalidOperationException($"{name} was made twice");
    }

    private TrackedFile? Earlier() => mine.Count > 0 ? mine[random.Next(mine.Count)] : null;

    /// <summary>Mostly small, as a mission's files are: one in forty reaches up to 32 MB.</summary>
    private Content NewContent(int least = 1)
    {
        var most = random.Next(40) switch { 0 => 25, < 6 => 20, _ => 14 };
        var size = Math.Max(least, (int)Math.Pow(2, random.NextDouble() * most));
        return new Content((ulong)random.NextInt64(), size);
    }

    private static string DigestOf(Content content) => $"sha-256=:{Convert.ToBase64String(Convert.FromHexString(content.Sha256))}:";
}
