using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using OpenSdc.Client;
using Shouldly;
using Xunit;

namespace OpenSdc.Tests.Client;

/// <summary>The library's public surface is the committed one: a change of it is seen in review.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void The_surface_is_the_committed_one()
    {
        var surface =
            string.Join(
                '\n',
                typeof(SdcClient).Assembly.GetExportedTypes().OrderBy(type => type.Name, StringComparer.Ordinal).SelectMany(Lines)
            ) + "\n";
        var path = System.IO.Path.Combine(SharedData.RepositoryRoot, "tests", "OpenSdc.Tests", "Client", "PublicApi.txt");
        if (Environment.GetEnvironmentVariable("OPENSDC_ACCEPT") == "1")
            File.WriteAllText(path, surface);

        surface.ShouldBe(
            File.ReadAllText(path),
            "If the surface was meant to change, run this test once with OPENSDC_ACCEPT=1 in the environment, review the file and commit it."
        );
    }

    [Fact]
    public void The_container_gives_one_client()
    {
        using var services = new ServiceCollection()
            .AddSdcClient(options => options.Address = new Uri("http://127.0.0.1:9"))
            .BuildServiceProvider();

        var client = services.GetService(typeof(SdcClient)).ShouldBeOfType<SdcClient>();

        services.GetService(typeof(SdcClient)).ShouldBeSameAs(client);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("http://127.0.0.1/?a=b")]
    public void A_wrong_address_is_refused(string address) =>
        Should.Throw<ArgumentException>(() => new SdcClient(new SdcClientOptions { Address = new Uri(address) }));

    private static IEnumerable<string> Lines(Type type)
    {
        yield return $"{(type.IsEnum ? "enum" : type.IsValueType ? "struct" : type.IsAbstract ? "static class" : "class")} {Name(type)}";
        const BindingFlags Own = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
        var members = type.IsEnum
            ? Enum.GetNames(type).Select((name, index) => $"{name} = {index}")
            : type.GetMembers(Own)
                .Where(each =>
                    each is not MethodInfo { IsSpecialName: true }
                    && !each.IsDefined(typeof(System.Runtime.CompilerServices.CompilerGeneratedAttribute))
                )
                .Select(Line)
                .Order(StringComparer.Ordinal);
        foreach (var member in members)
            yield return "  " + member;
    }

    private static string Line(MemberInfo member) =>
        member switch
        {
            ConstructorInfo constructor => $"new({Parameters(constructor)})",
            MethodInfo method => $"{Name(method.ReturnType)} {method.Name}({Parameters(method)})",
            PropertyInfo property =>
                $"{Name(property.PropertyType)} {property.Name} {{ get;{(property.SetMethod is null ? "" : property.SetMethod.ReturnParameter.GetRequiredCustomModifiers().Length > 0 ? " init;" : " set;")} }}",
            _ => member.ToString()!,
        };

    private static string Parameters(MethodBase method) =>
        string.Join(
            ", ",
            method.GetParameters().Select(each => $"{Name(each.ParameterType)} {each.Name}{(each.HasDefaultValue ? " = …" : "")}")
        );

    private static string Name(Type type) =>
        type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>" : type.Name;
}
