using OpenSdc.Contract;
using OpenSdc.Server.Catalogue;

namespace OpenSdc.Server.Access;

/// <summary>What a caller may see, as the statements over files take it.</summary>
internal static class CallerScope
{
    extension(ReadScope)
    {
        /// <summary>The scope of what a caller asks.</summary>
        public static ReadScope Of(FileQuery query, Caller caller) => ReadScope.Of(query, caller.Audience);

        /// <summary>All files that a caller may see, as they are now.</summary>
        public static ReadScope Of(Caller caller) => new(caller.Audience);
    }
}
