using System.Reflection;

namespace OpenSdc.Server.Catalogue;

/// <summary>
/// The versioned scripts that make a database's schema: script n brings version n - 1 to version n. They lie
/// beside each other, one folder a database, and make the same tables.
/// </summary>
internal static class Migrations
{
    /// <summary>All scripts for a database, <c>Sqlite</c> or <c>Postgres</c>, in order.</summary>
    public static IReadOnlyList<string> For(string database)
    {
        var assembly = Assembly.GetExecutingAssembly();
        return
        [
            .. assembly
                .GetManifestResourceNames()
                .Where(name =>
                    name.Contains($".Migrations.{database}.", StringComparison.Ordinal) && name.EndsWith(".sql", StringComparison.Ordinal)
                )
                .Order(StringComparer.Ordinal)
                .Select(name => new StreamReader(assembly.GetManifestResourceStream(name)!).ReadToEnd()),
        ];
    }

    /// <exception cref="SettingException">The database belongs to a newer program, or to one from before the
    /// scripts began again at 0001.</exception>
    public static void RefuseNewer(int version, int known)
    {
        if (version > known)
            throw new SettingException(
                $"The catalogue has schema version {version}, but this program knows versions up to {known}; start it with the program that made it."
            );
    }

    /// <exception cref="SettingException">The database is an older program's.</exception>
    public static void RefuseOlder(int version, int known)
    {
        if (version < known)
        {
            throw new SettingException(
                $"The catalogue has schema version {version}, and this program works with version {known}; start the archive once with this program, which brings it up to date."
            );
        }
    }
}
