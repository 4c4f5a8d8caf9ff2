using System.Text;
using Amazon.SQS;
using Amazon.SQS.Model;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>
/// Takes an S3 store's notifications from a queue of SQS. A message is removed only when what it tells is in the
/// ledger; one that tells nothing of ours is removed as well. Every replica asks: the queue gives each message to one
/// of them.
/// </summary>
internal sealed partial class SqsNotifications(
    S3Staging staging, UploadSignals signals, Recovery recovery, ServerOptions options, TimeProvider clock,
    ILogger<SqsNotifications> logger)
    : BackgroundService
{
    private const int MostAtOnce = 10;
    private const int WaitSeconds = 20;
    private static readonly TimeSpan AfterFailure = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.SqsQueue is not { } queue)
            return;
        await recovery.Done.WaitAsync(stoppingToken);
        using var client = new AmazonSQSClient(new AmazonSQSConfig
        {
            ServiceURL = queue.GetLeftPart(UriPartial.Authority),
            AuthenticationRegion = options.S3Region ?? RegionOf(queue.Host),
        });
        while (true)
        {
            try
            {
                await TakeAsync(client, queue.AbsoluteUri, stoppingToken);
            }
            catch (Exception failure) when (TransientErrors.IsTransient(failure))
            {
                LogCannotTake(failure.Message);
                await Task.Delay(AfterFailure, clock, stoppingToken);
            }
        }
    }

    private async Task TakeAsync(AmazonSQSClient client, string queue, CancellationToken cancel)
    {
        var request = new ReceiveMessageRequest { QueueUrl = queue, MaxNumberOfMessages = MostAtOnce, WaitTimeSeconds = WaitSeconds };
        var messages = (await client.ReceiveMessageAsync(request, cancel)).Messages ?? [];
        if (messages.Count == 0)
            return;
        var arrived = new HashSet<string>(StringComparer.Ordinal);
        foreach (var message in messages)
        {
            if (StoreEvents.Read(Encoding.UTF8.GetBytes(message.Body ?? ""), staging, out var uploads) is { } fault)
                LogNotUnderstood(message.MessageId, fault);
            arrived.UnionWith(uploads);
        }

        await signals.SignalAsync(arrived, cancel);
        List<DeleteMessageBatchRequestEntry> done =
            [.. messages.Select((each, i) => new DeleteMessageBatchRequestEntry(i.ToString(), each.ReceiptHandle))];
        await client.DeleteMessageBatchAsync(new DeleteMessageBatchRequest { QueueUrl = queue, Entries = done }, cancel);
    }

    /// <summary>Of <c>sqs.REGION.amazonaws.com</c>; another host's is not asked for.</summary>
    private static string RegionOf(string host) => host.Split('.') is ["sqs", var region, ..] ? region : "us-east-1";

    [LoggerMessage(Level = LogLevel.Warning, Message = "Cannot take notifications from the queue; trying again: {Reason}")]
    private partial void LogCannotTake(string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Passed over the message {MessageId} of the queue: {Fault}")]
    private partial void LogNotUnderstood(string messageId, string fault);
}
