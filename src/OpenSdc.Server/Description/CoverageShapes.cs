using Microsoft.OpenApi;

namespace OpenSdc.Server.Description;

/// <summary>The shapes of what <c>/coverage</c> and <c>/facets</c> answer.</summary>
internal static class CoverageShapes
{
    public static OpenApiSchema List =>
        new()
        {
            Type = JsonSchemaType.Array,
            Description = "What the files cover, ordered by the members `family` to `bin`.",
            Items = Shapes.Object(
                "The files of one series in one period.",
                ("family", Shapes.String("The family of files."), true),
                ("instrument", OrNull("As names write it; null where the family has none."), true),
                ("data_level", OrNull("As names write it; null where the family has none."), true),
                ("descriptor", OrNull("As names write it; null where there is none."), true),
                ("extension", Shapes.String("Without the leading dot."), true),
                (
                    "bin",
                    OrNull("The start date, or its month or year: `YYYYMMDD`, `YYYYMM` or `YYYY`; null for names without a date."),
                    true
                ),
                ("files", Shapes.Number("How many files."), true),
                ("bytes", Shapes.Number("The sum of their sizes, in bytes."), true),
                (
                    "version",
                    OrNull("The newest of their versions, as its name writes it. Of two with equal numbers it is the one published later."),
                    true
                ),
                ("first_ingestion", Shapes.String("When the first of them was published, UTC, `YYYYMMDD HH:MM:SS`."), true),
                ("last_ingestion", Shapes.String("When the last of them was, likewise."), true)
            ),
        };

    public static OpenApiSchema Facets =>
        Shapes.Object(
            "The values of each field.",
            ("files", Shapes.Number("How many files there are in all."), true),
            ("bytes", Shapes.Number("The sum of their sizes, in bytes."), true),
            (
                "facets",
                Shapes.Object(
                    "A list of values for each field.",
                    ("instrument", Values(), true),
                    ("data_level", Values(), true),
                    ("descriptor", Values(), true),
                    ("extension", Values(), true),
                    ("start_year", Values(), true)
                ),
                true
            )
        );

    private static OpenApiSchema Values() =>
        new()
        {
            Type = JsonSchemaType.Array,
            Items = Shapes.Object(
                "One value.",
                ("value", OrNull("As names write it; null for files that have none."), true),
                ("files", Shapes.Number("How many files have it."), true),
                ("bytes", Shapes.Number("The sum of their sizes, in bytes."), true)
            ),
        };

    private static OpenApiSchema OrNull(string text) => new() { Type = JsonSchemaType.String | JsonSchemaType.Null, Description = text };
}
