// Compiles the blocks of a page as one program, as a reader who types them in one after another
// would, and runs it.
using System.Collections.Immutable;
using System.Reflection;
using System.Text;
using Engine.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Engine.Tests.Docs;

/// <summary>Compiles and runs programs of pages.</summary>
internal static class DocsProgram
{
    private const string Mark = "\u0001";

    private static readonly CSharpParseOptions Parse =
        CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Latest);

    private static readonly ImmutableArray<MetadataReference> References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path) is var name
                && (name.StartsWith("System.", StringComparison.Ordinal)
                    || name.StartsWith("Engine.", StringComparison.Ordinal)
                    || name == "engine.dll"))
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    /// <summary>What each block printed.</summary>
    public static string[] Run(DocsPage page)
    {
        MethodInfo main = Load(page).EntryPoint!;
        TextWriter console = Console.Out;
        using var output = new StringWriter();
        Console.SetOut(output);
        try
        {
            main.Invoke(null, main.GetParameters().Length == 0 ? null : [Array.Empty<string>()]);
        }
        finally
        {
            Console.SetOut(console);
        }
        return [.. output.ToString().Split(Mark)[1..]
            .Select(part => part.ReplaceLineEndings("\n").Trim('\n'))];
    }

    private static Assembly Load(DocsPage page)
    {
        SyntaxTree tree = CSharpSyntaxTree.ParseText(Source(page), Parse, page.Name);
        SyntaxTree usings = CSharpSyntaxTree.ParseText(
            "global using System; global using System.IO; global using System.Linq; "
            + "global using System.Collections.Generic;", Parse);
        var compilation = CSharpCompilation.Create(
            "Docs" + Guid.NewGuid().ToString("N"), [usings, tree], References,
            new CSharpCompilationOptions(
                OutputKind.ConsoleApplication,
                nullableContextOptions: NullableContextOptions.Enable));
        CSharpGeneratorDriver.Create([new TreeGenerator().AsSourceGenerator()], parseOptions: Parse)
            .RunGeneratorsAndUpdateCompilation(compilation, out Compilation whole, out _);
        Diagnostic[] problems = [.. whole.GetDiagnostics()
            .Where(d => d.Severity >= DiagnosticSeverity.Warning)];
        Assert.True(problems.Length == 0, string.Join('\n', (IEnumerable<object>)problems));
        using var stream = new MemoryStream();
        Assert.True(whole.Emit(stream).Success);
        return Assembly.Load(stream.ToArray());
    }

    /// <summary>
    /// Usings first and types last, as C# asks; #line makes errors name the page's lines.
    /// </summary>
    private static string Source(DocsPage page)
    {
        var usings = new HashSet<string>();
        StringBuilder statements = new(), types = new();
        foreach (var (block, _) in page.Program())
        {
            CompilationUnitSyntax unit = SyntaxFactory.ParseCompilationUnit(
                block.Text, options: Parse);
            usings.UnionWith(unit.Usings.Select(u => u.ToString()));
            statements.AppendLine($"Console.Write(\"\\u0001\");");
            foreach (MemberDeclarationSyntax member in unit.Members)
            {
                int line = block.Line + 1
                    + unit.SyntaxTree.GetLineSpan(member.FullSpan).StartLinePosition.Line;
                (member is GlobalStatementSyntax ? statements : types)
                    .AppendLine($"#line {line} \"{page.Name}\"")
                    .AppendLine(member.ToFullString());
            }
        }
        return $"{string.Join('\n', usings)}\n{statements}\n{types}";
    }
}
