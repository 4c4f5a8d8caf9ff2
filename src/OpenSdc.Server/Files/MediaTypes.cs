namespace OpenSdc.Server.Files;

/// <summary>Content types of the files that missions archive, by the last part of their names.</summary>
internal static class MediaTypes
{
    public static string Of(string name) => Path.GetExtension(name) switch
    {
        ".cdf" => "application/x-cdf",
        ".csv" => "text/csv; charset=utf-8",
        ".json" => "application/json",
        ".txt" or ".tsv" or ".tls" or ".tf" or ".tm" or ".mk" or ".tpc" or ".tsc" => "text/plain; charset=utf-8",
        ".png" => "image/png",
        ".jpg" => "image/jpeg",
        ".pdf" => "application/pdf",
        ".zip" => "application/zip",
        ".xlsx" => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/octet-stream",
    };
}
