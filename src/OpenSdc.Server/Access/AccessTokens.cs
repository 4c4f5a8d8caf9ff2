namespace OpenSdc.Server.Access;

/// <summary>Reads bearer tokens.</summary>
internal sealed class AccessTokens(ServerOptions options)
{
    public Task<(Caller? Caller, Problem? Problem)> ReadAsync(HttpContext context) =>
        Task.FromResult<(Caller?, Problem?)>((null, Problems.BadToken(options.OidcIssuer is null ? "This archive takes no tokens; it takes API keys, in the header x-api-key." : "")));

    /// <summary>The header <c>WWW-Authenticate</c> of an answer 401.</summary>
    public string Challenge(HttpContext context, Problem refusal) => options.OidcIssuer is null ? "ApiKey realm=\"opensdc\"" : "Bearer";
}
