using System.Runtime.CompilerServices;

namespace OpenSdc.Contract.Naming;

/// <summary>One step of a compiled template.</summary>
/// <remarks>
/// Until: for a field of varying length, the character that ends it because it follows in the template and cannot stand in
/// the field: then there is one place to end, and nothing to try again. <see cref="End"/>: the end of the name. 0: unknown.
/// </remarks>
internal sealed record Step(StepKind Kind, string Text = "", Field? Field = null, int[]? Targets = null, char Until = '\0')
{
    public const char End = '\uffff';
}

internal enum StepKind { Literal, Field, Split, Jump, GroupStart, GroupEnd, Match }

/// <summary>Turns a template into steps.</summary>
internal static class StepCompiler
{
    private const int MostWays = 8;

    public static Step[] Compile(Node[] nodes)
    {
        List<Step> steps = [];
        Add(steps, nodes);
        steps.Add(new Step(StepKind.Match));
        for (var i = 0; i < steps.Count; i++)
            if (steps[i] is { Kind: StepKind.Field, Field: { Length: 0 } field })
                steps[i] = steps[i] with { Until = UntilOf(steps, i, field) };
        return [.. steps];
    }

    /// <summary>
    /// The words of memory for the places that failed; none where a name is tried in a few ways only: each
    /// field's end is certain, and there are few choices.
    /// </summary>
    public static int MemoryOf(Step[] steps) =>
        Array.Exists(steps, s => s is { Kind: StepKind.Field, Field.Length: 0, Until: '\0' })
        || steps.Where(s => s.Kind == StepKind.Split).Aggregate(1L, (ways, s) => Math.Min(ways * s.Targets!.Length, MostWays + 1))
            > MostWays
            ? ((2 * steps.Length) << 8) / 64
            : 0;

    private static void Add(List<Step> steps, Node[] nodes)
    {
        foreach (var node in nodes)
        {
            switch (node)
            {
                case Literal literal:
                    steps.Add(new Step(StepKind.Literal, literal.Text));
                    break;
                case Slot slot:
                    steps.Add(new Step(StepKind.Field, Field: slot.Field));
                    break;
                case Group group:
                    steps.Add(new Step(StepKind.GroupStart, Field: group.Field));
                    Add(steps, group.Parts);
                    steps.Add(new Step(StepKind.GroupEnd, Field: group.Field));
                    break;
                case Choice choice:
                    AddChoice(steps, choice);
                    break;
            }
        }
    }

    private static void AddChoice(List<Step> steps, Choice choice)
    {
        var split = steps.Count;
        steps.Add(new Step(StepKind.Split));
        var targets = new int[choice.Branches.Length];
        List<int> jumps = [];
        for (var i = 0; i < targets.Length; i++)
        {
            targets[i] = steps.Count;
            Add(steps, choice.Branches[i]);
            jumps.Add(steps.Count);
            steps.Add(new Step(StepKind.Jump));
        }

        foreach (var jump in jumps) steps[jump] = new Step(StepKind.Jump, Targets: [steps.Count]);
        steps[split] = new Step(StepKind.Split, Targets: targets);
    }

    private static char UntilOf(List<Step> steps, int at, Field field)
    {
        var next = at + 1;
        while (steps[next].Kind is StepKind.GroupStart or StepKind.GroupEnd or StepKind.Jump)
            next = steps[next].Kind == StepKind.Jump ? steps[next].Targets![0] : next + 1;
        if (steps[next].Kind == StepKind.Match) return Step.End;
        if (steps[next].Kind != StepKind.Literal) return '\0';
        var c = steps[next].Text[0];

        // A letter could be written in the other case where the convention ignores case; only a mark is certain.
        if (char.IsAsciiLetter(c)) return '\0';
        var canStand = field.Kind == FieldKind.OneOf
            ? Array.Exists(field.Values, v => v.Contains(c, StringComparison.Ordinal))
            : field.Takes(c);
        return canStand ? '\0' : c;
    }
}

/// <summary>
/// Runs a compiled template over one name. Almost every template has one way to match, so the run is a
/// straight walk. Where there are several, a place that has failed once is not entered again, nor a field of
/// varying length that has got so far: the work is at most steps × length, whatever the template and the
/// name.
/// </summary>
internal ref struct Matcher(Step[] steps, ReadOnlySpan<char> name, bool ignoreCase, Span<int> captures, Span<ulong> failed)
{
    private readonly ReadOnlySpan<char> _name = name;
    private readonly Span<int> _captures = captures;
    private readonly Span<ulong> _failed = failed;

    /// <summary>Steps taken, so that a test can count the work instead of timing it.</summary>
    public int Steps { get; private set; }

    public bool Run() => Run(0, 0);

    private bool Run(int pc, int at)
    {
        while (true)
        {
            Steps++;
            var step = steps[pc];
            switch (step.Kind)
            {
                case StepKind.Literal:
                    if (!StartsWith(at, step.Text)) return false;
                    at += step.Text.Length;
                    pc++;
                    break;
                case StepKind.Field:
                    var field = step.Field!;
                    // Where there are many ways, looking for the mark that ends a field would read the rest of the name in each of them.
                    var isCertain = step.Until != '\0' && _failed.IsEmpty;
                    var length = field.Length > 0 ? FixedLength(field, at)
                        : isCertain ? LengthUntil(field, at, step.Until)
                        : -1;
                    if (length < 0) return field.Length == 0 && !isCertain && TryEnds(field, pc, at);
                    Capture(field.Place, at, at + length);
                    at += length;
                    pc++;
                    break;
                case StepKind.Split:
                    return TryBranches(step.Targets!, at);
                case StepKind.Jump:
                    pc = step.Targets![0];
                    break;
                case StepKind.GroupStart:
                    Capture(step.Field!.Place, at, at);
                    pc++;
                    break;
                case StepKind.GroupEnd:
                    Capture(step.Field!.Place, _captures[step.Field.Place * 2], at);
                    pc++;
                    break;
                default:
                    return at == _name.Length;
            }
        }
    }

    private readonly int FixedLength(Field field, int at) =>
        _name.Length - at >= field.Length && field.HasForm(_name.Slice(at, field.Length)) ? field.Length : -1;

    private readonly int LengthUntil(Field field, int at, char until)
    {
        var rest = _name[at..];
        if (until != Step.End)
        {
            var end = rest.IndexOf(until);
            if (end < 0) return -1;
            rest = rest[..end];
        }

        return rest.Length > 0 && Fits(field, rest) ? rest.Length : -1;
    }

    private readonly bool Fits(Field field, ReadOnlySpan<char> text)
    {
        if (field.Kind == FieldKind.OneOf) return field.Find(text, ignoreCase) is not null;
        foreach (var c in text)
            if (!field.Takes(c)) return false;
        return true;
    }

    /// <summary>Every end that the field could have, the longest first.</summary>
    private bool TryEnds(Field field, int pc, int at)
    {
        if (field.Kind == FieldKind.OneOf)
        {
            foreach (var value in field.Values)
                if (StartsWith(at, value) && Try(field.Place, pc + 1, at, at + value.Length)) return true;
            return false;
        }

        // Beyond an end that failed before, every further one has failed too: they were tried first.
        var end = at;
        while (end < _name.Length && field.Takes(_name[end]) && !HasFailed(Ended(pc, end + 1)))
        {
            Steps++;
            end++;
        }

        for (; end > at; end--)
        {
            if (Try(field.Place, pc + 1, at, end)) return true;
            Fail(Ended(pc, end));
        }

        return false;
    }

    private readonly int Ended(int pc, int at) => ((steps.Length + pc) << 8) | at;

    private readonly bool HasFailed(int place) => !_failed.IsEmpty && (_failed[place >> 6] & (1UL << (place & 63))) != 0;

    private readonly void Fail(int place)
    {
        if (!_failed.IsEmpty) _failed[place >> 6] |= 1UL << (place & 63);
    }

    private bool TryBranches(int[] targets, int at)
    {
        foreach (var target in targets)
            if (Try(-1, target, at, at)) return true;
        return false;
    }

    private bool Try(int field, int pc, int from, int to)
    {
        Steps++;
        var place = (pc << 8) | to;
        if (HasFailed(place)) return false;

        // A branch that fails must leave no captures behind.
        CaptureSet saved = default;
        _captures.CopyTo(saved);
        Capture(field, from, to);
        if (Run(pc, to)) return true;
        ((Span<int>)saved).CopyTo(_captures);
        Fail(place);
        return false;
    }

    private readonly void Capture(int field, int from, int to)
    {
        if (field < 0) return;
        _captures[field * 2] = from;
        _captures[(field * 2) + 1] = to;
    }

    private readonly bool StartsWith(int at, string text) => ignoreCase
        ? _name[at..].StartsWith(text, StringComparison.OrdinalIgnoreCase)
        : _name[at..].StartsWith(text);
}

/// <summary>Where each field begins and ends; from = -1 where the name has none.</summary>
[InlineArray((Roles.Count + Roles.MostOwn) * 2)]
internal struct CaptureSet
{
    private int _first;
}
