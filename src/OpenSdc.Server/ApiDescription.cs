namespace OpenSdc.Server;

/// <summary>The OpenAPI document: what the code says of itself, and the words that it cannot say.</summary>
internal static class ApiDescription
{
    public static void Add(IServiceCollection services) => services.AddOpenApi("v1");
}
