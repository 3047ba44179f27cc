// Runs the tree generator on source strings and compiles what comes out. The stand-in for the
// Engine types is the contract the generator writes against, nothing more.
using System.Collections.Immutable;
using System.Reflection;
using Engine.Generators;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;

namespace Engine.Tests.Generators;

internal static class GeneratorHarness
{
    public const string StandIn = """
        #nullable enable
        using System.Collections.Immutable;
        using System.Linq;
        namespace Engine;

        public interface ITree { ITree Rebuild(TreeMap map); }

        public sealed class Tensor : ITree
        {
            public ITree Rebuild(TreeMap map) => map.Leaf("", this);
        }

        public abstract class TreeMap
        {
            public abstract Tensor Leaf(string name, Tensor value);
            public Tensor? OptionalLeaf(string name, Tensor? value) =>
                value is null ? null : Leaf(name, value);
            public T Child<T>(string name, T value) where T : ITree => (T)value.Rebuild(this);
            public T? OptionalChild<T>(string name, T? value) where T : class, ITree =>
                value is null ? null : Child(name, value);
            public ImmutableArray<T> Children<T>(string name, ImmutableArray<T> values)
                where T : ITree
            {
                var mapped = values.Select(v => (T)v.Rebuild(this)).ToImmutableArray();
                return mapped.Zip(values).All(p => ReferenceEquals(p.First, p.Second))
                    ? values : mapped;
            }
            public virtual void Static<T>(string name, T value) { }
        }

        public static class TreeText { public static string Format(ITree tree) => "formatted"; }

        public sealed class Same : TreeMap
        {
            public override Tensor Leaf(string name, Tensor value) => value;
        }

        public sealed class Fresh : TreeMap
        {
            public System.Collections.Generic.List<string> Names { get; } = [];
            public override Tensor Leaf(string name, Tensor value)
            {
                Names.Add(name);
                return new();
            }
            public override void Static<T>(string name, T value) => Names.Add($"{name}={value}");
        }
        """;

    private static readonly CSharpParseOptions Parse =
        CSharpParseOptions.Default.WithLanguageVersion(LanguageVersion.Preview);

    private static readonly ImmutableArray<MetadataReference> Framework =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Where(p => Path.GetFileName(p).StartsWith("System.", StringComparison.Ordinal))
            .Select(p => MetadataReference.CreateFromFile(p)),
    ];

    public static CSharpCompilation Compile(params string[] sources) => CSharpCompilation.Create(
        "Sample" + Guid.NewGuid().ToString("N"),
        [.. sources.Prepend(StandIn).Select((s, i) =>
            CSharpSyntaxTree.ParseText(s, Parse, path: $"File{i}.cs"))],
        Framework,
        new CSharpCompilationOptions(
            OutputKind.DynamicallyLinkedLibrary,
                nullableContextOptions: NullableContextOptions.Enable));

    public static GeneratorDriver Driver(bool track = false) => CSharpGeneratorDriver.Create(
        [new TreeGenerator().AsSourceGenerator()],
        parseOptions: Parse,
        driverOptions: new GeneratorDriverOptions(
            IncrementalGeneratorOutputKind.None, trackIncrementalGeneratorSteps: track));

    /// <summary>
    /// The generator's diagnostics and files, and the compilation with those files.
    /// </summary>
    public static Outcome Run(params string[] sources)
    {
        var run = Driver().RunGeneratorsAndUpdateCompilation(
            Compile(sources), out var compilation, out _).GetRunResult();
        return new Outcome(
            run.Diagnostics,
            [.. run.GeneratedTrees.Select(t => t.ToString())],
            [.. run.Results.Single().GeneratedSources.Select(s => s.HintName)],
            compilation);
    }
}

internal sealed record Outcome(
    ImmutableArray<Diagnostic> Diagnostics,
    ImmutableArray<string> Texts,
    ImmutableArray<string> HintNames,
    Compilation Compilation)
{
    /// <summary>Compiles user's and generated code; fails on any warning or error.</summary>
    public Assembly Load()
    {
        var problems = Compilation.GetDiagnostics()
            .Where(d => d.Severity >= DiagnosticSeverity.Warning).ToList();
        Assert.True(problems.Count == 0, string.Join('\n', problems) + string.Join('\n', Texts));
        using var stream = new MemoryStream();
        Assert.True(Compilation.Emit(stream).Success);
        return Assembly.Load(stream.ToArray());
    }
}
