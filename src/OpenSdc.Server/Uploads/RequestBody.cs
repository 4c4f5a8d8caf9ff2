using System.IO.Pipelines;
using Microsoft.AspNetCore.Http.Features;
using OpenSdc.Server.Objects;
using OpenSdc.Server.Upkeep;

namespace OpenSdc.Server.Uploads;

/// <summary>The bytes of a PUT on their way: hashed, counted, checked and staged in pieces, whatever they are of.</summary>
internal static class RequestBody
{
    /// <summary>Reads the body to its end through the hash and into staging; gives the refusal where it is not what was promised.</summary>
    public static async Task<Problem?> ReadAsync(
        HttpRequest request, RequestDigests digests, StagedObject? staged, StorageHealth.Reservation? room, long limit)
    {
        var cancel = request.HttpContext.RequestAborted;
        var body = request.BodyReader;
        long total = 0;
        for (var done = false; !done;)
        {
            ReadResult read;
            try
            {
                read = await body.ReadAsync(cancel);
            }
            catch (IOException failure) when (failure is not BadHttpRequestException)
            {
                // The web server's word for chunks that make no sense; the disk's failures do not come from here.
                return Problems.BodyCutShort;
            }

            done = read.IsCompleted;
            var written = staged?.Written ?? 0;
            total += read.Buffer.Length;
            try
            {
                // Before anything of it is written: others fill the disk as well, and a chunked body does not say how long it will be.
                if (room?.Read(read.Buffer.Length) is { } noRoom)
                    return noRoom;
                if (total > limit)
                    return Problems.TooLarge(limit);
                foreach (var segment in read.Buffer)
                {
                    digests.Append(segment.Span);
                    if (staged is not null)
                        await staged.WriteAsync(segment, cancel);
                }
            }
            finally
            {
                // Also after a failure: the body is read on while the caller is told of it.
                body.AdvanceTo(read.Buffer.End);
            }

            if (staged is not null)
                room?.Written(staged.Written - written);
        }

        var trailers =
            request.SupportsTrailers() && request.CheckTrailersAvailable()
                ? request.HttpContext.Features.Get<IHttpRequestTrailersFeature>()!.Trailers
                : null;
        return SurplusBytes.Refusal(request) ?? digests.ReadTrailers(trailers) ?? digests.Mismatch();
    }
}
