// Holds the source against docs/architecture.md: which project may refer to which, that the
// libraries stand without packages, and that plans know no operation by name.
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Engine.Tests;

public partial class ArchitectureTests
{
    private const string Generators = "Generators";
    private const string Page = "docs/architecture.md";

    /// <summary>The folder of the solution.</summary>
    internal static string Root { get; } = FindRoot();

    /// <summary>The page's table of projects: which others each refers to.</summary>
    private static Dictionary<string, string[]> Arrows { get; } = ReadArrows();

    public static TheoryData<string> Projects =>
        [.. Directory.GetFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(p => Path.GetRelativePath(Root, p).Replace('\\', '/')).Order()];

    [Fact]
    public void ThereAreProjects() => Assert.True(Projects.Count >= 8);

    [Theory]
    [MemberData(nameof(Projects))]
    public void ReferencesAreThoseOfTheArchitecture(string project) =>
        Assert.Empty(WrongReferences(project, XDocument.Load(Path.Combine(Root, project))));

    [Theory]
    [InlineData("src/Kernels/Kernels.csproj", "../Tensor/Tensor.csproj", "")]
    [InlineData("src/Data/Data.csproj", "../Autodiff/Autodiff.csproj", "")]
    [InlineData("src/Nn/Nn.csproj", "../Generators/Generators.csproj", "")]
    [InlineData("src/New/New.csproj", "../Kernels/Kernels.csproj", "")]
    [InlineData("src/Nn/Nn.csproj", "", "Newtonsoft.Json")]
    public void OthersAreFound(string project, string reference, string package)
    {
        var items = new XElement("ItemGroup");
        if (reference.Length > 0)
            items.Add(new XElement("ProjectReference", new XAttribute("Include", reference)));
        if (package.Length > 0)
            items.Add(new XElement("PackageReference", new XAttribute("Include", package)));
        Assert.Single(WrongReferences(project, new XDocument(new XElement("Project", items))));
    }

    /// <summary>
    /// What ends a group or simplifies itself says so through an interface, so that deleting an
    /// operation's file removes the operation.
    /// </summary>
    [Fact]
    public void NoOperationIsNamedInPlans()
    {
        string tensor = Path.Combine(Root, "src", "Tensor");
        string[] operations = [.. Sources(Path.Combine(tensor, "Ops"))
            .SelectMany(file => Operation().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value)];
        Assert.True(operations.Length > 60);
        var named = new List<string>();
        foreach (string file in Sources(Path.Combine(tensor, "Plans")))
            foreach (Match use in TypeUse().Matches(File.ReadAllText(file)))
                if (operations.Contains(use.Groups[1].Value))
                    named.Add($"{Path.GetFileName(file)}: {use.Groups[1].Value}");
        Assert.Empty(named);
    }

    private static string[] Sources(string folder) =>
        Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories);

    [GeneratedRegex(@"sealed record (\w+)")]
    private static partial Regex Operation();

    [GeneratedRegex(@"(?:\b(?:is|not|or|as|new|typeof)\b[ (]+|\(\(|<|Primitive: )([A-Z]\w*)")]
    private static partial Regex TypeUse();

    private static Dictionary<string, string[]> ReadArrows() => File
        .ReadLines(Path.Combine(Root, Page))
        .Select(line => Arrow().Match(line))
        .Where(match => match.Success)
        .ToDictionary(
            match => match.Groups[1].Value,
            match => match.Groups[2].Value.Split(
                ", ", StringSplitOptions.RemoveEmptyEntries).Where(t => t != "nothing").ToArray());

    /// <summary>| `src/Tensor` | Kernels | what stands there |</summary>
    [GeneratedRegex(@"^\| `src/([\w.]+)` \| ([\w., ]+) \|")]
    private static partial Regex Arrow();

    private static List<string> WrongReferences(string project, XDocument file)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        var wrong = new List<string>();
        if (!Arrows.TryGetValue(name, out string[]? arrows)) return [$"{project} is not in {Page}"];
        foreach (XElement item in file.Descendants("ProjectReference"))
        {
            string target = Path.GetFileNameWithoutExtension(Include(item).Replace('\\', '/'));
            bool right = target == Generators
                ? (string?)item.Attribute("OutputItemType") == "Analyzer"
                    && (string?)item.Attribute("ReferenceOutputAssembly") == "false"
                : arrows.Contains("all") || arrows.Contains(target);
            if (!right) wrong.Add($"{project} refers to {target}");
        }

        // Generators compile against Roslyn, which the compiler brings; nothing is shipped.
        bool library = name is not ("Cli" or "Images" or "Kernels.Gpu" or Generators);
        if (library)
            wrong.AddRange(file.Descendants("PackageReference").Select(
                p => $"{project} refers to the package {Include(p)}"));
        return wrong;
    }

    private static string Include(XElement item) => (string?)item.Attribute("Include") ?? "";

    private static string FindRoot()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Engine.sln")))
            folder = Path.GetDirectoryName(folder);
        return folder ?? throw new InvalidOperationException("Engine.sln is above no test folder.");
    }
}
