using System.Reflection;

namespace OpenSdc.Server;

/// <summary>The program's version, as <c>sdc --version</c> says it, without the commit behind the plus sign.</summary>
internal static class ProgramVersion
{
    public static string Text { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
        ?? "unknown";
}
