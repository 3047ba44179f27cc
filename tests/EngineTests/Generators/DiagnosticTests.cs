// ENG001 and ENG002: where they stand and what they say.
using Microsoft.CodeAnalysis;

namespace Engine.Tests.Generators;

public class DiagnosticTests
{
    private const string Head =
        "using Engine; using System.Collections.Immutable; namespace Zoo;\n";

    [Theory]
    [InlineData("int[]", "arrays compare by reference")]
    [InlineData("Tensor[]", "use ImmutableArray<Tensor>")]
    [InlineData("System.Collections.Generic.List<Tensor>", "use ImmutableArray<Tensor>")]
    [InlineData("System.Func<Tensor, Tensor>", "functions compare by reference")]
    [InlineData("object", "does not equal by content")]
    [InlineData("System.Text.StringBuilder", "does not equal by content")]
    [InlineData("ImmutableArray<int>", "compares by reference unless its elements are trees")]
    [InlineData("ImmutableArray<Tensor?>", "may not be null")]
    [InlineData("Holder", "holds tensors without being a tree")]
    [InlineData("HidesArray", "does not equal by content")]
    [InlineData("(int, Tensor)", "holds tensors without being a tree")]
    [InlineData("T", "add 'where T : ITree'")]
    public void NeitherLeafNorStatic(string type, string reason)
    {
        var outcome = GeneratorHarness.Run(Head + $$"""
            public sealed record Holder(Tensor Inside);
            public sealed record HidesArray(int[] Inside);
            public sealed partial record Net<T>(Tensor A, {{type}} Bad) : ITree;
            """);

        var diagnostic = Assert.Single(outcome.Diagnostics);
        Assert.Equal("ENG001", diagnostic.Id);
        Assert.Equal(DiagnosticSeverity.Error, diagnostic.Severity);
        Assert.Contains("'Bad' of tree 'Net<T>'", diagnostic.GetMessage());
        Assert.Contains(reason, diagnostic.GetMessage());
        Assert.DoesNotContain('\n', diagnostic.GetMessage());

        // The record still gets its Rebuild, so that this is the only error the user sees.
        Assert.Empty(outcome.Compilation.GetDiagnostics()
            .Where(d => d.Severity == DiagnosticSeverity.Error));
    }

    [Fact]
    public void TheDiagnosticStandsAtTheProperty()
    {
        var outcome = GeneratorHarness.Run(
            Head + "public sealed partial record Net(Tensor A) : ITree\n"
            + "{ public int[] Bad { get; init; } = []; }");
        var line = Assert.Single(outcome.Diagnostics).Location.GetLineSpan();
        Assert.Equal("File1.cs", line.Path);
        Assert.Equal(2, line.StartLinePosition.Line);
        Assert.Equal(15, line.StartLinePosition.Character);
    }

    [Theory]
    [InlineData("private readonly int _n = 3;", "it is a field")]
    [InlineData("public Tensor B { get; } = new();", "add 'init;'")]
    public void StateThatACopyWouldMissIsAnError(string member, string reason)
    {
        var outcome = GeneratorHarness.Run(
            Head + $"public sealed partial record Net(Tensor A) : ITree {{ {member} }}");
        Assert.Contains(reason, Assert.Single(outcome.Diagnostics).GetMessage());
    }

    [Theory]
    [InlineData("public sealed record Net(Tensor A) : ITree;", "Net")]
    [InlineData("class Outer { public sealed partial record Net(Tensor A) : ITree; }", "Outer")]
    public void NotPartial(string source, string culprit)
    {
        var outcome = GeneratorHarness.Run(Head + source);
        var diagnostic = Assert.Single(outcome.Diagnostics);
        Assert.Equal("ENG002", diagnostic.Id);
        Assert.Contains($"declare '{culprit}' partial", diagnostic.GetMessage());
        Assert.Empty(outcome.Texts);
    }
}
