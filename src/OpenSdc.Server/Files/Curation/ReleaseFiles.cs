using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Files.Kernels;

namespace OpenSdc.Server.Files.Curation;

/// <summary>
/// The routes that release files to everybody, and take that back: by a manifest, as installed clients call
/// it, or by a query.
/// </summary>
internal static class ReleaseFiles
{
    private const string Release = "release";
    private const string Unrelease = "unrelease";
    private const string Early = "early-release";

    private static readonly string[] Parameters = ["release_type", "manifest_file"];

    /// <summary><c>GET /release?release_type=…&amp;manifest_file=…</c>, in the words of the live service.</summary>
    public static async Task<BareText> HandleManifest(
        HttpContext context,
        Mission mission,
        ReleaseManifest manifests,
        Catalogue.Releases releases
    )
    {
        try
        {
            if (Denial(context) is { } denied)
                throw denied;
            var given = new KernelParameters(context.Request.Query, Parameters, []);
            var (type, file) = (given.Text("release_type"), given.Text("manifest_file"));
            if (type is not (Release or Unrelease or Early))
                throw new BareRefusal(
                    400,
                    $"'{ParameterValues.Shown(type ?? "None")}' is not a valid release_type. Valid options are: ['release', 'unrelease', 'early-release']"
                );
            if (type == Early)
                throw new BareRefusal(501, "Early release operation not supported yet.");
            if (file is null)
                throw new BareRefusal(400, $"Missing required query parameter 'manifest_file' for {type} operation.");
            var lines = await manifests.ReadAsync(file, mission, context.Caller().Audience, context.RequestAborted);
            var files = await lines.FindAsync(newestOnly: type == Release, context.RequestAborted);
            await releases.SetAsync(
                files,
                type == Release,
                AuditLog.Of(context, type == Release ? AuditAction.Release : AuditAction.Unrelease, $"manifest {file}", 200),
                context.RequestAborted
            );
            return new BareText(
                200,
                "application/json",
                Representation.Quoted($"Successfully {type}d data per specification in {ParameterValues.Shown(file)}")
            );
        }
        catch (BareRefusal refusal)
        {
            return refusal.Answer;
        }
    }

    /// <summary><c>POST /release</c>: all files that a query lists, with its parameters in the address or the body.</summary>
    public static Task<Results<ReleaseAnswer, Problem>> HandleRelease(
        HttpContext context,
        Mission mission,
        Catalogue.Catalogue catalogue,
        Catalogue.Releases releases
    ) => HandleQueryAsync(context, mission, catalogue, releases, release: true);

    /// <summary><c>POST /unrelease</c>: the opposite.</summary>
    public static Task<Results<ReleaseAnswer, Problem>> HandleUnrelease(
        HttpContext context,
        Mission mission,
        Catalogue.Catalogue catalogue,
        Catalogue.Releases releases
    ) => HandleQueryAsync(context, mission, catalogue, releases, release: false);

    private static async Task<Results<ReleaseAnswer, Problem>> HandleQueryAsync(
        HttpContext context, Mission mission, Catalogue.Catalogue catalogue, Catalogue.Releases releases, bool release)
    {
        var (given, problem) = await QueryBody.ReadAsync(context.Request);
        if (given is null)
            return problem! with { Plain = true };
        if (given.Count == 0)
            return Problems.BadOrder("The request names no files; allowed: the filters of /query, of which at least one is given.");
        if (given.Keys.FirstOrDefault(name => !CoverageRequest.Filters.Contains(name) && QueryParameters.Names.Contains(name)) is { } other)
            return Problems.BadOrder(
                $"The parameter {other} says how a list is written, or which page of it; allowed here: the filters of /query."
            );
        var (request, fault) = QueryParameters.Read(given, mission);
        if (request is null)
            return fault! with { Plain = true };
        if (AskedState.Refuse(request, await catalogue.StateAsync(Audience.Team, context.RequestAborted)) is { } refused)
            return refused with { Plain = true };
        var files = await releases.FindAsync(request.Query, request.Family, context.RequestAborted);
        return new ReleaseAnswer(
            await releases.SetAsync(
                files,
                release,
                AuditLog.Of(context, release ? AuditAction.Release : AuditAction.Unrelease, "query", 200),
                context.RequestAborted
            ),
            await catalogue.HeadAsync(context.RequestAborted)
        );
    }

    private static BareRefusal? Denial(HttpContext context) =>
        context.Caller() switch
        {
            var caller when caller.Has(Scopes.Release) => null,
            { IsAnonymous: true } => new BareRefusal(401, "Unauthorized"),
            var caller => new BareRefusal(
                403,
                $"Release operation denied. Your API key has {(caller.Has(Scopes.Upload) ? "no release" : "read")} permissions."
            ),
        };
}

/// <summary>What a release by a query did.</summary>
internal sealed record ReleaseAnswer(ReleaseResult Result, long Seq) : IResult
{
    public Task ExecuteAsync(HttpContext context)
    {
        context.Response.Headers[AskedState.SeqHeader] = Seq.ToString(CultureInfo.InvariantCulture);
        return TypedResults
            .Text(
                string.Create(CultureInfo.InvariantCulture, $$"""{"files":{{Result.Files}},"changed":{{Result.Changed}},"seq":{{Seq}}}"""),
                "application/json"
            )
            .ExecuteAsync(context);
    }
}
