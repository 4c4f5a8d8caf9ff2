namespace OpenSdc.FaultTests.Replicas;

/// <summary>
/// One message from a server to its store or its database: what it says, and how often it was said before in
/// the same trace.
/// </summary>
internal sealed record Message(string Text, int Occurrence)
{
    private const int Shown = 100;

    public override string ToString() =>
        $"{(Text.Length > Shown ? Text[..Shown] + "…" : Text)}{(Occurrence == 1 ? "" : $" (no. {Occurrence})")}";
}

/// <summary>
/// A moment in the traffic of a server: before a message arrives, or after it was answered and before the
/// server has the answer.
/// </summary>
internal sealed record Moment(Message Message, bool IsAfter)
{
    public override string ToString() => $"{(IsAfter ? "after" : "before")} {Message}";
}

/// <summary>
/// What passes through the proxies of one server. It records the messages, and at one moment, or at several
/// of them in turn, it does something to the server. Messages are counted by their text, so that background
/// work of the server does not shift the count.
/// </summary>
internal sealed class Crossing
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, int> counts = new(StringComparer.Ordinal);
    private readonly List<(Message Message, bool ChangesSomething)> trace = [];
    private Moment? armed;
    private Func<Task<bool>>? action;
    private TaskCompletionSource fired = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the armed moment has come and its action is done.</summary>
    public Task Fired
    {
        get
        {
            lock (gate)
                return fired.Task;
        }
    }

    /// <summary>
    /// The messages since the start, and whether an end of the server right after one can leave something
    /// else than an end before the next one.
    /// </summary>
    public IReadOnlyList<(Message Message, bool ChangesSomething)> Trace
    {
        get
        {
            lock (gate)
                return [.. trace];
        }
    }

    /// <summary>
    /// Begins a trace. At the moment, if any, the action is done once; its result says whether what is held
    /// then goes on.
    /// </summary>
    public void Start(Moment? moment = null, Func<Task<bool>>? then = null)
    {
        lock (gate)
        {
            counts.Clear();
            trace.Clear();
            (armed, action) = (moment, then);
            fired = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Counts a message that is about to be passed on.</summary>
    public Message Note(string text)
    {
        lock (gate)
        {
            var message = new Message(text, counts[text] = counts.GetValueOrDefault(text) + 1);
            trace.Add((message, false));
            return message;
        }
    }

    /// <summary>Records of a message that it was answered and that it may have changed something.</summary>
    public void Changed(Message message)
    {
        lock (gate)
        {
            if (trace.FindIndex(each => each.Message == message) is >= 0 and var at)
                trace[at] = (message, true);
        }
    }

    public bool IsArmed(Message? message, bool after)
    {
        lock (gate)
            return message is not null && armed is { } moment && moment.IsAfter == after && moment.Message == message;
    }

    /// <summary>Does the action; false where nothing may pass any more.</summary>
    public async Task<bool> FireAsync()
    {
        Func<Task<bool>> act;
        TaskCompletionSource done;
        lock (gate)
        {
            (armed, act, done) = (null, action!, fired);
        }

        var goesOn = await act();
        done.TrySetResult();
        return goesOn;
    }
}
