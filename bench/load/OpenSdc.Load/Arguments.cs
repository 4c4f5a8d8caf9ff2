namespace OpenSdc.Load;

/// <summary>The command line as <c>--name value</c> pairs; what stands after a lone <c>--</c> is kept as it is.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public Arguments(ReadOnlySpan<string> args)
    {
        for (var i = 0; i < args.Length; i += 2)
        {
            if (args[i] == "--")
            {
                Rest = args[(i + 1)..].ToArray();
                return;
            }

            if (!args[i].StartsWith("--", StringComparison.Ordinal) || i + 1 == args.Length)
                throw new UsageException($"Expected --name value, found: {args[i]}");
            _values[args[i][2..]] = args[i + 1];
        }
    }

    public string[] Rest { get; } = [];

    public string Text(string name) => _values.TryGetValue(name, out var value) ? value : throw new UsageException($"--{name} is missing");

    public string Text(string name, string otherwise) => _values.GetValueOrDefault(name, otherwise);

    public bool Has(string name) => _values.ContainsKey(name);

    public long Number(string name) =>
        long.TryParse(Text(name), out var value) && value >= 0
            ? value
            : throw new UsageException($"--{name} is not a number: {Text(name)}");

    public long Number(string name, long otherwise) => Has(name) ? Number(name) : otherwise;
}

/// <summary>The peer did not do what was asked; the figure would mean nothing.</summary>
internal sealed class LoadFailedException(string message) : Exception(message);

/// <summary>The command line asks for something that there is not.</summary>
internal sealed class UsageException(string message) : Exception(message);
