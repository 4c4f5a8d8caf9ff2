using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Description;

/// <summary>The words of the routes that change who may see files.</summary>
internal static class CurationOperations
{
    private static readonly Tombstone Gone = new(42, Samples.Key, 43, "20260103 04:05:06", "Made with a wrong calibration.", null, null);

    private static readonly OpenApiParameter File = Word(
        "filename",
        "The name of the file, bare or with its path. Here or in the body: a form, or a JSON object of texts.",
        Samples.FileName
    );

    public static IReadOnlyList<Operation> All { get; } =
    [
        new(HttpMethod.Get, "/release", "releaseByManifest", Operations.Query, "Release what a manifest says",
            """
            As installed clients call it; the answers are bare JSON strings. The manifest is a file of the archive: its name has the days, and its lines, `instrument,data_type,descriptor,true|false`, say which
            files of them are meant, of each series the newest version at that moment. `all` as data type is science of every level and all ancillary files; `all` as descriptor is every descriptor. A line with
            `false` is an exception: its files stay as they are. `unrelease` takes back all versions that the manifest means. Needs the scope `release`; may be repeated.
            """)
        {
            Scope = Scopes.Release,
            Parameters =
            [
                Word("release_type", "`release` or `unrelease`.", "release"),
                Word("manifest_file", "The name of the manifest, perhaps with folders, or as `s3://…`.", Samples.FileName),
            ],
            Answers =
            [
                Text(200, "All is released.", $"\"Successfully released data per specification in {Samples.FileName}\""),
                Text(
                    400,
                    "A parameter is missing or wrong, or a line of the manifest is malformed.",
                    "\"Missing required query parameter 'manifest_file' for release operation.\""
                ),
                Text(401, "The request brings no credentials.", "\"Unauthorized\""),
                Text(403, "The key has not the scope `release`.", "\"Release operation denied. Your API key has read permissions.\""),
                Text(404, "The archive has no such manifest.", $"\"The manifest {Samples.FileName} is not in the archive.\""),
                Text(501, "`early-release`.", "\"Early release operation not supported yet.\""),
            ],
        },
        OfQuery(
            "/release",
            "releaseByQuery",
            "Release what a query lists",
            "Everybody sees the files from then on: those that `/query` would list for these filters. In transactions of 1000 changes; whoever repeats it changes nothing more."
        ),
        OfQuery(
            "/unrelease",
            "unreleaseByQuery",
            "Take a release back",
            "Only the team sees the files from then on: those that `/query` would list for these filters. What the public saw before stays so under `as_of`."
        ),
        OfFile(
            "/withdraw",
            "withdrawFile",
            "Take a wrong file out of the archive",
            "Nobody is given the file any more; asked for by its name it is 410 with the reason. Its name stays taken. Needs the scope `admin`, or to have uploaded the file within `withdraw-window`.",
            "withdrawn",
            [
                Word("reason", "Why, one line of at most 500 characters: whoever asks for the file is told.", Gone.Reason),
                Word("superseded_by", "The name of the file that stands for it.", Samples.FileName),
            ],
            new(Problems.NameWithdrawn(Gone) with { Plain = true }, "the file was withdrawn before"),
            new(Problems.NoSuccessor, "`superseded_by` is no file of the archive")
        ),
        OfFile(
            "/restore-file",
            "restoreFile",
            "Give a withdrawn file out again",
            "To whom it was given before. Needs the scope `admin`.",
            "restored",
            [],
            new(Problems.NotWithdrawn(Samples.Key), "the file is not withdrawn"),
            new(Problems.IsPurged(Samples.Key), "its bytes were removed for good")
        ),
        OfFile(
            "/purge",
            "purgeFile",
            "Remove the bytes of a withdrawn file for good",
            "In two steps: without `token` it answers one, and with that token it removes the bytes. The record stays, and so does the name. Needs the scope `admin`; may be repeated.",
            "purged",
            [Word("token", "What the first request answered.", "9f8e7d6c5b4a3928")],
            new(Problems.NotWithdrawn(Samples.Key), "the file is not withdrawn"),
            new(Problems.WrongPurgeToken, "the token is not that of the last request without one")
        ),
    ];

    private static OpenApiParameter Word(string name, string text, string example) =>
        Words.Query(name, text, Words.String(), JsonValue.Create(example));

    private static Answer Text(int status, string text, string example) =>
        new(status, text) { Shapes = [Shapes.Text], Examples = [("text", "a JSON string", example)] };

    private static Answer Object(string text, string example) =>
        new(200, text) { Shapes = [Shapes.Outcome], Examples = [("done", "done", example)] };

    private static Operation OfQuery(string path, string id, string summary, string text) =>
        new(
            HttpMethod.Post,
            path,
            id,
            Operations.Query,
            summary,
            text
                + " The filters are those of `/query`, in the address or in a body as of `POST /query`; at least one is needed. Needs the scope `release`."
        )
        {
            Parameters = [Word("filename", "For example; every filter of `/query` is taken.", Samples.FileName)],
            Answers =
            [
                Object(
                    "How many files were meant, how many of them changed, and the newest change of the archive.",
                    """{"files":120,"changed":118,"seq":4711}"""
                ),
            ],
            Failures =
            [
                new(
                    Problems.BadOrder("The request names no files; allowed: the filters of /query, of which at least one is given."),
                    "no filter is given, or a wrong one"
                ),
                Failure.Unexpected,
                Failure.Starting,
            ],
        };

    private static Operation OfFile(
        string path,
        string id,
        string summary,
        string text,
        string state,
        IReadOnlyList<OpenApiParameter> parameters,
        params Failure[] failures
    ) =>
        new(HttpMethod.Post, path, id, Operations.Query, summary, text)
        {
            Parameters = [File, .. parameters],
            Answers = [Object("What became of the file.", $$"""{"file_path":"{{Samples.Key}}","state":"{{state}}"}""")],
            Failures =
            [
                new(Problems.BadOrder("The parameter filename is missing; needed: filename."), "a parameter is missing or wrong"),
                new(Problems.NoSuchFile with { Plain = true }, "no file has this name"),
                .. failures,
                Failure.Unexpected,
                Failure.Starting,
            ],
        };
}
