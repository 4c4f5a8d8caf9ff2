using System.Text;

namespace OpenSdc.Contract.Naming;

/// <summary>One way through a template: its pieces without choices. A name that fits nothing is held against these.</summary>
internal sealed record Variant(Convention Convention, Node[] Pieces)
{
    // More ways than a person would write; it bounds the work that a wrong name can cause.
    private const int Most = 64;

    public int Fields { get; } = Pieces.Count(p => p is Slot or Group);

    public static Variant[] Expand(Convention convention) =>
        [.. Ways(convention.Nodes, 0).Take(Most).Select(w => new Variant(convention, Join(w)))];

    /// <summary>
    /// The template for a reader:
    /// <c>imap_&lt;instrument&gt;_…_YYYYMMDD(-repointNNNNN|-crNNNNN)_vNNN.&lt;extension&gt;</c>.
    /// </summary>
    public static string Shape(Node[] nodes)
    {
        var text = new StringBuilder();
        foreach (var node in nodes)
        {
            switch (node)
            {
                case Literal literal:
                    text.Append(literal.Text);
                    break;
                case Group group:
                    text.Append(Shape(group.Parts));
                    break;
                case Slot slot:
                    text.Append(Shape(slot.Field));
                    break;
                case Choice choice:
                    text.Append('(').AppendJoin('|', choice.Branches.Where(b => b.Length > 0).Select(Shape)).Append(')');
                    break;
            }
        }

        return text.ToString();
    }

    public static string Shape(Field field) => field.Kind switch
    {
        FieldKind.Date => "YYYYMMDD",
        FieldKind.DayOfYear => "YYYY_DOY",
        FieldKind.ShortDate => "YYMMDD",
        FieldKind.Year => "YYYY",
        FieldKind.CompactDayOfYear => "YYYYDDD",
        FieldKind.IsoDate => "YYYY-MM-DD",
        FieldKind.Seconds => "HHMMSS",
        FieldKind.Minutes => "HHMM",
        FieldKind.Tenths => "HHMMSST",
        FieldKind.Digits when field.Width > 0 => new string('N', field.Width),
        FieldKind.Digits => "<digits>",
        FieldKind.OneOf when field.Values.Length == 1 => field.Values[0],
        _ => $"<{field.Title}>",
    };

    private static IEnumerable<Node[]> Ways(Node[] nodes, int at)
    {
        if (at == nodes.Length) return [[]];
        var heads = nodes[at] is Choice choice ? choice.Branches.SelectMany(b => Ways(b, 0)) : [[nodes[at]]];
        return heads.SelectMany(_ => Ways(nodes, at + 1), (head, tail) => (Node[])[.. head, .. tail]);
    }

    private static Node[] Join(Node[] nodes)
    {
        List<Node> joined = [];
        foreach (var node in nodes)
        {
            if (node is Literal next && joined.Count > 0 && joined[^1] is Literal before) joined[^1] = new Literal(before.Text + next.Text);
            else joined.Add(node);
        }

        return [.. joined];
    }
}
