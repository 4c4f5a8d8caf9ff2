using Microsoft.AspNetCore.Http.HttpResults;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server;

/// <summary>What a supervisor asks: is the process alive, and may it be sent requests?</summary>
internal static class Health
{
    /// <summary><c>GET /health/live</c>: the process answers.</summary>
    public static ContentHttpResult Live() => TypedResults.Text("live\n");

    /// <summary><c>GET /health/ready</c>: recovery is done and the catalogue answers.</summary>
    public static async Task<Results<ContentHttpResult, Problem>> Ready(Recovery recovery, Catalogue.Catalogue catalogue, HttpContext context)
    {
        if (!recovery.IsDone)
            return Problems.NotReady;
        await catalogue.HeadAsync(context.RequestAborted);
        return TypedResults.Text("ready\n");
    }
}
