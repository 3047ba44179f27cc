// The public names that tables of pages speak of: what a column headed "Engine" names in backticks
// must exist. Spellings are looked up, not compiled: arguments and types of arguments are not seen.
using System.Reflection;
using System.Text.RegularExpressions;
using Engine.Data;
using Engine.Nn;

namespace Engine.Tests.Docs;

/// <summary>Looks up the names in tables of pages.</summary>
internal static partial class DocsNames
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static
        | BindingFlags.FlattenHierarchy;

    /// <summary>Public types by name, those with type parameters too.</summary>
    private static readonly ILookup<string, Type> Types = new[]
        {
            typeof(DType), typeof(Tensor), typeof(Grad), typeof(Linear), typeof(NpyFile),
            typeof(Engine.Meta.Maml<>), typeof(Engine.Images.ImageFolder),
            typeof(Engine.Transfer.Part),
        }
        .Select(type => type.Assembly).Distinct()
        .SelectMany(assembly => assembly.GetExportedTypes())
        .ToLookup(type => type.Name.Split('`')[0]);

    private static readonly HashSet<string> Members =
        [.. Types.SelectMany(types => types).SelectMany(Names)];

    private static readonly HashSet<string> OfTensors =
    [
        .. Names(typeof(Tensor)),
        .. Types.SelectMany(types => types).SelectMany(Extensions),
    ];

    /// <summary>The cells below "Engine" in the tables of a page, with their lines.</summary>
    public static IEnumerable<(int Line, string Cell)> Cells(string[] lines)
    {
        int column = -1;
        for (int i = 0; i < lines.Length; i++)
        {
            if (!lines[i].StartsWith('|'))
            {
                column = -1;
                continue;
            }
            string[] cells = [.. Bar().Split(lines[i]).Select(cell => cell.Trim())];
            if (column < 0) column = Array.IndexOf(cells, "Engine");
            else if (column < cells.Length) yield return (i + 1, cells[column]);
            if (column < 0) column = int.MaxValue; // rows of another table
        }
    }

    /// <summary>What a cell names and no public type or member is.</summary>
    public static IEnumerable<string> Missing(string cell)
    {
        foreach (Match code in Code().Matches(cell))
        {
            string text = code.Groups[1].Value;
            if (Bare().IsMatch(text) && !Types.Contains(text) && !Members.Contains(text))
                yield return text;
            foreach (Match name in Qualified().Matches(text))
                if (!Exists(name.Groups[1].Value, name.Groups[2].Value))
                    yield return name.Value;
        }
    }

    /// <summary>
    /// Of a type its member, of a variable of one letter a tensor's, of any other anyone's.
    /// </summary>
    private static bool Exists(string owner, string member) =>
        char.IsUpper(owner[0]) ? Types[owner].SelectMany(Names).Contains(member)
        : owner.Length == 1 ? OfTensors.Contains(member)
        : Members.Contains(member);

    private static IEnumerable<string> Names(Type type) =>
        type.GetMembers(Everything).Select(member => member.Name);

    private static IEnumerable<string> Extensions(Type type) => type
        .GetMethods(BindingFlags.Public | BindingFlags.Static)
        .Where(method => method.IsDefined(typeof(System.Runtime.CompilerServices.ExtensionAttribute))
            && method.GetParameters()[0].ParameterType == typeof(Tensor))
        .Select(method => method.Name);

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex Bar();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"^[A-Z]\w+$")]
    private static partial Regex Bare();

    [GeneratedRegex(@"(?<![\w.)\]])([A-Za-z]\w*)\.([A-Z]\w*)")]
    private static partial Regex Qualified();
}
