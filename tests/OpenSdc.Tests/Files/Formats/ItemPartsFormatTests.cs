using System.Text.Json;
using CsCheck;
using OpenSdc.Contract;
using OpenSdc.Server.Files;
using OpenSdc.Server.Files.Formats;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Files.Formats;

/// <summary>Cutting a record apart gives what parsing it would give, whatever its texts hold.</summary>
public sealed class ItemPartsFormatTests
{
    private static readonly string?[] Awkward = ["", "\"", "\\", "\\\"", "},{", ",\"seq\":1", "null"];

    private static readonly Gen<string?> Text = Gen.OneOf(
        Gen.Const((string?)null), Gen.String.Select(each => (string?)each), Gen.OneOf([.. Awkward.Select(Gen.Const)]));

    private static readonly Gen<FileRecord> Record = Gen.Select(Text, Text, Text, Text, Text, Gen.Int.Nullable(), Gen.Long, Text)
        .Select(
            (path, level, descriptor, start, end, number, size, version) =>
                new FileRecord
                {
                    FilePath = path ?? "",
                    DataLevel = level,
                    Descriptor = descriptor,
                    StartDate = start,
                    EndDate = end,
                    Repointing = number,
                    MinorVersion = number,
                    Version = version,
                    Extension = level ?? "",
                    IngestionDate = "",
                    Size = size,
                    Sha256 = descriptor ?? "",
                    Seq = size,
                }
        );

    [Fact]
    public void Members_are_cut_as_they_are_parsed() =>
        Gen.Select(Record, Gen.Shuffle(QueryRequest.AllFields.ToArray()), Gen.Int[1, 16])
            .Sample(
                (record, order, count) =>
                {
                    var item = JsonSerializer.SerializeToUtf8Bytes(record, ContractJson.Default.FileRecord);
                    var fields = order.Take(count).ToArray();
                    var parts = new ItemParts(fields, QueryRequest.AllFields);
                    parts.Cut(item);
                    var parsed = JsonElement.Parse(item);
                    for (var i = 0; i < fields.Length; i++)
                        System
                            .Text.Encoding.UTF8.GetString(parts[i])
                            .ShouldBe(parsed.TryGetProperty(fields[i], out var value) ? value.GetRawText() : "");
                },
                iter: 2000
            );

    [Fact]
    public void A_record_renders_its_members_in_the_order_that_is_relied_on() =>
        // What a mission names beyond these has no fixed place; clients gather it in a member of its own.
        ContractJson.Default.FileRecord.Properties.Select(each => each.Name).ShouldBe([.. QueryRequest.AllFields, "other"]);
}
