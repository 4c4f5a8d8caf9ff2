using OpenSdc.Server.Objects;

namespace OpenSdc.Tests.Objects;

/// <summary>The disk is held to the store's contract.</summary>
public sealed class DiskObjectStoreTests : ObjectStoreContract
{
    private protected override Task<StoreUnderTest> MakeAsync() => Task.FromResult<StoreUnderTest>(new DiskUnderTest());

    private sealed class DiskUnderTest : StoreUnderTest
    {
        private readonly string folder = Directory.CreateTempSubdirectory("opensdc-store-").FullName;
        private readonly DiskObjectStore store;

        public DiskUnderTest() => store = new DiskObjectStore(folder);

        public override IObjectStore Store => store;

        public override Task PutAsync(string key, byte[] bytes)
        {
            var path = Path.Combine(folder, "objects", key);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            return File.WriteAllBytesAsync(path, bytes);
        }

        public override Task SpoilAsync(StagedObject staged)
        {
            File.Delete(
                Directory
                    .EnumerateFiles(Path.Combine(folder, "staging"), Path.GetFileName(staged.Key), SearchOption.AllDirectories)
                    .Single()
            );
            return Task.CompletedTask;
        }

        public override ValueTask DisposeAsync()
        {
            store.Dispose();
            Directory.Delete(folder, recursive: true);
            return ValueTask.CompletedTask;
        }
    }
}
