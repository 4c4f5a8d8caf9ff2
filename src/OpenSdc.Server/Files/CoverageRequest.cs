using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Primitives;
using OpenSdc.Contract;
using OpenSdc.Contract.Naming;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Files;

/// <summary>
/// What <c>/coverage</c> and <c>/facets</c> are asked: the filters of a query, and for the first how days are
/// put together. What says how a list is to be written, ordered or cut means nothing here, and is refused.
/// </summary>
/// <param name="Asked">The filters, and what they say of the archive's state.</param>
/// <param name="Digits">How many digits of a start date are one period: 8 for days, 6 for months, 4 for
/// years.</param>
/// <param name="Given">The parameters as they came.</param>
internal sealed record CoverageRequest(QueryRequest Asked, int Digits, IQueryCollection Given)
{
    /// <summary>The filters.</summary>
    public FileQuery Query => Asked.Query;

    /// <summary>The mission's own fields that have words, of the families that are asked for.</summary>
    public IReadOnlyList<OwnField> OwnWords { get; init; } = [];

    public const string Bin = "bin";

    private static readonly OrderedDictionary<string, int> Periods = new() { ["day"] = 8, ["month"] = 6, ["year"] = 4 };

    /// <summary>What <c>bin=</c> may name; the first is the default.</summary>
    public static IReadOnlyList<string> Bins => Periods.Keys;

    /// <summary>The parameters of a query that say which files are meant.</summary>
    public static IReadOnlyList<string> Filters { get; } =
    [.. QueryParameters.Names.Except(["sort", "fields", "count", "format", "limit", "cursor"])];

    /// <summary>Reads a request, and answers it already where it cannot mean anything or the caller has the answer.</summary>
    public static async Task<Results<T, Unchanged, Problem>> AnswerAsync<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicMethods | DynamicallyAccessedMemberTypes.NonPublicMethods)] T
    >(
        HttpContext context,
        Mission mission,
        Catalogue.Catalogue catalogue,
        bool hasBin,
        Func<CoverageRequest, Catalogue.Catalogue, T> answer
    )
        where T : IResult
    {
        if (QueryBody.RefuseOfGet(context.Request) is { } hasBody)
            return hasBody with { Plain = true };
        var (request, problem) = Read(context.Request.Query, mission, hasBin);
        if (request is null)
            return problem! with { Plain = true };
        var asks = context.Request.Headers.IfNoneMatch;
        if (AskedState.IsIn(request.Asked) || asks.Count > 0)
        {
            var state = await catalogue.StateAsync(context.Caller().Audience, context.RequestAborted);
            problem = AskedState.Refuse(request.Asked, state);
            if (problem is not null)
                return problem with { Plain = true };
            var tag = request.TagOf(context, state);
            if (asks.Count > 0 && Unchanged.Holds(asks, tag))
                return new Unchanged(tag, state);
        }

        return answer(request, catalogue);
    }

    /// <summary>
    /// Answers a <c>HEAD</c>, to which the number of the newest change is enough: the sums are not looked at.
    /// False for any other request.
    /// </summary>
    public async Task<bool> AnswerHeadAsync(HttpContext context, Catalogue.Catalogue catalogue)
    {
        if (!HttpMethods.IsHead(context.Request.Method))
            return false;
        AddHeaders(context, await catalogue.StateAsync(context.Caller().Audience, context.RequestAborted));
        return true;
    }

    /// <summary>The headers of the answer from this state of the catalogue.</summary>
    public void AddHeaders(HttpContext context, ArchiveState state)
    {
        context.Response.ContentType = "application/json";
        context.Response.Headers.ETag = TagOf(context, state);
        AskedState.AddHeaders(context, state);
    }

    private string TagOf(HttpContext context, ArchiveState state) => Listing.TagOf(context, Given, state, Query.AsOf);

    private static (CoverageRequest? Request, Problem? Problem) Read(IQueryCollection given, Mission mission, bool hasBin)
    {
        var filters = new Dictionary<string, StringValues>(StringComparer.Ordinal);
        var digits = Periods[Bins[0]];
        foreach (var (name, values) in given)
        {
            if (hasBin && name == Bin)
            {
                if (values is not [{ } bin])
                    return (null, Problems.BadParameter($"The parameter {Bin} is given {values.Count} times; allowed: once."));
                if (!Periods.TryGetValue(bin, out digits))
                    return (
                        null,
                        Problems.BadParameter($"The parameter {Bin} is '{ParameterValues.Shown(bin)}'; allowed: {string.Join(", ", Bins)}.")
                    );
            }
            else if (Filters.Contains(name) || (!QueryParameters.Names.Contains(name) && QueryParameters.IsParameter(name, mission)))
            {
                filters.Add(name, values);
            }
            else if (QueryParameters.Names.Contains(name))
            {
                return (
                    null,
                    Problems.BadParameter(
                        $"The parameter {name} belongs to a list of files, as /query gives it; allowed here: {string.Join(", ", Known(hasBin))}."
                    )
                );
            }
            else
            {
                return (null, Problems.UnknownParameter(ParameterValues.Shown(name), Known(hasBin)));
            }
        }

        var (query, problem) = QueryParameters.Read(new QueryCollection(filters), mission);
        return (
            query is null
                ? null
                : new CoverageRequest(query, digits, given)
                {
                    OwnWords =
                    [
                        .. mission.OwnFields.Where(each =>
                            each.InProduct && (query.Family is null || query.Family.OwnFields.Contains(each))
                        ),
                    ],
                },
            problem
        );
    }

    private static IEnumerable<string> Known(bool hasBin) => hasBin ? [.. Filters, Bin] : Filters;
}
