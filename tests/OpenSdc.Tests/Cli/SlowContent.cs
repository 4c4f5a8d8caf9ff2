using System.Net;

namespace OpenSdc.Tests.Cli;

/// <summary>A body of 1000-byte pieces with a pause after each.</summary>
internal sealed class SlowContent(int pieces, TimeSpan pause) : HttpContent
{
    private readonly TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Done when the first piece is on its way.</summary>
    public Task HasBegun => begun.Task;

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
    {
        for (var piece = 0; piece < pieces; piece++)
        {
            await stream.WriteAsync(new byte[1000]);
            await stream.FlushAsync();
            if (piece == 1)
                begun.SetResult();
            await Task.Delay(pause);
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = pieces * 1000;
        return true;
    }
}
