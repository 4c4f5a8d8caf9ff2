namespace OpenSdc.Server.Access;

/// <summary>What a caller may do. The numbers are stored.</summary>
[Flags]
internal enum Scopes
{
    None = 0,

    /// <summary>Reads every file, unreleased ones too. Released files need no scope.</summary>
    Read = 1,

    /// <summary>Uploads files, within the limits of the key.</summary>
    Upload = 2,

    /// <summary>Releases files, and takes releases back.</summary>
    Release = 4,

    /// <summary>Everything: keys, withdrawals, the audit, and the other scopes.</summary>
    Admin = 8,
}
