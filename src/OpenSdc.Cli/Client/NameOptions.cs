using System.CommandLine;
using System.IO.Enumeration;
using System.Runtime.CompilerServices;
using OpenSdc.Client;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server;

namespace OpenSdc.Cli.Client;

/// <summary>
/// Files by their names: arguments, with <c>*</c> and <c>?</c> if need be, and lists of names in a file or on
/// standard input.
/// </summary>
internal sealed class NameOptions
{
    private const int DigestLength = 64;

    private readonly Argument<string[]> names = new("NAME")
    {
        Description = "Bare names or paths in the archive; * and ? stand for any characters.",
        Arity = ArgumentArity.ZeroOrMore,
    };
    private readonly Option<string?> from = new("--from")
    { Description = "A file with a name a line, as --output names or sha256sum writes them; - is standard input.", HelpName = "FILE" };

    private NameOptions()
    {
    }

    public static NameOptions AddTo(Command command)
    {
        var options = new NameOptions();
        command.Add(options.names);
        command.Add(options.from);
        return options;
    }

    public bool AreGiven(ParseResult parsed) => parsed.GetValue(names) is { Length: > 0 } || parsed.GetValue(from) is not null;

    /// <summary>The records of the names, as they are found.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="client">Asks the archive.</param>
    /// <param name="mission">Tells what the beginning of a name with wildcards says.</param>
    /// <param name="filters">Narrows what a name with wildcards means.</param>
    /// <param name="missing">Takes the names that the archive does not have.</param>
    /// <param name="cancel">Ends the search.</param>
    public async IAsyncEnumerable<FileRecord> FindAsync(
        ParseResult parsed, SdcClient client, Mission mission, SdcQuery filters, List<string> missing,
        [EnumeratorCancellation] CancellationToken cancel)
    {
        await foreach (var name in ReadAsync(parsed, cancel))
        {
            if (name.AsSpan().IndexOfAny('*', '?') >= 0)
            {
                var some = false;
                await foreach (var record in client.QueryAsync(Narrowed(filters, name, mission), cancel))
                {
                    if (!FileSystemName.MatchesSimpleExpression(name, name.Contains('/', StringComparison.Ordinal) ? record.FilePath
                        : ListOutput.NameOf(record), ignoreCase: false))
                        continue;
                    some = true;
                    yield return record;
                }

                if (!some)
                    missing.Add(name);
            }
            else if (await FindAsync(client, name, cancel) is { } record)
            {
                yield return record;
            }
            else
            {
                missing.Add(name);
            }
        }
    }

    /// <summary>
    /// What is asked for a name with wildcards: what its beginning says is left to the archive, the rest is matched
    /// here. Every version is meant, unless the options say which.
    /// </summary>
    private static SdcQuery Narrowed(SdcQuery filters, string name, Mission mission)
    {
        // The family that is asked for; with several, the beginning may mean another thing in each.
        var says = filters.Table?.AsSpan().IndexOfAny('*', ',') >= 0 ? NamePattern.Unknown
            : NamePattern.Read(name[(name.LastIndexOf('/') + 1)..], mission, filters.Table);
        return filters with
        {
            Version = filters.Version ?? (filters.Latest ? null : "*"),
            Instrument = filters.Instrument ?? says.Instrument,
            DataLevel = filters.DataLevel ?? says.DataLevel,
            Descriptor = filters.Descriptor ?? says.Descriptor,
        };
    }

    /// <summary>
    /// A text that is no name is of no file of the archive; the archive says why, and the other names go on.
    /// </summary>
    private static async Task<FileRecord?> FindAsync(SdcClient client, string name, CancellationToken cancel)
    {
        try
        {
            return await client.FindAsync(name, cancel);
        }
        catch (SdcException refusal) when (refusal is { Error: SdcError.Refused, Status: 400 })
        {
            await ClientRun.FailAsync(ExitCode.NoSuchFile, refusal.Message);
            return null;
        }
    }

    private async IAsyncEnumerable<string> ReadAsync(ParseResult parsed, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (var name in parsed.GetValue(names) ?? [])
            yield return name;
        if (parsed.GetValue(from) is not { } file)
            yield break;
        await foreach (var line in LinesAsync(file, cancel))
        {
            // A line of sha256sum: digest, a space, a space or a star, name.
            yield return line.Length > DigestLength + 2 && line[DigestLength] == ' '
                && line.AsSpan(0, DigestLength).IndexOfAnyExcept("0123456789abcdef") < 0 ? line[(DigestLength + 2)..] : line;
        }
    }

    /// <summary>The lines of a file or of standard input that are not empty.</summary>
    public static async IAsyncEnumerable<string> LinesAsync(string file, [EnumeratorCancellation] CancellationToken cancel)
    {
        if (file != "-" && !File.Exists(file))
            throw new SettingException($"There is no file {ShownText.Of(file)}.");
        using var reader = file == "-" ? new StreamReader(Console.OpenStandardInput()) : new StreamReader(file);
        while (await reader.ReadLineAsync(cancel) is { } line)
        {
            if (line.Trim() is { Length: > 0 } text)
                yield return text;
        }
    }
}
