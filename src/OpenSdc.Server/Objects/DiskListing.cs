using System.IO.Enumeration;

namespace OpenSdc.Server.Objects;

/// <summary>
/// A folder's files with those below it, in the ordinal order of their keys.
/// </summary>
/// <remarks>
/// A folder takes its turn as its name with a slash, since that is how its files' keys go on: <c>a.b</c> stands
/// before <c>a/b</c>, and that before <c>a0</c>. Only the names of the folders on the way to the current file are
/// held, so memory follows the fullest folder, not the archive. A folder that cannot be read fails the listing:
/// passed over, its files would look lost.
/// </remarks>
internal static class DiskListing
{
    private const char NotText = '\uFFFD';

    private static readonly EnumerationOptions Everything = new()
    {
        AttributesToSkip = FileAttributes.None,
        IgnoreInaccessible = false,
        RecurseSubdirectories = false,
    };

    public static IEnumerable<ListedObject> Of(string root)
    {
        var open = new Stack<(string Folder, IEnumerator<string> Names)>();
        open.Push(("", NamesIn(root).GetEnumerator()));
        while (open.TryPeek(out var at))
        {
            if (!at.Names.MoveNext())
            {
                open.Pop();
                continue;
            }

            var key = at.Folder + at.Names.Current;
            var path = Path.Combine(root, key);
            if (FileStatus.Of(path) is not { } status)
            {
                // Gone since its folder was read, unless it never could be asked for by the name that was read.
                if (key.Contains(NotText, StringComparison.Ordinal))
                    yield return new ListedObject(key.TrimEnd('/'), ListedKind.Unnameable, 0, default, default);
            }
            else if (!key.EndsWith('/'))
            {
                yield return status with { Key = key };
            }
            else if (NamesBelow(path) is { } names)
            {
                open.Push((key, names.GetEnumerator()));
            }
        }
    }

    private static List<string>? NamesBelow(string folder)
    {
        try
        {
            return NamesIn(folder);
        }
        catch (DirectoryNotFoundException)
        {
            return null; // removed since the folder above was read
        }
    }

    private static List<string> NamesIn(string folder)
    {
        var names = new List<string>(new FileSystemEnumerable<string>(
            folder, (ref entry) => IsFolder(ref entry) ? string.Concat(entry.FileName, "/") : entry.FileName.ToString(), Everything));
        names.Sort(StringComparer.Ordinal);
        return names;
    }

    // A link to a folder says that it is one; only its attributes tell. They cost a call, which files are spared.
    private static bool IsFolder(ref FileSystemEntry entry) => entry.IsDirectory && !entry.Attributes.HasFlag(FileAttributes.ReparsePoint);
}
