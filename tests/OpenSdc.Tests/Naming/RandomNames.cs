using CsCheck;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Tests.Naming;

/// <summary>Names that a template makes, with the texts that a test gives its fields.</summary>
internal static class RandomNames
{
    public static Gen<string> Of(Node[] nodes, Func<Field, Gen<string>> text) =>
        nodes.Select(node => Of(node, text)).Aggregate(Gen.Const(""), (all, next) => Gen.Select(all, next, (a, b) => a + b));

    private static Gen<string> Of(Node node, Func<Field, Gen<string>> text) => node switch
    {
        Literal literal => Gen.Const(literal.Text),
        Group group => Of(group.Parts, text),
        Choice choice => Gen.Int[0, choice.Branches.Length - 1].SelectMany(i => Of(choice.Branches[i], text)),
        Slot slot => text(slot.Field),
        _ => throw new InvalidOperationException(),
    };
}
