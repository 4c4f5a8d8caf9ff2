using Microsoft.OpenApi;

namespace OpenSdc.Server.Description;

/// <summary>The words of <c>/changes</c>.</summary>
internal static class ChangesOperations
{
    private const string Sample =
        $$"""
        [{"seq":42,"kind":"published","at":"20260103 04:05:06","file_path":"{{Samples.Key}}"},{"seq":57,"kind":"withdrawn","at":"20260104 05:06:07","file_path":"{{Samples.Key}}","reason":"Made with a wrong calibration."}]
        """;

    public static OpenApiSchema List =>
        new()
        {
            Type = JsonSchemaType.Array,
            Description = "What happened to a file, in the order in which it did.",
            Items = Shapes.Object(
                "One change.",
                ("seq", Shapes.Number("The number of the change."), true),
                (
                    "kind",
                    Shapes.String(
                        "`published`, `adopted`, `released`, `unreleased`, `withdrawn`, `restored`, `purged`, `lost`, `damaged`, `sound` or `superseded`."
                    ),
                    true
                ),
                ("at", Shapes.String("When, UTC, `YYYYMMDD HH:MM:SS`."), true),
                ("file_path", Shapes.String("The file."), true),
                ("reason", Shapes.String("Why it was withdrawn."), false),
                ("superseded_by", Shapes.String("The path of the newer version, or of the file that a withdrawal names."), false)
            ),
        };

    public static Operation Changes { get; } =
        new(
            HttpMethod.Get,
            "/changes",
            "listChanges",
            Operations.Query,
            "See what happened to a file",
            """
            The changes of one file, from its publication on. Callers without the scope `read` are told of files that they see, or saw until they were withdrawn: the publication, and what happened while they saw the file.
            Of any other file, and of a name that is not taken, the list is empty. Who made a change is told to nobody here; administrators ask the audit.
            """
        )
        {
            Parameters =
            [
                Words.Query("filename", "The file, by its bare name.", Words.String(), Samples.FileName),
                Words.Query("file_path", "The file, by its path in the archive; one of the two is given.", Words.String(), Samples.Key),
            ],
            Answers =
            [
                new(200, "The changes. None is an empty list.")
                {
                    Headers = QueryOperations.StateHeaders,
                    Shapes = [Shapes.ChangeList],
                    Examples = [("withdrawn", "a file that was withdrawn", Sample)],
                },
            ],
            Failures =
            [
                new(Problems.UnknownParameter("colour", Files.ListChanges.Parameters) with { Plain = true }, "there is no such parameter"),
                new(Problems.NotOneFile, "no file is named, or several are"),
                Failure.Unexpected,
                Failure.Starting,
            ],
        };
}
