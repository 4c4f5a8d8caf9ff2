using OpenSdc.Server.Catalogue;
using OpenSdc.Server.Objects;

namespace OpenSdc.Server.Upkeep;

/// <summary>
/// A catalogue that is being made in a data folder that has none, under a name that no service opens. It gets
/// its own name when it is whole; a crash before that leaves a folder without a catalogue, which <c>sdc
/// serve</c> refuses.
/// </summary>
internal sealed class NewCatalogue : IDisposable
{
    private readonly string file;
    private readonly string name;
    private readonly Telemetry telemetry = new();
    private readonly Sqlite sqlite;
    private bool isClosed;

    /// <param name="folder">The data folder, held by this process.</param>
    /// <param name="clock">The time of events.</param>
    /// <param name="start">A catalogue to begin with; an empty one by default.</param>
    public NewCatalogue(DataFolder folder, TimeProvider clock, string? start = null)
    {
        name = folder.CatalogueFile;
        file = name + BackupFolder.Partial;
        foreach (var leftOver in Directory.EnumerateFiles(folder.Path, Path.GetFileName(file) + "*"))
            File.Delete(leftOver);
        if (start is not null)
        {
            // By its bytes alone: File.Copy gives the copy the rights of the original.
            using var from = File.OpenRead(start);
            using var to = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
            from.CopyTo(to);
        }

        sqlite = new Sqlite(file);
        Catalogue = new Catalogue.Catalogue(sqlite, clock, telemetry);
        Integrity = new IntegrityState(Catalogue, clock);
    }

    public Catalogue.Catalogue Catalogue { get; }

    public IntegrityState Integrity { get; }

    /// <summary>Closes it, flushes it, and gives it its name.</summary>
    public void Name()
    {
        Dispose();
        CatalogueCopy.Seal(file);
        // Without overwriting: there was no catalogue when this began, and there must be none now.
        File.Move(file, name);
        Posix.FlushFolder(Path.GetDirectoryName(name)!);
    }

    public void Dispose()
    {
        if (isClosed)
            return;
        isClosed = true;
        Catalogue.Dispose();
        sqlite.Dispose();
        telemetry.Dispose();
    }
}
