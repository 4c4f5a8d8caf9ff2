using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Files.Curation;

/// <summary>What the routes that change what may be seen have in common.</summary>
internal static class OrderRules
{
    /// <summary>The name in what a caller gives: a path, a bare name, or an <c>s3://</c> URI.</summary>
    public static FileName? NameOf(string text, Mission mission) => FileName.Parse(text[(text.LastIndexOf('/') + 1)..], mission).Name;
}
