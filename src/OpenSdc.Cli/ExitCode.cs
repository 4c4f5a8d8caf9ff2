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

    /// <summary><c>fsck</c>: something is wrong; found in a dry run, left by a repair, or not undone by <c>--undo</c>.</summary>
    public const int ProblemsFound = 20;

    /// <summary><c>fsck --repair</c>: something was wrong, and the repair dealt with all of it.</summary>
    public const int Repaired = 21;

    /// <summary><c>fsck --repair</c>: it would have changed more than <c>--max-changes</c> allows, and changed nothing.</summary>
    public const int TooManyChanges = 22;

    /// <summary>It was told to stop before its end, as shells number an interrupt.</summary>
    public const int Interrupted = 130;
}
