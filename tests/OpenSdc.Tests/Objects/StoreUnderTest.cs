using OpenSdc.Server.Objects;

namespace OpenSdc.Tests.Objects;

/// <summary>One kind of store, empty and of its own, and what others may do to it.</summary>
internal abstract class StoreUnderTest : IAsyncDisposable
{
    public abstract IObjectStore Store { get; }

    /// <summary>Puts something under a key past the interface, as an operator's copy would.</summary>
    public abstract Task PutAsync(string key, byte[] bytes);

    /// <summary>Takes the bytes of a staged upload away, so that it cannot be named.</summary>
    public abstract Task SpoilAsync(StagedObject staged);

    /// <summary>The store keeps no parts of any upload.</summary>
    public virtual Task ShouldHoldNoPartsAsync() => Task.CompletedTask;

    public abstract ValueTask DisposeAsync();
}
