using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using System.Text;

namespace OpenSdc.FaultTests;

/// <summary>The calls that the shim tells apart; the numbers are those of <c>enum kind</c> in <c>shim/faults.c</c>.</summary>
internal enum Call { Open, Write, Flush, Link, Unlink, Truncate, Mkdir, Rename, Send }

/// <summary>What happens at a call; the numbers are those of <c>enum action</c>.</summary>
internal enum FaultAction { Pass, Fail, KillBefore, KillAfter, KillHalfway, Hold }

/// <summary>
/// One call of the archive: <see cref="Begin"/> and <see cref="End"/> order it among all; <see cref="End"/>
/// is 0 where the process ended in it.
/// </summary>
internal readonly record struct TracedCall(int Begin, int End, Call Kind, int Result, int Error, int Size, string Text)
{
    public bool Succeeded => End > 0 && Result >= 0;

    public override string ToString() => $"{Begin}..{End} {Kind} {Text.Split('\r')[0]} = {Result}{(Error > 0 ? $" errno {Error}" : "")}";
}

/// <summary>
/// The preloaded library of <c>shim/faults.c</c> and the memory that this process shares with the archive's: arms a fault, and reads what
/// the archive did. It goes on across restarts of the archive, so that a trace can tell an upload's whole story.
/// </summary>
internal sealed class Shim : IDisposable
{
    public const int NoSpace = 28, InputOutput = 5, ReadOnly = 30;

    /// <summary>The text of a flush of the whole file system.</summary>
    public const string FileSystem = "the file system: staging/ objects/";

    /// <summary>Calls that change the disk.</summary>
    public const int DiskCalls = (1 << (int)Call.Send) - 1;

    /// <summary>Those, and the answer.</summary>
    public const int AllCalls = DiskCalls | (1 << (int)Call.Send);

    private const int Entries = 32768,
        EntrySize = 1024,
        EntryText = 24,
        Header = 4096;
    private const int At = 0,
        Action = 4,
        Error = 8,
        Kinds = 12,
        Repeat = 16,
        Counted = 20,
        FiredCount = 24,
        Used = 32,
        Tracing = 36,
        Part = 40,
        FiredText = 232;

    private static readonly Lazy<string> Library = new(Compile);

    private readonly string control;
    private readonly MemoryMappedFile file;
    private readonly MemoryMappedViewAccessor memory;

    public Shim(string folder)
    {
        control = Path.Combine(folder, "faults.control");
        file = MemoryMappedFile.CreateFromFile(control, FileMode.CreateNew, mapName: null, Header + (long)Entries * EntrySize);
        memory = file.CreateViewAccessor();
    }

    /// <summary>Calls that met the fault since it was armed.</summary>
    public int Fired => memory.ReadInt32(FiredCount);

    /// <summary>The call that met it first.</summary>
    public string FiredAt
    {
        get
        {
            var text = Text(FiredText, 256);
            var space = text.IndexOf(' ', StringComparison.Ordinal);
            return space < 0 ? "nothing" : $"{(Call)int.Parse(text[..space])} {text[(space + 1)..].Split('\r')[0]}";
        }
    }

    public Call FiredKind => (Call)int.Parse(Text(FiredText, 256).Split(' ')[0]);

    public int TraceLength => Math.Min(memory.ReadInt32(Used), Entries);

    /// <summary>Makes the archive's process load the shim.</summary>
    public void Preload(ProcessStartInfo start, string dataFolder)
    {
        start.Environment["LD_PRELOAD"] = Library.Value;
        start.Environment["OPENSDC_FAULTS_CONTROL"] = control;
        start.Environment["OPENSDC_FAULTS_FOLDER"] = dataFolder;
    }

    /// <summary>
    /// A held call waits until <see cref="Disarm"/>. From the <paramref name="at"/>-th call on, counted from
    /// now over these kinds and this part of a path, the action is taken <paramref name="repeat"/> times.
    /// </summary>
    public void Arm(int at, FaultAction action, int error = 0, int kinds = DiskCalls, string part = "", int repeat = 1)
    {
        Disarm();
        var bytes = new byte[192];
        Encoding.UTF8.GetBytes(part, bytes);
        memory.WriteArray(Part, bytes, 0, bytes.Length);
        memory.WriteArray(FiredText, new byte[256], 0, 256);
        memory.Write(Action, (int)action);
        memory.Write(Error, error);
        memory.Write(Kinds, kinds);
        memory.Write(Repeat, repeat);
        memory.Write(Counted, 0);
        memory.Write(FiredCount, 0);
        Thread.MemoryBarrier();
        memory.Write(At, at);
    }

    public void Disarm()
    {
        memory.Write(At, 0);
        Thread.MemoryBarrier();
    }

    /// <summary>Forgets the trace and begins a new one.</summary>
    public void StartTrace()
    {
        memory.Write(Tracing, 0);
        var empty = new byte[EntrySize];
        for (var i = TraceLength; i-- > 0;)
            memory.WriteArray(Header + (long)i * EntrySize, empty, 0, EntryText);
        memory.Write(Used, 0);
        memory.Write(Tracing, 1);
    }

    public List<TracedCall> Trace()
    {
        var used = memory.ReadInt32(Used);
        if (used > Entries)
            throw new InvalidOperationException("The trace is full; start a new one more often.");
        var calls = new List<TracedCall>(used);
        for (var i = 0; i < used; i++)
        {
            var at = Header + (long)i * EntrySize;
            calls.Add(new(memory.ReadInt32(at), memory.ReadInt32(at + 4), (Call)memory.ReadInt32(at + 8), memory.ReadInt32(at + 12),
                memory.ReadInt32(at + 16), memory.ReadInt32(at + 20), Text(at + EntryText, EntrySize - EntryText)));
        }

        return calls;
    }

    public void Dispose()
    {
        memory.Dispose();
        file.Dispose();
        File.Delete(control);
    }

    private string Text(long at, int most)
    {
        var bytes = new byte[most];
        memory.ReadArray(at, bytes, 0, most);
        var end = Array.IndexOf(bytes, (byte)0);
        return Encoding.UTF8.GetString(bytes, 0, end < 0 ? most : end);
    }

    private static string Compile()
    {
        var source = Path.Combine(AppContext.BaseDirectory, "shim", "faults.c");
        var library = Path.Combine(AppContext.BaseDirectory, "faults.so");
        // Made beside and renamed: another run may have it loaded.
        var fresh = $"{library}.{Environment.ProcessId}";
        using var compiler = Process.Start("cc", ["-Wall", "-Werror", "-O2", "-shared", "-fPIC", "-o", fresh, source, "-ldl"]);
        compiler.WaitForExit();
        if (compiler.ExitCode != 0)
            throw new InvalidOperationException($"cc could not compile {source}.");
        File.Move(fresh, library, overwrite: true);
        return library;
    }
}
