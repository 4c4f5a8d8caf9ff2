using System.Text.Json.Nodes;
using Microsoft.OpenApi;
using OpenSdc.Server.Access;

namespace OpenSdc.Server.Description;

/// <summary>What is said of one method on one path. Its id names it in generated clients: stable, and different for each.</summary>
internal sealed record Operation(HttpMethod Method, string Path, string Id, string Tag, string Summary, string Text)
{
    public IReadOnlyList<OpenApiParameter> Parameters { get; init; } = [];

    public OpenApiRequestBody? Body { get; init; }

    public IReadOnlyList<Answer> Answers { get; init; } = [];

    /// <summary>The expected errors; each makes its own examples.</summary>
    public IReadOnlyList<Failure> Failures { get; init; } = [];

    /// <summary>The scope that its handler asks for, where the route itself asks for none.</summary>
    public Scopes Scope { get; init; }

    /// <summary>The same for HEAD, which answers like GET but without a body.</summary>
    public Operation ForHead(string id, string summary) => this with
    {
        Method = HttpMethod.Head,
        Id = id,
        Summary = summary,
        Text = $"As GET, with the same status and headers, but without a body. {Text}",
    };

    /// <param name="needs">What the route needs; null where it does not read credentials.</param>
    /// <param name="document">The document that it is in.</param>
    public OpenApiOperation Describe(Needs? needs, OpenApiDocument document)
    {
        var operation = new OpenApiOperation
        {
            OperationId = Id,
            Summary = Summary,
            Description = Text,
            Tags = new HashSet<OpenApiTagReference> { new(Tag, document) },
            Parameters = Parameters.Count > 0 ? [.. Parameters] : null,
            RequestBody = Body,
            Responses = [],
        };
        foreach (var answer in Answers)
            answer.AddTo(operation.Responses, document);
        foreach (var failure in Failures)
            failure.AddTo(operation.Responses, document);
        // What waits for the start also needs what can go away later.
        if (Failures.Contains(Failure.Starting))
        {
            Failure.CatalogueUnavailable.AddTo(operation.Responses, document);
            if (Tag != Operations.Query)
                Failure.StoreUnavailable.AddTo(operation.Responses, document);
        }

        Credentials.Describe(operation, this, needs, document);
        if (Method == HttpMethod.Head)
        {
            foreach (var response in operation.Responses.Values.Cast<OpenApiResponse>())
                response.Content = null;
        }

        return operation;
    }
}

/// <summary>One answer that is not an error: its status, when it comes, and what it carries.</summary>
internal sealed record Answer(int Status, string Text)
{
    public IReadOnlyList<(string Name, string Text, string Example)> Headers { get; init; } = [];

    public string MediaType { get; init; } = "application/json";

    /// <summary>Names of the shapes that the body may have; empty for an answer without a body.</summary>
    public IReadOnlyList<string> Shapes { get; init; } = [];

    /// <summary>Bodies by name: how each comes about, and its JSON.</summary>
    public IReadOnlyList<(string Name, string Text, string Json)> Examples { get; init; } = [];

    /// <summary>Bodies that are lines of text: the media type, and as above.</summary>
    public IReadOnlyList<(string MediaType, string Name, string Text, string Body)> TextExamples { get; init; } = [];

    public void AddTo(OpenApiResponses responses, OpenApiDocument document)
    {
        var response = new OpenApiResponse { Description = Text };
        if (Headers.Count > 0)
        {
            response.Headers = Headers.ToDictionary(
                header => header.Name,
                IOpenApiHeader (header) =>
                    new OpenApiHeader
                    {
                        Description = header.Text,
                        Schema = Words.String(),
                        Example = JsonValue.Create(header.Example),
                    }
            );
        }

        if (Shapes.Count > 0)
        {
            response.Content = new Dictionary<string, OpenApiMediaType>
            {
                [MediaType] = new OpenApiMediaType
                {
                    Schema = Description.Shapes.AnyOf(document, Shapes),
                    Examples = Examples.ToDictionary(
                        example => example.Name,
                        example => Words.Example(example.Text, JsonNode.Parse(example.Json))
                    ),
                },
            };
        }

        foreach (var type in TextExamples.GroupBy(each => each.MediaType))
        {
            response.Content ??= new Dictionary<string, OpenApiMediaType>();
            response.Content[type.Key] = new OpenApiMediaType
            {
                Schema = Description.Shapes.AnyOf(document, [Description.Shapes.Text]),
                Examples = type.ToDictionary(
                    example => example.Name,
                    example => Words.Example(example.Text, JsonValue.Create(example.Body))
                ),
            };
        }

        responses[Status.ToString()] = response;
    }
}

/// <summary>One expected error and when it comes. Errors of one status share an answer, whose text lists their codes.</summary>
internal sealed record Failure(Problem Problem, string When)
{
    private const string RequestId = "0HNQ95S9M7OMU:00000001";

    public static Failure Starting { get; } = new(Problems.NotReady, "the archive is still starting");

    public static Failure CatalogueUnavailable { get; } =
        new(Problems.CatalogueUnavailable, "the records lie in a database that cannot be reached at the moment");

    public static Failure StoreUnavailable { get; } =
        new(Problems.StoreUnavailable, "the objects lie in a store that cannot be reached at the moment");

    public static Failure TooManyListings { get; } =
        new(Problems.TooManyListings, "the answer has more than 64 KiB, and as many of them are being sent as may be");

    public static Failure Unexpected { get; } = new(Problems.OfStatus(500), "the archive met an error of its own");

    public void AddTo(OpenApiResponses responses, OpenApiDocument document)
    {
        Add(Problem.Status, "application/problem+json", Shapes.Problem, JsonNode.Parse(Representation.PlainOf(Problem, RequestId).Span));
        if (!Problem.Plain)
            Add(
                Problem.DocumentedStatus ?? Problem.Status,
                "application/json",
                Shapes.DocumentedProblem,
                JsonNode.Parse(Representation.DocumentedOf(Problem))
            );

        void Add(int status, string mediaType, string shape, JsonNode? example)
        {
            if (!responses.TryGetValue(status.ToString(), out var found))
                responses[status.ToString()] = found = new OpenApiResponse
                {
                    Description = "",
                    Content = new Dictionary<string, OpenApiMediaType>(),
                };
            var response = (OpenApiResponse)found;
            var line = $"- `{Problem.Code}`: {When}";
            if (Problem.DocumentedStatus is not null)
                line += status == Problem.Status ? " (plain representation)" : " (documented representation)";
            if (!response.Description!.Contains(line, StringComparison.Ordinal))
                response.Description += (response.Description.Length > 0 ? "\n" : "") + line;
            response.Headers ??= new Dictionary<string, IOpenApiHeader>();
            response.Headers[Representation.RequestId] = Words.Header(
                "The id under which the archive's log has the request.",
                JsonValue.Create(RequestId),
                JsonSchemaType.String
            );
            if (Problem.RetryAfter is { } seconds)
                response.Headers["Retry-After"] = Words.Header(
                    "Seconds after which another try makes sense.",
                    JsonValue.Create(seconds),
                    JsonSchemaType.Integer
                );
            if (!response.Content!.TryGetValue(mediaType, out var body))
            {
                response.Content[mediaType] = body = new OpenApiMediaType
                {
                    Schema = new OpenApiSchemaReference(shape, document),
                    Examples = new Dictionary<string, IOpenApiExample>(),
                };
            }

            body.Examples![Problem.Code] = Words.Example(When, example);
        }
    }
}

/// <summary>The small parts of a description.</summary>
internal static class Words
{
    public static OpenApiSchema String() => new() { Type = JsonSchemaType.String };

    public static IOpenApiExample Example(string summary, JsonNode? value) => new OpenApiExample { Summary = summary, Value = value };

    public static IOpenApiHeader Header(string text, JsonNode example, JsonSchemaType type) =>
        new OpenApiHeader { Description = text, Schema = new OpenApiSchema { Type = type }, Example = example };

    public static OpenApiParameter Path(string name, string text, string example) => new()
    {
        Name = name,
        In = ParameterLocation.Path,
        Required = true,
        Description = text,
        Schema = String(),
        Example = JsonValue.Create(example),
    };

    /// <summary>A parameter of the address. A sample request has it where it is required or <paramref name="sent"/>.</summary>
    public static OpenApiParameter Query(
        string name,
        string text,
        OpenApiSchema schema,
        JsonNode example,
        bool required = false,
        bool sent = false
    ) =>
        new()
        {
            Name = name,
            In = ParameterLocation.Query,
            Required = required,
            Description = text,
            Schema = schema,
            Example = required || sent ? example : null,
            Examples = required || sent ? null : NotSent(example),
        };

    public static OpenApiParameter Header(string name, string text, string example) => new()
    {
        Name = name,
        In = ParameterLocation.Header,
        Description = text,
        Schema = String(),
        Examples = NotSent(JsonValue.Create(example)),
    };

    /// <summary>
    /// An example that the page shows but does not put into a sample request: all optional parameters at once
    /// contradict each other.
    /// </summary>
    private static Dictionary<string, IOpenApiExample> NotSent(JsonNode example) => new()
    {
        ["default"] = new OpenApiExample
        {
            Value = example,
            Extensions = new Dictionary<string, IOpenApiExtension> { ["x-disabled"] = new JsonNodeExtension(JsonValue.Create(true)) },
        },
    };
}
