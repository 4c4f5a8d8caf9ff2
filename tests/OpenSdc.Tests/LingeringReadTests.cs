using System.Buffers;
using System.IO.Pipelines;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Time.Testing;
using OpenSdc.Server;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>What is read after a refusal ends: by time, by bytes, and by how many are read at once. The clock is a fake one.</summary>
public sealed class LingeringReadTests
{
    // Only so that a read that never ends fails its test.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider clock = new();

    [Fact]
    public async Task A_body_that_ends_is_read_to_its_end_and_the_connection_stays()
    {
        var request = new Request(new Body(count: 3, thenEnds: true));
        await request.RunAsync(new LingeringRead(clock));
        request.Body.Taken.ShouldBe(3L * Body.Piece);
        request.IsAborted.ShouldBeFalse();
    }

    [Fact]
    public async Task Nothing_is_read_after_a_success()
    {
        var request = new Request(new Body(count: 3, thenEnds: true));
        await request.RunAsync(new LingeringRead(clock), status: 200);
        request.Body.Taken.ShouldBe(0);
    }

    [Fact]
    public async Task No_more_than_the_bytes_allowed_are_read()
    {
        var request = new Request(new Body(count: int.MaxValue, thenEnds: false));
        await request.RunAsync(new LingeringRead(clock));
        request.Body.Taken.ShouldBe(1L << 30);
        request.IsAborted.ShouldBeTrue();
    }

    [Fact]
    public async Task A_silent_client_is_left_after_the_time_allowed()
    {
        var request = new Request(new Body(count: 1, thenEnds: false));
        var running = request.RunAsync(new LingeringRead(clock));
        await request.Body.Waiting;
        clock.Advance(TimeSpan.FromSeconds(29));
        running.IsCompleted.ShouldBeFalse();
        clock.Advance(TimeSpan.FromSeconds(1));
        await running.WaitAsync(Deadline);
        request.IsAborted.ShouldBeTrue();
    }

    /// <summary>Each piece that comes does not begin the time anew.</summary>
    [Fact]
    public async Task A_slow_client_is_left_after_the_time_allowed()
    {
        var request = new Request(
            new Body(count: int.MaxValue, thenEnds: false) { BeforeRead = () => clock.Advance(TimeSpan.FromSeconds(7)) }
        );
        await request.RunAsync(new LingeringRead(clock));
        request.Body.Taken.ShouldBeInRange(Body.Piece, 5L * Body.Piece);
        request.IsAborted.ShouldBeTrue();
    }

    [Fact]
    public async Task No_more_than_the_number_allowed_are_read_at_once()
    {
        var lingering = new LingeringRead(clock);
        var silent = Enumerable.Range(0, 64).Select(_ => new Request(new Body(count: 0, thenEnds: false))).ToList();
        var running = silent.ConvertAll(each => each.RunAsync(lingering));
        await Task.WhenAll(silent.Select(each => each.Body.Waiting));

        var oneMore = new Request(new Body(count: 1, thenEnds: true));
        await oneMore.RunAsync(lingering);
        oneMore.Body.Taken.ShouldBe(0);
        oneMore.IsAborted.ShouldBeFalse();

        clock.Advance(TimeSpan.FromSeconds(30));
        await Task.WhenAll(running).WaitAsync(Deadline);
        var next = new Request(new Body(count: 1, thenEnds: true));
        await next.RunAsync(lingering);
        next.Body.Taken.ShouldBe(Body.Piece);
    }

    /// <summary>A read that fails in a way nobody thought of gives its place back.</summary>
    [Fact]
    public async Task A_read_that_fails_gives_its_place_back()
    {
        var lingering = new LingeringRead(clock);
        for (var each = 0; each < 64; each++)
        {
            var failing = new Request(new Body(count: 1, thenEnds: true) { BeforeRead = () => throw new InvalidOperationException() });
            await Should.ThrowAsync<InvalidOperationException>(() => failing.RunAsync(lingering));
        }

        var next = new Request(new Body(count: 1, thenEnds: true));
        await next.RunAsync(lingering);
        next.Body.Taken.ShouldBe(Body.Piece);
    }

    /// <summary>A refused request of HTTP/1.1 with a body.</summary>
    private sealed class Request
        : IHttpRequestBodyDetectionFeature,
            IHttpMaxRequestBodySizeFeature,
            IRequestBodyPipeFeature,
            IHttpRequestLifetimeFeature
    {
        private readonly DefaultHttpContext context = new();

        public Request(Body body)
        {
            Body = body;
            context.Request.Protocol = "HTTP/1.1";
            context.Features.Set<IHttpRequestBodyDetectionFeature>(this);
            context.Features.Set<IHttpMaxRequestBodySizeFeature>(this);
            context.Features.Set<IRequestBodyPipeFeature>(this);
            context.Features.Set<IHttpRequestLifetimeFeature>(this);
        }

        public Body Body { get; }

        public bool IsAborted { get; private set; }

        public bool CanHaveBody => true;

        public bool IsReadOnly => true;

        public long? MaxRequestBodySize { get; set; }

        public PipeReader Reader => Body;

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;

        public Task RunAsync(LingeringRead lingering, int status = 400) => lingering.InvokeAsync(context, context =>
        {
            context.Response.StatusCode = status;
            return Task.CompletedTask;
        });
    }

    /// <summary>A body of so many pieces, which then ends or falls silent.</summary>
    private sealed class Body(int count, bool thenEnds) : PipeReader
    {
        public const int Piece = 1 << 20;
        private static readonly ReadOnlySequence<byte> Bytes = new(new byte[Piece]);
        private readonly TaskCompletionSource waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int given;

        public Action BeforeRead { get; init; } = () => { };

        public long Taken { get; private set; }

        /// <summary>Ends when a read waits for bytes that do not come.</summary>
        public Task Waiting => waiting.Task;

        public override async ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
        {
            BeforeRead();
            if (cancelled.Task.IsCompleted)
                return new ReadResult(default, isCanceled: true, isCompleted: false);
            if (given < count)
            {
                given++;
                return new ReadResult(Bytes, isCanceled: false, isCompleted: false);
            }

            if (thenEnds)
                return new ReadResult(default, isCanceled: false, isCompleted: true);
            waiting.TrySetResult();
            await cancelled.Task.WaitAsync(cancellationToken);
            return new ReadResult(default, isCanceled: true, isCompleted: false);
        }

        public override void AdvanceTo(SequencePosition consumed) => Taken = (long)given * Piece;

        public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => AdvanceTo(consumed);

        public override void CancelPendingRead() => cancelled.TrySetResult();

        public override void Complete(Exception? exception = null)
        {
        }

        public override bool TryRead(out ReadResult result) => throw new NotSupportedException();
    }
}
