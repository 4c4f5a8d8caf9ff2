using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace OpenSdc.Tests.Uploads;

/// <summary>
/// A queue that speaks SQS's JSON protocol over a real port: messages are given out one by one in any order,
/// are not seen by others for a moment, and come again until they are removed by the handle that they were
/// given out with.
/// </summary>
internal sealed class SqsServer : IAsyncDisposable
{
    private static readonly TimeSpan Unseen = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, (string Body, DateTimeOffset SeenFrom)> messages = new();
    private readonly WebApplication app;
    private int numbers;

    private SqsServer(WebApplication app) => this.app = app;

    public Uri Url { get; private set; } = null!;

    public int Count => messages.Count;

    public ConcurrentBag<string> Authorizations { get; } = [];

    /// <summary>Called before messages are removed.</summary>
    public Func<Task> Removing { get; set; } = () => Task.CompletedTask;

    public static async Task<SqsServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var server = new SqsServer(builder.Build());
        server.app.MapPost("/", server.AnswerAsync);
        await server.app.StartAsync();
        var address = server.app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        server.Url = new Uri(address + "/000000000000/arrivals");
        return server;
    }

    public void Add(string body) => messages[Interlocked.Increment(ref numbers).ToString(CultureInfo.InvariantCulture)] = (body, default);

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        Authorizations.Add(context.Request.Headers.Authorization.ToString());
        var request = (await JsonNode.ParseAsync(context.Request.Body))!;
        var answer =
            request["QueueUrl"]!.GetValue<string>() != Url.AbsoluteUri
                ? null
                : context.Request.Headers["X-Amz-Target"].ToString() switch
                {
                    "AmazonSQS.ReceiveMessage" => await ReceiveAsync(request, context.RequestAborted),
                    "AmazonSQS.DeleteMessageBatch" => await RemoveAsync(request),
                    _ => null,
                };
        context.Response.StatusCode = answer is null ? 400 : 200;
        context.Response.ContentType = "application/x-amz-json-1.0";
        await context.Response.WriteAsync(
            answer?.ToJsonString() ?? """{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"no such queue"}"""
        );
    }

#pragma warning disable CA5351 // the protocol's own check of a message
    private static string Md5Of(string text) => Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(text)));
#pragma warning restore CA5351

    private async Task<JsonObject> ReceiveAsync(JsonNode request, CancellationToken cancel)
    {
        var end = TimeProvider.System.GetUtcNow().AddSeconds(request["WaitTimeSeconds"]!.GetValue<int>());
        while (true)
        {
            var now = TimeProvider.System.GetUtcNow();
            foreach (var (number, (body, seenFrom)) in messages)
            {
                if (seenFrom > now || !messages.TryUpdate(number, (body, now + Unseen), (body, seenFrom)))
                    continue;
                var message = new JsonObject
                {
                    ["MessageId"] = "message-" + number,
                    ["ReceiptHandle"] = "handle-" + number,
                    ["Body"] = body,
                    ["MD5OfBody"] = Md5Of(body),
                };
                return new JsonObject { ["Messages"] = new JsonArray(message) };
            }

            if (now >= end)
                return [];
            await Task.Delay(20, cancel);
        }
    }

    private async Task<JsonObject> RemoveAsync(JsonNode request)
    {
        await Removing();
        var removed = new JsonArray();
        foreach (var entry in request["Entries"]!.AsArray())
        {
            messages.TryRemove(entry!["ReceiptHandle"]!.GetValue<string>()["handle-".Length..], out _);
            removed.Add((JsonNode)new JsonObject { ["Id"] = entry["Id"]!.GetValue<string>() });
        }

        return new JsonObject { ["Successful"] = removed, ["Failed"] = new JsonArray() };
    }
}
