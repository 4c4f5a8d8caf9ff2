using System.Reflection;
using System.Text.RegularExpressions;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests;

/// <summary>Every test that SECURITY.md names as the defence against a threat is there, and runs.</summary>
public sealed partial class SecurityDocumentTests
{
    private static readonly string Document = File.ReadAllText(Path.Combine(SharedData.RepositoryRoot, "SECURITY.md"));

    [Fact]
    public void Every_test_that_it_names_exists()
    {
        var named = Names()
            .Matches(Document)
            .Select(match => (Type: match.Groups["type"].Value, Method: match.Groups["method"].Value))
            .Distinct()
            .ToList();

        named.Count.ShouldBeGreaterThan(40);
        named.Where(each => !IsTest(each.Type, each.Method)).ShouldBeEmpty();
    }

    [Fact]
    public void Every_threat_names_a_test()
    {
        var threats = Document.Split('\n').Where(line => Threat().IsMatch(line)).ToList();

        threats.Count.ShouldBeGreaterThan(30);
        threats.Where(line => !Names().IsMatch(line)).ShouldBeEmpty();
    }

    private static bool IsTest(string type, string method) => typeof(SecurityDocumentTests).Assembly.GetTypes()
        .Where(each => each.Name == type)
        .SelectMany(each => each.GetMethods(BindingFlags.Instance | BindingFlags.Public))
        .Any(each => each.Name == method && each.GetCustomAttributes().OfType<FactAttribute>().Any(fact => fact.Skip is null));

    [GeneratedRegex("`(?<type>[A-Za-z0-9]+Tests)\\.(?<method>[A-Za-z0-9_]+)`")]
    private static partial Regex Names();

    [GeneratedRegex(@"^\| [STRIDE](, [STRIDE])* \|")]
    private static partial Regex Threat();
}
