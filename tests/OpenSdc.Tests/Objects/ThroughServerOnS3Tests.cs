using OpenSdc.Tests.Files;
using OpenSdc.Tests.Uploads;
using Xunit;

namespace OpenSdc.Tests.Objects;

// What the tests of the disk store hold of uploads and downloads, on an S3 store whose bytes pass through the server.

public sealed class ReceiveUploadOnS3Tests(S3ArchiveFixture fixture) : ReceiveUploadTests(fixture), IClassFixture<S3ArchiveFixture>;

public sealed class BrokenUploadOnS3Tests(S3ArchiveFixture fixture) : BrokenUploadTests(fixture), IClassFixture<S3ArchiveFixture>;

public sealed class UnsupportedEncodingOnS3Tests(S3ArchiveFixture fixture)
    : UnsupportedEncodingTests(fixture),
        IClassFixture<S3ArchiveFixture>;

public sealed class RequestDigestsOnS3Tests(S3ArchiveFixture fixture) : RequestDigestsTests(fixture), IClassFixture<S3ArchiveFixture>;

public sealed class WholeFileOnS3Tests(S3ArchiveFixture fixture) : WholeFileTests(fixture), IClassFixture<S3ArchiveFixture>;

public sealed class MendOnS3Tests(S3ArchiveFixture fixture) : MendTests(fixture), IClassFixture<S3ArchiveFixture>;

public sealed class ServeObjectOnS3Tests(S3ArchiveFixture fixture) : ServeObjectTests(fixture), IClassFixture<S3ArchiveFixture>;
