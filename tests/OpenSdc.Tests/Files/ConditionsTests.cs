using CsCheck;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;
using OpenSdc.Server.Files;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files;

public sealed class ConditionsTests
{
    private static readonly EntityTagHeaderValue Tag = new("\"tag\"");

    [Fact]
    public void A_range_is_what_the_rfc_says_for_every_length() =>
        Gen.Select(Gen.Int[0, 30], Gen.Int[-1, 35], Gen.Int[-1, 35]).Sample((length, from, to) =>
        {
            if ((from < 0 && to < 0) || (from >= 0 && to >= 0 && to < from))
                return;
            var range = Of("Range", $"bytes={(from < 0 ? "" : from)}-{(to < 0 ? "" : to)}").Range(length);

            // The positions that are asked for, counted out one by one.
            var asked = Enumerable.Range(0, length)
                .Where(at => from < 0 ? at >= length - to : at >= from && (to < 0 || at <= to))
                .ToList();
            range.ShouldBe(asked.Count == 0 ? (-1L, 0L) : (asked[0], asked.Count));
        });

    [Fact]
    public void No_header_makes_the_reading_throw()
    {
        var names = Gen.Int[0, 5]
            .Select(i => new[] { "Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since" }[i]);
        var values = Gen.OneOf(Gen.String, Gen.Char["bytes=-,0123456789 \"W/*"].Array[0, 30].Select(chars => new string(chars)));
        Gen.Select(names, values, Gen.Long[0, long.MaxValue]).Sample((name, value, length) =>
        {
            if (Of(name, value).Range(length) is var (from, count) && from >= 0)
            {
                count.ShouldBeGreaterThan(0);
                (from + count).ShouldBeLessThanOrEqualTo(length);
            }
        }, iter: 5_000);
    }

    private static Conditions Of(string header, string value)
    {
        var context = new DefaultHttpContext();
        context.Request.Headers[header] = value;
        return new Conditions(context.Request, Tag, DateTimeOffset.UnixEpoch);
    }
}
