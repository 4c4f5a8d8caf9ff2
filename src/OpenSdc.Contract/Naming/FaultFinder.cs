namespace OpenSdc.Contract.Naming;

/// <summary>The faults along one alignment.</summary>
/// <remarks>
/// Extra is the cost of faults between fields, which the alignment does not see; Good counts the fields that
/// fit, Unfit the characters that do not.
/// </remarks>
internal readonly record struct FoundFaults(List<NameFault> Faults, int Extra, int Good, int Unfit, string Version, string Extension);

/// <summary>Turns an alignment into sentences.</summary>
/// <param name="variant">The way through the template.</param>
/// <param name="name">The name.</param>
/// <param name="isLowerCase">Whether all names of the family are lower case, but for free text.</param>
internal sealed class FaultFinder(Variant variant, string name, bool isLowerCase)
{
    private readonly List<NameFault> _faults = [];
    private readonly string?[] _text = new string?[Roles.Count];
    private bool _fieldMissing;

    public FoundFaults Find(Alignment alignment)
    {
        var at = 0;
        var (good, unfit) = (0, 0);
        var ends = alignment.Ends();
        List<NameFault> marks = [];
        for (var i = 0; i < variant.Pieces.Length; i++)
        {
            var piece = variant.Pieces[i];
            var end = ends[i];
            var text = name[at..end];
            var fit = SliceFit.Of(piece, text, variant.Convention.IgnoreCase);
            if (piece is Literal literal)
            {
                // What is lacking at the end of a literal is told with the field that is lacking beside it.
                var isPart = text.Length == 0 || SliceFit.LacksMark(literal, text);
                if (fit > 0 && !isPart) unfit += text.Length;
                var isTold = isPart && (i > 0 || text.Length > 0) && IsMissingBeside(i, ends);
                if (fit > 0 && !isTold) (literal.IsMark ? marks : _faults).Add(Misread(literal, text, at));
            }
            else
            {
                var field = piece is Slot slot ? slot.Field : ((Group)piece).Field;
                if (field.Role != Role.None) _text[(int)field.Role] = text;
                if (fit > 0) unfit += text.Length - (piece is Group group ? SliceFit.Taken(group, text) : 0);
                if (fit == 0) good++;
                else _faults.Add(Of(piece, field, text, fit));
            }

            at = end;
        }

        if (at < name.Length)
            _faults.Add(
                new(
                    "name",
                    name[at..],
                    $"The name has '{NameText.Show(name.AsSpan(at))}' after its end; allowed: {Variant.Shape(variant.Convention.Nodes)}."
                )
            );

        // A mark that is not there is news only where the field beside it is.
        if (!_fieldMissing) _faults.AddRange(marks);
        var single = _faults.Count;
        Order();
        if (single == 0) Rules();
        if (single == 0) Times();
        if (_text[(int)Role.Version] is { Length: > VersionOrder.LongestVersion } version)
            _faults.Add(
                new(
                    "version",
                    version,
                    $"The version '{NameText.Show(version)}' has {version.Length} characters; allowed: at most {VersionOrder.LongestVersion}."
                )
            );
        return new(_faults, single > 0 ? 0 : _faults.Count, good, unfit, _text[(int)Role.Version] ?? "", _text[(int)Role.Extension] ?? "");
    }

    private static bool IsMissingBeside(int piece, int[] ends) =>
        (piece > 1 && ends[piece - 1] == ends[piece - 2]) || (piece + 1 < ends.Length && ends[piece + 1] == ends[piece]);

    // The parts of a time fit any day; a second 60 only few.
    private void Times()
    {
        Check(Role.StartTime, Role.Start);
        Check(Role.EndTime, Role.End);

        void Check(Role time, Role day)
        {
            if (
                _text[(int)time] is { Length: > 0 } text
                && Day(day) is { } of
                && !TimeText.TryRead(variant.Convention[time]!.Kind, text, of, out _)
            )
                _faults.Add(
                    new(
                        Roles.Title(time, ""),
                        text,
                        $"The {Roles.Title(time, "")} '{text}' is a leap second, and {of:yyyy-MM-dd} had none; allowed: a second up to 59."
                    )
                );
        }
    }

    // What fits piece by piece can still be wrong together. Days that can be read are in order or not
    // whatever else is wrong; a rule about a part that is wrong itself has nothing to add.
    private void Order()
    {
        if (
            variant.Convention.Ordered
            && Day(Role.Start) is { } start
            && Day(Role.End) is { } end
            && end == start
            && Time(Role.StartTime, start) is { } startTime
            && Time(Role.EndTime, end) is { } endTime
            && Convention.IsReversed(start, startTime, end, endTime)
        )
        {
            _faults.Add(
                new(
                    "end time",
                    _text[(int)Role.EndTime]!,
                    $"The end time '{_text[(int)Role.EndTime]}' is before the start time '{_text[(int)Role.StartTime]}' of the same day; allowed: the same time or a later one."
                )
            );
        }

        if (variant.Convention.Ordered && Day(Role.Start) is { } first && Day(Role.End) is { } last && last < first)
        {
            _faults.Add(
                new(
                    "end date",
                    _text[(int)Role.End]!,
                    $"The end date '{_text[(int)Role.End]}' is before the start date '{_text[(int)Role.Start]}'; allowed: the same day or a later one."
                )
            );
        }
    }

    private void Rules()
    {
        foreach (var rule in variant.Convention.Rules)
        {
            var holds = rule.If.All(c => c.Value.Contains(_text[(int)c.Key], StringComparer.Ordinal));
            foreach (var (role, words) in holds ? rule.Then : rule.Else)
            {
                var text = _text[(int)role] ?? "";
                if (words.Contains(text, StringComparer.Ordinal)) continue;
                var because = string.Join(" and ", rule.If.Keys.Select(r => $"the {Roles.Title(r, "")} '{_text[(int)r]}'"));
                _faults.Add(new(Roles.Title(role, ""), text,
                    $"The {Roles.Title(role, "")} '{text}' does not go with {because}; allowed: {string.Join(", ", words)}."));
            }
        }
    }

    private DateOnly? Day(Role role) =>
        _text[(int)role] is { } text && DayText.TryRead(variant.Convention[role]!.Kind, text, out var day) ? day : null;

    private string? Time(Role role, DateOnly day) =>
        _text[(int)role] is { Length: > 0 } text && TimeText.TryRead(variant.Convention[role]!.Kind, text, day, out var time) ? time : null;

    private NameFault Misread(Literal literal, string text, int at)
    {
        var message =
            text.Length == 0
                ? $"The name lacks '{literal.Text}' at character {at + 1}; allowed: {Variant.Shape(variant.Convention.Nodes)}."
                : $"The name has '{NameText.Show(text)}' at character {at + 1}, where '{literal.Text}' belongs; allowed: {Variant.Shape(variant.Convention.Nodes)}.";
        return new("name", text, message);
    }

    private NameFault Of(Node piece, Field field, string text, int fit)
    {
        var allowed = piece switch
        {
            Group { Parts: [Slot only] } => Allowed(only.Field),
            Group group => Variant.Shape(group.Parts),
            _ => Allowed(field),
        };
        if (text.Length == 0)
        {
            _fieldMissing = true;
            return new(field.Title, text, $"The {field.Title} is missing; allowed: {allowed}.");
        }

        var shown = NameText.Show(text);
        var what = (field.Kind, fit) switch
        {
            (FieldKind.OneOf, SliceFit.Unreal) => InCase(text, field.Find(text, ignoreCase: true)!),
            (FieldKind.OneOf, _) => "is not known",
            _ when piece is Group group => OfGroup(group, text),
            (FieldKind.Digits, SliceFit.Unreal) when field.Role == Role.None => $"has more than {OwnText.MostDigits} digits",
            (FieldKind.Digits, SliceFit.Unreal) => $"is a larger number than {int.MaxValue}",
            (FieldKind.Digits, _) when field.Width > 0 => $"is not {field.Width} digits",
            (FieldKind.Digits, _) => "is not a number",
            (_, SliceFit.Unreal) when field.IsDate => "is not in the calendar",
            (_, _) when field.IsDate => "is not a date",
            (_, SliceFit.Unreal) when field.IsTime => "is no time of day",
            (_, _) when field.IsTime => "is not a time",
            _ => "has a character that it cannot have",
        };
        return new(field.Title, text, $"The {field.Title} '{shown}' {what}; allowed: {allowed}.");
    }

    /// <summary>What is said of a part that fits but for its case.</summary>
    private string InCase(string text, string word) => isLowerCase && text.AsSpan().ContainsAnyInRange('A', 'Z')
        ? $"is written in upper case, and {variant.Convention.Family} names are lower case"
        : $"has letters in another case than '{word}'";

    private string OfGroup(Group group, string text)
    {
        if (SliceFit.Of(group, text, ignoreCase: true) == 0) return InCase(text, Variant.Shape(group.Parts));
        CaptureSet captures = default;
        return !group.Matches(text, ignoreCase: true, captures) ? "does not have the form of a version"
            : group.Parts.OfType<Slot>().Any(slot => slot.Field.IsDate || slot.Field.IsTime)
                ? "has a number that is too large, or a day or time that is none"
            : group.Parts.Length == 1 ? $"is a larger number than {int.MaxValue}"
            : $"has a number that is larger than {int.MaxValue}";
    }

    private static string Allowed(Field field) => field.Kind switch
    {
        FieldKind.OneOf => string.Join(", ", field.Values),
        FieldKind.Text => "any visible ASCII text without '_'",
        FieldKind.Words => "any visible ASCII text",
        FieldKind.Digits when field.Width == 0 => "one or more digits",
        FieldKind.Digits => Variant.Shape(field),
        _ when field.IsTime => $"a time of day, written {Variant.Shape(field)}",
        _ => $"a real day, written {Variant.Shape(field)}",
    };
}
