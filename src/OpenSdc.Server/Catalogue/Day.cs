using System.Globalization;

namespace OpenSdc.Server.Catalogue;

/// <summary>Days as records and queries write them: <c>YYYYMMDD</c>.</summary>
internal static class Day
{
    private const string Form = "yyyyMMdd";

    public static DateOnly Of(string text) => DateOnly.ParseExact(text, Form, CultureInfo.InvariantCulture);

    public static string Text(DateOnly day) => day.ToString(Form, CultureInfo.InvariantCulture);
}
