using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace OpenSdc.Tests.Page;

/// <summary>An issuer of OpenID Connect on loopback that lets everybody in: authorization codes with PKCE, which it checks.</summary>
internal sealed class InstituteIssuer : IAsyncDisposable
{
    private readonly WebApplication app;
    private readonly ConcurrentDictionary<string, string> challenges = new();
    private int codes;

    private InstituteIssuer()
    {
        var builder = WebApplication.CreateEmptyBuilder(new());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        app = builder.Build();
        app.UseRouting();
        app.MapGet(
            "/.well-known/openid-configuration",
            context =>
                AnswerAsync(
                    context,
                    $$"""{"issuer":"{{Address}}","authorization_endpoint":"{{Address}}/authorize","token_endpoint":"{{Address}}/token"}"""
                )
        );
        app.MapGet(
            "/authorize",
            context =>
            {
                var asked = context.Request.Query;
                var code = $"code{Interlocked.Increment(ref codes)}";
                challenges[code] = asked["code_challenge_method"] == "S256" ? asked["code_challenge"].ToString() : "none";
                context.Response.Redirect($"{asked["redirect_uri"]}?code={code}&state={Uri.EscapeDataString(asked["state"].ToString())}");
                return Task.CompletedTask;
            }
        );
        app.MapPost(
            "/token",
            async context =>
            {
                var form = await context.Request.ReadFormAsync(context.RequestAborted);
                var hash = Convert
                    .ToBase64String(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString())))
                    .TrimEnd('=')
                    .Replace('+', '-')
                    .Replace('/', '_');
                // A code counts once.
                var isRight =
                    challenges.TryRemove(form["code"].ToString(), out var challenge) && challenge == hash && form["client_id"] == "page";
                context.Response.StatusCode = isRight ? 200 : 400;
                await AnswerAsync(
                    context,
                    isRight
                        ? """{"access_token":"token-of-the-institute","token_type":"Bearer","expires_in":600}"""
                        : """{"error":"invalid_grant"}"""
                );
            }
        );
    }

    public string Address => app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    public static async Task<InstituteIssuer> StartAsync()
    {
        var issuer = new InstituteIssuer();
        await issuer.app.StartAsync();
        return issuer;
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();

    private static Task AnswerAsync(HttpContext context, string json)
    {
        context.Response.Headers.AccessControlAllowOrigin = "*";
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(json, context.RequestAborted);
    }
}
