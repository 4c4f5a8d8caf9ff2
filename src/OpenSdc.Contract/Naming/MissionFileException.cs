namespace OpenSdc.Contract.Naming;

/// <summary>A mission file cannot be used; the message is one sentence that names the part that is wrong.</summary>
public sealed class MissionFileException : Exception
{
    public MissionFileException() : base("The mission file cannot be used.") { }

    public MissionFileException(string message) : base(message) { }

    public MissionFileException(string message, Exception innerException) : base(message, innerException) { }
}
