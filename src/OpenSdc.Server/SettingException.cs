namespace OpenSdc.Server;

/// <summary>
/// A setting, or what lies on the disk, that keeps the archive from starting. The message is one sentence for
/// the operator.
/// </summary>
public sealed class SettingException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>
    /// Whether the same start may succeed later: nothing is set wrongly, but what it needs, such as its
    /// database, cannot be reached now.
    /// </summary>
    public bool MayPass { get; init; }
}
