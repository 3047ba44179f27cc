// The house of the architecture document: which project may refer to which, and that the libraries
// stand without packages.
using System.Xml.Linq;

namespace Engine.Tests;

public class ArchitectureTests
{
    private const string Generators = "Generators";

    /// <summary>The arrows of the document; the CLI may refer to all.</summary>
    private static readonly Dictionary<string, string[]> Arrows = new()
    {
        ["Kernels"] = [],
        ["Kernels.Gpu"] = ["Kernels"],
        ["Tensor"] = ["Kernels"],
        ["Autodiff"] = ["Tensor"],
        ["Nn"] = ["Autodiff"],
        ["Data"] = ["Tensor"],
        ["Meta"] = ["Nn", "Data"],
        ["Transfer"] = ["Meta", "Nn", "Data"],
        [Generators] = [],
    };

    public static TheoryData<string> Projects =>
        [.. Directory.GetFiles(Path.Combine(Root, "src"), "*.csproj", SearchOption.AllDirectories)
            .Select(p => Path.GetRelativePath(Root, p).Replace('\\', '/')).Order()];

    /// <summary>The folder of the solution.</summary>
    internal static string Root { get; } = FindRoot();

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

    private static List<string> WrongReferences(string project, XDocument file)
    {
        string name = Path.GetFileNameWithoutExtension(project);
        var wrong = new List<string>();
        if (name != "Cli" && !Arrows.ContainsKey(name))
            return [$"{project} is not in the architecture document"];
        foreach (XElement item in file.Descendants("ProjectReference"))
        {
            string target = Path.GetFileNameWithoutExtension(Include(item).Replace('\\', '/'));
            bool right = target == Generators
                ? (string?)item.Attribute("OutputItemType") == "Analyzer"
                    && (string?)item.Attribute("ReferenceOutputAssembly") == "false"
                : name == "Cli" || Arrows[name].Contains(target);
            if (!right) wrong.Add($"{project} refers to {target}");
        }

        // Generators compile against Roslyn, which the compiler brings; nothing is shipped.
        bool library = name is not ("Cli" or Generators);
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
