namespace OpenSdc.Server.Objects;

/// <summary>The store does not permit the archive's own request: for callers it is as good as away.</summary>
internal sealed class StoreRefusedException(string message, Exception? inner = null) : UnauthorizedAccessException(message, inner);
