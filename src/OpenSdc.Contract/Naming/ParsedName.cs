using System.Diagnostics.CodeAnalysis;

namespace OpenSdc.Contract.Naming;

/// <summary>Either the name's record, or every fault that was found in it; never both, never neither.</summary>
public readonly record struct ParsedName
{
    private readonly IReadOnlyList<NameFault>? _faults;

    /// <summary>The record; null where the name has faults.</summary>
    public FileName? Name { get; init; }

    /// <summary>The faults, in the order of the name; empty where there is a record.</summary>
    public IReadOnlyList<NameFault> Faults { get => _faults ?? []; init => _faults = value; }

    /// <summary>
    /// The convention that the faults are held against, as family/convention; null where the text itself is
    /// at fault, or nothing comes close.
    /// </summary>
    public string? Closest { get; init; }

    /// <summary>Whether there is a record.</summary>
    [MemberNotNullWhen(true, nameof(Name))]
    public bool IsValid => Name is not null;
}

/// <summary>One thing that is wrong with a name.</summary>
/// <param name="Part">The part of the name: a field of the convention ("instrument", "start date", …), or "name" for all of it.</param>
/// <param name="Text">That part's text, as the name writes it.</param>
/// <param name="Message">One sentence for a person: which part, its text, what is allowed.</param>
public sealed record NameFault(string Part, string Text, string Message);
