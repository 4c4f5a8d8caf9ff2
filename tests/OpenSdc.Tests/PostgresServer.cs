using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Shouldly;

namespace OpenSdc.Tests;

/// <summary>
/// A PostgreSQL server of the tests' own, started when the first of them needs it and stopped when the run
/// ends; each archive has a database of its own.
/// </summary>
public static class PostgresServer
{
    private static readonly Lazy<string> Running = new(Start);
    private static int databases;

    /// <summary>The connection string of a new, empty database.</summary>
    public static string NewDatabase()
    {
        var server = new NpgsqlConnectionStringBuilder(Running.Value) { Pooling = false };
        var name = string.Create(CultureInfo.InvariantCulture, $"archive{Interlocked.Increment(ref databases)}");
        using var connection = new NpgsqlConnection(server.ConnectionString);
        connection.Open();
        // The files of an empty database are few; copying them is faster than writing them to the log, and nobody waits for the disk.
        using var command = new NpgsqlCommand($"CREATE DATABASE {name} STRATEGY file_copy", connection);
        command.ExecuteNonQuery();
        // Written without a space, so that it is one argument of a command.
        return $"{new NpgsqlConnectionStringBuilder(Running.Value) { Database = name }.ConnectionString};MaxPoolSize=8";
    }

    /// <summary>Runs <c>eng/postgres.sh</c> and gives what it prints.</summary>
    public static string Script(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(SharedData.RepositoryRoot, "eng", "postgres.sh"), arguments)
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        start.Environment["OPENSDC_UNTIL"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        using var process = Process.Start(start)!;
        var line = process.StandardOutput.ReadLine();
        process.WaitForExit();
        process.ExitCode.ShouldBe(0, $"eng/postgres.sh {string.Join(' ', arguments)}");
        return line?.Trim() ?? "";
    }

    /// <summary>A folder that the server's own user may go into, and that goes with the run.</summary>
    public static string NewFolder(string name)
    {
        var folder = Path.Combine(
            Path.GetTempPath(),
            string.Create(CultureInfo.InvariantCulture, $"opensdc-{name}-{Environment.ProcessId}-{Guid.NewGuid():N}")
        );
        Directory.CreateDirectory(folder);
        return folder;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Start()
    {
        var folder = NewFolder("postgres");
        OwnServers.AtEnd(() =>
        {
            Script("kill", folder);
            Directory.Delete(folder, recursive: true);
        });
        return Script("up", folder, FreePort().ToString(CultureInfo.InvariantCulture));
    }
}
