namespace OpenSdc.Contract.Naming;

/// <summary>Values of a mission's own fields: as names write them, and as they are recorded.</summary>
internal static class OwnText
{
    /// <summary>The most digits of a number: every program that reads JSON takes it as it is.</summary>
    public const int MostDigits = 15;

    public static OwnFieldKind KindOf(Field field) => field.Kind switch
    {
        FieldKind.OneOf => OwnFieldKind.Word,
        FieldKind.Digits => OwnFieldKind.Number,
        FieldKind.Text or FieldKind.Words => OwnFieldKind.Text,
        _ => field.IsDate ? OwnFieldKind.Day : OwnFieldKind.Time,
    };

    /// <summary>What a number or day or time is recorded as; null where there is no such one.</summary>
    public static string? Recorded(Field field, ReadOnlySpan<char> text)
    {
        if (field.Kind == FieldKind.Digits)
            return text.TrimStart('0') is { Length: > 0 } digits ? digits.Length <= MostDigits ? new string(digits) : null : "0";
        if (field.IsDate) return DayText.TryRead(field.Kind, text, out var day) ? DayText.Write(FieldKind.Date, day) : null;
        return !field.IsTime ? new string(text) : TimeText.TryRead(field.Kind, text, null, out var time) ? time : null;
    }

    /// <summary>A recorded value as a name of the field's form writes it.</summary>
    public static string AsWritten(Field field, string recorded)
    {
        if (field.Kind == FieldKind.Digits) return recorded.PadLeft(field.Width, '0');
        if (field.IsDate) return DayText.TryRead(FieldKind.Date, recorded, out var day) ? DayText.Write(field.Kind, day) : recorded;
        return field.IsTime ? TimeText.Write(field.Kind, recorded) : recorded;
    }
}
