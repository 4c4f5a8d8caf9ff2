using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using OpenSdc.Server.Objects;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Objects;

/// <summary>Who owns the buffer of an upload to an S3 store, and when.</summary>
public sealed class S3UploadTests
{
    private const int Size = 60_000;

    /// <summary>
    /// A store that takes the connection and reads nothing: the request is cancelled while its body may still
    /// be on its way.
    /// </summary>
    [Fact]
    public async Task A_buffer_that_a_cancelled_request_may_still_read_does_not_go_back_to_the_pool()
    {
        Environment.SetEnvironmentVariable("AWS_ACCESS_KEY_ID", CephServer.AccessKey);
        Environment.SetEnvironmentVariable("AWS_SECRET_ACCESS_KEY", CephServer.Secret);
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var bucket = new S3Bucket(
            new S3Location("bucket", "a/") { Endpoint = new Uri($"http://{listener.LocalEndpoint}"), PathStyle = true },
            TimeProvider.System
        );
        var bytes = RandomNumberGenerator.GetBytes(Size);
        var upload = new S3Upload(bucket, "id", "imap/swe/l1a/2026/01/" + ArchiveFixture.NewName(), _ => { });
        await upload.WriteAsync(bytes, CancellationToken.None);
        using var cancel = new CancellationTokenSource();
        var flushing = upload.FlushAsync(cancel.Token).AsTask();
        using var connection = await listener.AcceptTcpClientAsync();
        await cancel.CancelAsync();
        await Should.ThrowAsync<Exception>(() => flushing);

        // Nothing is asked of the store that does not answer.
        upload.Keep();
        await upload.DisposeAsync();
        await upload.DisposeAsync();
        // The pool gives a thread the array first that it was given by that thread.
        var rented = Enumerable.Range(0, 100).Select(_ => ArrayPool<byte>.Shared.Rent(Size)).ToList();
        rented.Count(array => array.AsSpan(0, Size).SequenceEqual(bytes)).ShouldBe(0);
        rented.ForEach(array => ArrayPool<byte>.Shared.Return(array));
    }
}
