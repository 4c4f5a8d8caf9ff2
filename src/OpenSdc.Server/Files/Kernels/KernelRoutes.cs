using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Files.Kernels;

/// <summary>
/// The routes of kernels that installed clients and scripts call. Their answers are bare, whatever the
/// <c>Accept</c> header says. A mission without kernels has none of them.
/// </summary>
internal static class KernelRoutes
{
    private static readonly string[] GetAndHead = ["GET", "HEAD"];

    public static void Map(RouteGroupBuilder routes, Mission mission, Caching caching)
    {
        if (mission.Kernels is not { } kernels)
            return;
        routes
            .MapMethods("/spice-query", GetAndHead, SpiceQuery.Handle)
            .WithMetadata(BareAnswers.Mark, HeldConditions.None, caching, CompressedLists.Mark);
        foreach (var (route, type) in kernels.Tables)
            routes
                .MapMethods(
                    "/" + route,
                    GetAndHead,
                    (HttpContext context, KernelCatalogue catalogue) => KernelTables.HandleAsync(type, context, catalogue)
                )
                .WithMetadata(BareAnswers.Mark, HeldConditions.None, caching, CompressedLists.Mark);
        routes
            .MapMethods("/metakernel", GetAndHead, Metakernel.Handle)
            .WithMetadata(BareAnswers.Mark, HeldConditions.None, caching, CompressedLists.Mark);
        routes
            .MapPost(
                "/reprocess",
                () =>
                    new BareText(
                        501,
                        "application/json",
                        Representation.Quoted("This archive stores and serves data; it does not process any.")
                    )
            )
            .WithMetadata(BareAnswers.Mark);
    }
}
