using System.Globalization;
using OpenSdc.Server.Access;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Files;

/// <summary>
/// What a request says of the archive's state, compared with the state that the archive has, and how the
/// answer tells it. A number of another history, or beyond the newest, was noted before a restore or in
/// another archive: an answer that used it would pass over files.
/// </summary>
internal static class AskedState
{
    /// <summary>The header with the number of the newest change.</summary>
    public const string SeqHeader = "OpenSDC-Seq";

    /// <summary>The header with the history that this number counts in.</summary>
    public const string HistoryHeader = "OpenSDC-History";

    /// <summary>The header that tells the public that unreleased files may be left out.</summary>
    public const string VisibilityHeader = "OpenSDC-Visibility";

    /// <summary>Whether a request says anything that must be compared before it is answered.</summary>
    public static bool IsIn(QueryRequest request) =>
        request.Query.AsOf is not null || request.Query.SinceSeq is not null || request.History is not null || request.Cursor is not null;

    /// <summary>The problem with what a request says of the state; null where there is none.</summary>
    public static Problem? Refuse(QueryRequest request, ArchiveState state)
    {
        if (request.History is { } history && history != state.History)
        {
            return Problems.BadParameter(
                $"The parameter history is '{ParameterValues.Shown(history)}', but the history of this archive is {state.History}; numbers of another history count nothing here, so begin again with since_seq=0."
            );
        }

        if (request.Query.AsOf is { } asOf && request.Cursor is { } other && other.AsOf != asOf)
            return Problems.BadParameter(
                $"The parameter cursor is of as_of={other.AsOf}, and as_of is '{asOf}'; allowed: the cursor that the same query gave."
            );
        if (request.Cursor is { } cursor && (cursor.History != state.History || cursor.AsOf > state.Seq))
            return Problems.BadParameter(
                "The parameter cursor is of another history of the archive, such as the one before a restore; allowed: a cursor of this history. Begin again with the first page."
            );
        return Beyond("since_seq", request.Query.SinceSeq, state) ?? Beyond("as_of", request.Query.AsOf, state);
    }

    public static void AddHeaders(HttpContext context, ArchiveState state)
    {
        context.Response.Headers[SeqHeader] = state.Seq.ToString(CultureInfo.InvariantCulture);
        context.Response.Headers[HistoryHeader] = state.History;
        AddVisibility(context);
    }

    /// <summary>Tells who sees released files only that there may be others.</summary>
    public static void AddVisibility(HttpContext context)
    {
        if (context.Caller().Audience == Audience.Public)
            context.Response.Headers[VisibilityHeader] = "released files only; unreleased files may be left out";
    }

    private static Problem? Beyond(string name, long? number, ArchiveState state) =>
        number > state.Seq
            ? Problems.BadParameter(
                $"The parameter {name} is '{number}'; allowed: a number up to {state.Seq}, the newest change in the archive's history {state.History}."
            )
            : null;
}
