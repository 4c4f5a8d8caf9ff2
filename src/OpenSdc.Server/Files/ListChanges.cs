using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Files;

/// <summary>What happened to one file: published, released, withdrawn, lost, superseded, and when.</summary>
internal static class ListChanges
{
    /// <summary>Each names the file.</summary>
    public static IReadOnlyList<string> Parameters { get; } = ["filename", "file_path"];

    /// <summary><c>GET</c> or <c>HEAD /changes?filename=NAME</c></summary>
    public static async Task<Results<ChangeList, Problem>> Handle(HttpContext context, Mission mission, FileHistory history)
    {
        if (QueryBody.RefuseOfGet(context.Request) is { } hasBody)
            return hasBody with { Plain = true };
        if (context.Request.Query.Keys.FirstOrDefault(name => !Parameters.Contains(name)) is { } unknown)
            return Problems.UnknownParameter(ParameterValues.Shown(unknown), Parameters) with { Plain = true };
        var (request, problem) = QueryParameters.Read(context.Request.Query, mission);
        if (request is null)
            return problem! with { Plain = true };
        if (request.Query.FilePaths is not [var key])
            return Problems.NotOneFile;
        var (state, changes) = await history.OfAsync(key, ReadScope.Of(context.Caller()), context.RequestAborted);
        return new ChangeList(changes, state);
    }
}

/// <summary>The changes of one file, in their order.</summary>
internal sealed record ChangeList(IReadOnlyList<FileChange> Changes, ArchiveState State) : IResult
{
    public Task ExecuteAsync(HttpContext context)
    {
        AskedState.AddHeaders(context, State);
        return TypedResults.Json(Changes, ChangesJson.WithPaths.IReadOnlyListFileChange).ExecuteAsync(context);
    }
}

[JsonSerializable(typeof(IReadOnlyList<FileChange>))]
internal sealed partial class ChangesJson : JsonSerializerContext
{
    /// <summary>Texts stand as they are, as in the records.</summary>
    public static ChangesJson WithPaths { get; } = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
