using System.Text.Json;

namespace OpenSdc.Contract.Naming;

/// <summary>From the text of a mission file to a mission, or to one sentence that says what is wrong with which part.</summary>
internal static class MissionLoader
{
    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };

    public static Mission Load(Stream json)
    {
        MissionEntry file;
        try
        {
            using var document = JsonDocument.Parse(json, Options);
            file = MissionEntry.Read(document.RootElement);
        }
        catch (JsonException e)
        {
            throw NotJson(e);
        }

        return Make(file);
    }

    public static string WithoutComments(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text, Options);
            using var written = new MemoryStream();
            using (var json = new Utf8JsonWriter(written)) document.RootElement.WriteTo(json);
            return System.Text.Encoding.UTF8.GetString(written.ToArray());
        }
        catch (JsonException e)
        {
            throw NotJson(e);
        }
    }

    private static MissionFileException NotJson(JsonException e)
    {
        // The library's sentence ends with a place of its own, which counts lines from 0.
        var end = e.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
        return new($"The mission file is not JSON at line {e.LineNumber + 1}: {(end < 0 ? e.Message : e.Message[..end])}", e);
    }

    private static Mission Make(MissionEntry file)
    {
        if (file.Root.Length < 2 || !file.Root.EndsWith('/') || file.Root.StartsWith('/'))
            throw new MissionFileException($"The 'root' must be a folder that ends in '/', such as 'mission/', and is '{file.Root}'.");
        var olderRoots = file.OlderRoots ?? [];
        foreach (var (from, to) in olderRoots)
            if (from.Length < 2 || !from.EndsWith('/') || !to.StartsWith(file.Root, StringComparison.Ordinal) || !to.EndsWith('/'))
                throw new MissionFileException(
                    $"The older root '{from}' must end in '/' and stand for a folder under '{file.Root}': '{to}'."
                );
        if (file.Families.Length == 0)
            throw new MissionFileException("The mission file has no families.");

        List<Family> families = [];
        foreach (var entry in file.Families)
        {
            if (families.Exists(f => f.Name == entry.Name)) throw new MissionFileException($"The family '{entry.Name}' is there twice.");
            foreach (var other in entry.YieldsTo ?? [])
                if (!families.Exists(f => f.Name == other))
                    throw new MissionFileException($"The family '{entry.Name}' yields to '{other}', which is not a family before it.");
            families.Add(new Family(entry.Name, entry.YieldsTo ?? [], [.. Conventions(file, entry)]));
        }

        var own = OwnFieldTable.Gather([.. families.SelectMany(family => family.Conventions)], file.OutsideSeries, file.OutsideRecords);
        var mission = new Mission(file.Mission, file.Root, olderRoots, families)
        {
            OwnFields = own,
            Kernels = Kernels(file.Kernels, families),
        };
        OverlapCheck.Run(mission);
        CheckExamples(mission, file);
        return mission;
    }

    private static KernelRules? Kernels(KernelsEntry? entry, List<Family> families)
    {
        if (entry is null)
            return null;
        var family =
            families.Find(f => f.Name == entry.Family)
            ?? throw new MissionFileException($"The kernels are of the family '{entry.Family}', which is not one of the file.");
        var types = family.Descriptors;
        foreach (
            var type in entry.LoadOrder.SelectMany(group => group).Concat(entry.Tables.Values).Concat(entry.EndsOnly).Append(entry.Clock)
        )
            if (!types.Contains(type))
                throw new MissionFileException($"The kernels name the type '{type}', which is not one of {string.Join(", ", types)}.");
        foreach (var route in entry.Tables.Keys)
            if (route.Length == 0 || !route.All(letter => char.IsAsciiLetterLower(letter) || letter == '-'))
                throw new MissionFileException($"The table '{route}' of the kernels must be named in lower-case letters and hyphens.");
        return new KernelRules(family.Name, types, entry.LoadOrder, entry.Tables, entry.Clock, entry.EndsOnly);
    }

    private static IEnumerable<Convention> Conventions(MissionEntry file, FamilyEntry family)
    {
        var source = family;
        if (family.Like is not null)
        {
            source = Array.Find(file.Families, f => f.Name == family.Like && f.Like is null);
            if (source is null || family.Conventions is not null)
                throw new MissionFileException(
                    $"The family '{family.Name}' is like '{family.Like}', which must be a family that has conventions, in place of its own."
                );
        }

        if (source.Conventions is not { Length: > 0 }) throw new MissionFileException($"The family '{family.Name}' has no conventions.");
        HashSet<string> names = new(StringComparer.Ordinal);
        foreach (var entry in source.Conventions)
        {
            if (!names.Add(entry.Name)) throw new MissionFileException($"The convention {family.Name}/{entry.Name} is there twice.");
            // What a family lists by default is its own: another that is like it lists every version.
            yield return Make(
                file,
                family,
                source,
                entry with
                {
                    Released = family.Released,
                    HighestMajorByDefault = source == family && entry.HighestMajorByDefault,
                }
            );
        }
    }

    private static Convention Make(MissionEntry file, FamilyEntry family, FamilyEntry source, ConventionEntry entry)
    {
        var owner = $"convention {family.Name}/{entry.Name}";
        Dictionary<string, string[]> lists = new(StringComparer.Ordinal);
        Merge(lists, file.Fields, file, "the mission");
        Merge(lists, source.Fields, file, $"family {source.Name}");
        Merge(lists, entry.Fields, file, owner);
        if (source != family) Merge(lists, family.Fields, file, $"family {family.Name}");

        var nodes = new TemplateParser(entry.Template, owner, lists).Parse();
        if (
            nodes.Length < 2
            || nodes[^1] is not Slot { Field.Role: Role.Extension }
            || nodes[^2] is not Literal literal
            || !literal.Text.EndsWith('.')
        )
            throw new MissionFileException($"The template of {owner} must end in '.{{extension}}': '{entry.Template}'.");

        foreach (var (name, _) in entry.Values ?? [])
            if (name != "descriptor")
                throw new MissionFileException($"The values of {owner} give '{name}'; only 'descriptor' can be given.");
        var always = nodes.OfType<Slot>().ToDictionary(slot => slot.Field.Name, slot => slot.Field, StringComparer.Ordinal);
        CheckTimes(nodes, false, false, entry.Template, owner);
        if (entry.Values is not null && always.ContainsKey("descriptor"))
            throw new MissionFileException($"The values of {owner} give 'descriptor', which is a field of its template.");

        var keyText = family.Key ?? entry.Key ?? throw new MissionFileException($"The {owner} has no key, and neither has its family.");
        if (source == family && entry.Key is not null) keyText = entry.Key;
        if (!keyText.StartsWith(file.Root, StringComparison.Ordinal))
            throw new MissionFileException($"The key of {owner} must start with the root '{file.Root}': '{keyText}'.");

        // A family like another has its own extensions, so that a rule of the other about them means nothing here.
        var rules = (entry.Rules ?? []).Where(r => source == family || !Mentions(r, family.Fields)).Select(r => Rule(r, owner)).ToArray();
        Dictionary<Role, Dictionary<string, string>> recordedAs = [];
        foreach (var (name, words) in entry.RecordedAs ?? [])
        {
            // Two files would be taken for versions of one.
            if (words.Values.GroupBy(word => word, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
                throw new MissionFileException(
                    $"The {owner} records two words of '{name}' as '{twice.Key}'; each word must be recorded as another."
                );
            recordedAs.Add(RuleRole(name, owner), words);
        }

        if (entry.Values is { } given && given.TryGetValue("descriptor", out var constant))
            always.Add("descriptor", new Field("descriptor", Role.Descriptor, FieldKind.OneOf, 0, [constant]));
        return new Convention(family.Name, entry, nodes, KeyTemplate.Parse(keyText, owner, always), rules,
            entry.IgnoreCase ?? source.IgnoreCase, recordedAs, file.OutsideSeries.ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>A time is one of a day, in every name that has it.</summary>
    private static void CheckTimes(Node[] nodes, bool hasStart, bool hasEnd, string template, string owner)
    {
        hasStart |= HasSlot(Role.Start);
        hasEnd |= HasSlot(Role.End);
        if ((HasSlot(Role.StartTime) && !hasStart) || (HasSlot(Role.EndTime) && !hasEnd))
            throw new MissionFileException(
                $"The template of {owner} has a time without its day: '{template}'; 'start_time' goes with 'start', and 'end_time' with 'end'."
            );
        foreach (var branch in nodes.OfType<Choice>().SelectMany(choice => choice.Branches))
            CheckTimes(branch, hasStart, hasEnd, template, owner);

        bool HasSlot(Role role) => Array.Exists(nodes, node => node is Slot slot && slot.Field.Role == role);
    }

    private static void Merge(Dictionary<string, string[]> into, Dictionary<string, string[]>? fields, MissionEntry file, string owner)
    {
        foreach (var (name, words) in fields ?? [])
        {
            List<string> all = [];
            foreach (var word in words)
            {
                if (string.IsNullOrEmpty(word)) throw new MissionFileException($"The field '{name}' of {owner} has an empty word.");
                if (word[0] != '@') all.Add(word);
                else if (file.Lists?.GetValueOrDefault(word[1..]) is { } list) all.AddRange(list);
                else throw new MissionFileException($"The field '{name}' of {owner} names the list '{word}', which is not under 'lists'.");
            }

            if (all.Count == 0) throw new MissionFileException($"The field '{name}' of {owner} has no words.");
            foreach (var word in all)
                if (!NameText.IsPlain(word))
                    throw new MissionFileException(
                        $"The field '{name}' of {owner} has the word '{NameText.Show(word)}', which a name cannot have."
                    );
            into[name] = [.. all.Distinct(StringComparer.Ordinal).Select(string.Intern)];
        }
    }

    private static bool Mentions(RuleEntry rule, Dictionary<string, string[]>? fields) =>
        fields is not null
        && fields.Keys.Any(f => rule.If.ContainsKey(f) || rule.Then?.ContainsKey(f) == true || rule.Else?.ContainsKey(f) == true);

    private static NameRule Rule(RuleEntry entry, string owner) =>
        new(Part(entry.If, owner), Part(entry.Then, owner), Part(entry.Else, owner));

    private static Dictionary<Role, string[]> Part(Dictionary<string, string[]>? part, string owner)
    {
        Dictionary<Role, string[]> result = [];
        foreach (var (name, words) in part ?? []) result.Add(RuleRole(name, owner), words);
        return result;
    }

    private static Role RuleRole(string name, string owner) =>
        Roles.Of(name) is var role && role is Role.Instrument or Role.Level or Role.Descriptor or Role.Extension
            ? role
            : throw new MissionFileException(
                $"The {owner} has a rule about '{name}', which is not one of instrument, level, descriptor, extension."
            );

    /// <summary>An example that is not read as its own convention means that the template does not say what its author meant.</summary>
    private static void CheckExamples(Mission mission, MissionEntry file)
    {
        foreach (var family in file.Families)
        {
            foreach (var entry in family.Conventions ?? [])
            {
                if (entry.Example is null) continue;
                var parsed = mission.Parse(entry.Example);
                if (parsed.Name is { } name && name.Family == family.Name && name.Convention == entry.Name) continue;
                var why = parsed.Name is { } other ? $"It is read as {other.Family}/{other.Convention}." : parsed.Faults[0].Message;
                throw new MissionFileException(
                    $"The example '{entry.Example}' does not fit its convention {family.Name}/{entry.Name}: {why}"
                );
            }
        }
    }
}
