using System.CommandLine;
using OpenSdc.Server;
using OpenSdc.Server.Objects;

namespace OpenSdc.Cli;

/// <summary><c>sdc bucket-policy</c>: the bucket policy that direct transfers need, printed or set.</summary>
internal static class BucketPolicyCommand
{
    public static Command Make()
    {
        var command = new Command(
            "bucket-policy",
            "Print the bucket policy that --transfers direct needs: it keeps upload URLs from copying other objects and from making objects public."
        );
        var settings = SettingOptions.AddTo(command, "objects", "s3-endpoint", "s3-region", "s3-path-style");
        var apply = new Option<bool>("--apply")
        {
            Description = "Set it on the bucket, which must have no other policy; the bucket is made where it is missing.",
        };
        command.Options.Add(apply);
        command.SetAction(
            (parsed, cancel) =>
                LongTask.RunAsync(_ => RunAsync(settings.Read(parsed), parsed.GetValue(apply), cancel), "The policy is as it was.", cancel)
        );
        return command;
    }

    private static async Task<int> RunAsync(ServerOptions options, bool apply, CancellationToken cancel)
    {
        var location =
            S3Location.Of(options)
            ?? throw new SettingException("The setting objects (OPENSDC_OBJECTS) is not given; set it to s3://BUCKET/PREFIX.");
        if (apply)
        {
            using var bucket = await S3Opening.OpenAsync(location, TimeProvider.System, cancel);
            await StagingPolicy.ApplyAsync(bucket, cancel);
        }

        await Console.Out.WriteLineAsync(StagingPolicy.Of(location));
        return ExitCode.Done;
    }
}
