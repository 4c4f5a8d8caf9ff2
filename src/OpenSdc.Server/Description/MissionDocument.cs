using System.Text;
using OpenSdc.Contract.Naming;

namespace OpenSdc.Server.Description;

/// <summary>
/// The document of a mission other than IMAP: what the words say of their sample file is said of the example of the mission's own first convention. The words are written once, of one file,
/// and every place that names it names it by the same texts.
/// </summary>
internal static class MissionDocument
{
    public static void Map(WebApplication app, Caching caching)
    {
        var route = app.MapOpenApi("/openapi/{documentName}.json").WithMetadata(new HttpMethodMetadata(["GET", "HEAD"]), caching);
        var mission = app.Services.GetRequiredService<Mission>();
        if (mission.Name == Mission.Imap.Name || Sample(mission) is not { } sample)
            return;
        var texts = Texts(mission, sample);
        route.Add(endpoint =>
        {
            var next = endpoint.RequestDelegate!;
            endpoint.RequestDelegate = context => RewriteAsync(context, next, texts);
        });
    }

    private static async Task RewriteAsync(HttpContext context, RequestDelegate next, IReadOnlyList<(string Of, string By)> texts)
    {
        var body = context.Response.Body;
        using var written = new MemoryStream();
        context.Response.Body = written;
        try
        {
            await next(context);
        }
        finally
        {
            context.Response.Body = body;
        }

        var document = new StringBuilder(Encoding.UTF8.GetString(written.GetBuffer(), 0, (int)written.Length));
        foreach (var (of, by) in texts)
            document.Replace(of, by);
        var bytes = Encoding.UTF8.GetBytes(document.ToString());
        context.Response.ContentLength = bytes.Length;
        await body.WriteAsync(bytes, context.RequestAborted);
    }

    private static FileName? Sample(Mission mission) =>
        mission.Families.SelectMany(family => family.Examples).Select(example => FileName.Parse(example, mission).Name).FirstOrDefault(name => name is not null);

    private static IReadOnlyList<(string Of, string By)> Texts(Mission mission, FileName sample)
    {
        var ours = FileName.Parse(Samples.FileName, Mission.Imap).Name!;
        return
        [
            (ours.Key, sample.Key),
            (ours.Key[Mission.Imap.Root.Length..], sample.Key[mission.Root.Length..]),
            (ours.Name, sample.Name),
            (Uri.EscapeDataString(ours.Name), Uri.EscapeDataString(sample.Name)),
            ($"'{ours.Instrument}'", $"'{sample.Instrument}'"),
            ($"\"{ours.Instrument}\"", Quoted(sample.Instrument)),
            ($"\"{ours.DataLevel}\"", Quoted(sample.DataLevel)),
            ($"\"{ours.Descriptor}\"", Quoted(sample.Descriptor)),
            ($"={ours.Instrument}", $"={sample.Instrument}"),
            ($"`{Mission.Imap.Root}`", $"`{mission.Root}`"),
        ];
    }

    private static string Quoted(string? text) => text is null ? "null" : Representation.Quoted(text);
}
