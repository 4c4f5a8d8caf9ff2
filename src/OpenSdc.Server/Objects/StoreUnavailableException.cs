namespace OpenSdc.Server.Objects;

/// <summary>
/// The store cannot be reached, or does not answer in time: nothing is known of the object. Trying again later may
/// succeed.
/// </summary>
internal sealed class StoreUnavailableException(string message, Exception? inner = null) : IOException(message, inner);
