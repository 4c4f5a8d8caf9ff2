using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using OpenSdc.Server.Objects;

namespace OpenSdc.Load;

/// <summary>
/// The peer of publishing: threads that write a file, flush it, link it into a folder and flush that folder,
/// with nothing around it: no request, no hash, no record, no batch. The names spread over as many folders as
/// those of <see cref="NameGenerator.ForUpload"/> do, which are made before the clock starts.
/// </summary>
internal static class BarePublish
{
    private const int Folders = 120;

    public static int Run(Arguments options)
    {
        var root = Directory.CreateDirectory(options.Text("data")).FullName;
        var size = (int)options.Number("size", 1024);
        var threads = (int)options.Number("threads", 16);
        var count = (int)options.Number("count", 5000);
        var body = RandomNumberGenerator.GetBytes(size);
        var staging = Directory.CreateDirectory(Path.Combine(root, "staging")).FullName;
        var folders = Enumerable
            .Range(0, Folders)
            .Select(i => Directory.CreateDirectory(Path.Combine(root, "objects", i.ToString("D3", CultureInfo.InvariantCulture))).FullName)
            .ToArray();

        var next = -1;
        Exception? failure = null;
        var started = Stopwatch.GetTimestamp();
        var workers = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
        {
            try
            {
                for (var i = Interlocked.Increment(ref next); i < count; i = Interlocked.Increment(ref next))
                    Publish(i);
            }
            catch (Exception first)
            {
                failure = first;
            }
        })).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        if (failure is not null)
            throw new LoadFailedException(failure.Message);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        Console.WriteLine($"publishes={count} seconds={seconds:F3} publishes_s={count / seconds:F1}");
        return 0;

        void Publish(int i)
        {
            var name = i.ToString("D8", CultureInfo.InvariantCulture);
            var (staged, folder) = (Path.Combine(staging, name), folders[i % Folders]);
            using (var handle = File.OpenHandle(staged, FileMode.CreateNew, FileAccess.Write))
            {
                RandomAccess.Write(handle, body, 0);
                Posix.Flush(handle, staged);
            }

            if (!Posix.Link(staged, Path.Combine(folder, name)))
                throw new LoadFailedException($"{folder} already holds {name}: use an empty folder");
            Posix.FlushFolder(folder);
        }
    }
}
