using System.Numerics;
using System.Runtime.InteropServices;

namespace OpenSdc.Contract.Naming;

/// <summary>
/// Refuses a mission in which two conventions can match one name, unless the later family says that it yields. Templates are
/// regular: the check walks both as automata over the same name and reports the shortest name that both accept. It takes
/// any digits for a date and knows nothing of rules and order, so it may refuse more than it must, never less.
/// </summary>
internal static class OverlapCheck
{
    public static void Run(Mission mission)
    {
        var automata = new Automaton?[mission.Conventions.Length];
        for (var later = 1; later < automata.Length; later++)
        {
            for (var earlier = 0; earlier < later; earlier++)
            {
                var (first, second) = (mission.Conventions[earlier], mission.Conventions[later]);
                if (!EndAlike(first, second) || Yields(mission, second, first)) continue;
                var witness = Common(automata[earlier] ??= new Automaton(first), automata[later] ??= new Automaton(second));
                if (witness is not null)
                    throw new MissionFileException(
                        $"The conventions {first.FullName} and {second.FullName} both match the name '{witness}'."
                    );
            }
        }
    }

    private static bool Yields(Mission mission, Convention later, Convention earlier) =>
        later.Family != earlier.Family && mission.FindFamily(later.Family)!.YieldsTo.Contains(earlier.Family, StringComparer.Ordinal);

    /// <summary>Names end in their extension: where no two extensions end alike, nothing is in common. This spares most pairs.</summary>
    private static bool EndAlike(Convention a, Convention b)
    {
        foreach (var x in a[Role.Extension]!.Values)
        foreach (var y in b[Role.Extension]!.Values)
            if (x.AsSpan(x.LastIndexOf('.') + 1).Equals(y.AsSpan(y.LastIndexOf('.') + 1), StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }

    /// <summary>Breadth-first over pairs of states: the first pair of ends gives a shortest name.</summary>
    private static string? Common(Automaton a, Automaton b)
    {
        var width = b.Count;
        var seen = new bool[a.Count * width];
        List<(int State, int From, char By)> queue = [(0, -1, '\0')];
        seen[0] = true;
        for (var i = 0; i < queue.Count; i++)
        {
            var (x, y) = (queue[i].State / width, queue[i].State % width);
            if (x == a.End && y == b.End) return Spell(queue, i);
            foreach (var left in a.From(x))
            {
                if (left.Free)
                {
                    Reach((left.To * width) + y, i, '\0');
                    continue;
                }

                foreach (var right in b.From(y))
                    if (((left.Low & right.Low) | (left.High & right.High)) != 0)
                        Reach((left.To * width) + right.To, i, Pick(left.Low & right.Low, left.High & right.High));
            }

            foreach (var right in b.From(y))
                if (right.Free) Reach((x * width) + right.To, i, '\0');
        }

        return null;

        void Reach(int state, int from, char by)
        {
            if (seen[state]) return;
            seen[state] = true;
            queue.Add((state, from, by));
        }
    }

    private static string Spell(List<(int State, int From, char By)> queue, int last)
    {
        List<char> name = [];
        for (var i = last; i >= 0; i = queue[i].From)
            if (queue[i].By != '\0') name.Add(queue[i].By);
        name.Reverse();
        return new string([.. name]);
    }

    /// <summary>Ones make real dates (11 November 1111), and letters read better than marks.</summary>
    private static char Pick(ulong low, ulong high)
    {
        if ((low >> '1' & 1) != 0) return '1';
        var letters = high >> ('a' - 64) << ('a' - 64);
        if (letters != 0) return (char)(64 + BitOperations.TrailingZeroCount(letters));
        return (char)(low != 0 ? BitOperations.TrailingZeroCount(low) : 64 + BitOperations.TrailingZeroCount(high));
    }
}

/// <summary>A template as a non-deterministic automaton over ASCII; state 0 is its start.</summary>
internal sealed class Automaton
{
    /// <param name="Low">The characters below 64 that the edge takes, one bit each.</param>
    /// <param name="High">The characters from 64 on.</param>
    /// <param name="To">The state that it leads to.</param>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Edge(ulong Low, ulong High, int To)
    {
        /// <summary>Taken without a character.</summary>
        public bool Free => (Low | High) == 0;
    }

    private readonly List<List<Edge>> _edges = [[]];
    private readonly bool _ignoreCase;

    public Automaton(Convention convention)
    {
        _ignoreCase = convention.IgnoreCase;
        End = Add(0, convention.Nodes);
    }

    public int Count => _edges.Count;

    public int End { get; }

    public List<Edge> From(int state) => _edges[state];

    private int Add(int from, Node[] nodes)
    {
        foreach (var node in nodes)
        {
            from = node switch
            {
                Literal literal => Text(from, literal.Text),
                Slot slot => Field(from, slot.Field),
                Group group => Add(from, group.Parts),
                Choice choice => Branches(from, choice),
                _ => from,
            };
        }

        return from;
    }

    private int Branches(int from, Choice choice)
    {
        var end = State();
        foreach (var branch in choice.Branches) _edges[Add(from, branch)].Add(new Edge(0, 0, end));
        return end;
    }

    private int Field(int from, Field field)
    {
        switch (field.Kind)
        {
            case FieldKind.OneOf:
                var end = State();
                foreach (var word in field.Values) _edges[Text(from, word, share: true)].Add(new Edge(0, 0, end));
                return end;
            case var _ when field.Length > 0:
                foreach (var c in field.Form) from = c == '0' ? Times(from, 1) : Text(from, $"{c}");
                return from;
            default:
                var (low, high) = (0UL, 0UL);
                for (var c = '!'; c < '\x7f'; c++)
                    if (field.Takes(c)) Take(c, ref low, ref high);
                var loop = Step(from, low, high);
                _edges[loop].Add(new Edge(low, high, loop));
                return loop;
        }
    }

    private int Times(int from, int count)
    {
        for (; count > 0; count--) from = Step(from, 0x3ffUL << '0', 0);
        return from;
    }

    // Shared: the words of one list share their beginnings, which keeps the automaton small.
    private int Text(int from, string text, bool share = false)
    {
        foreach (var c in text)
        {
            var (low, high) = (0UL, 0UL);
            Take(c, ref low, ref high);
            if (_ignoreCase && char.IsAsciiLetter(c)) Take((char)(c ^ 0x20), ref low, ref high);
            var known = share ? _edges[from].FindIndex(e => e.Low == low && e.High == high) : -1;
            from = known >= 0 ? _edges[from][known].To : Step(from, low, high);
        }

        return from;
    }

    private static void Take(char c, ref ulong low, ref ulong high)
    {
        if (c < 64) low |= 1UL << c;
        else high |= 1UL << (c - 64);
    }

    private int Step(int from, ulong low, ulong high)
    {
        var to = State();
        _edges[from].Add(new Edge(low, high, to));
        return to;
    }

    private int State()
    {
        _edges.Add([]);
        return _edges.Count - 1;
    }
}
