namespace OpenSdc.Cli;

/// <summary>What <c>sdc</c> says to the shell. The numbers are an interface: they never change their meaning.</summary>
internal static class ExitCode
{
    /// <summary>It did what was asked.</summary>
    public const int Done = 0;

    /// <summary>It failed for a reason that no other code tells.</summary>
    public const int Failed = 1;

    /// <summary>A setting, an argument or the data folder keeps it from starting; one sentence on standard error says which.</summary>
    public const int BadSetting = 2;
}
