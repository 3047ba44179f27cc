// Writes ITree.Rebuild and ToString for partial records, so that a model is one line to declare.
// This file is only the pipeline: TreeReader looks at symbols, TreeWriter makes text.
using System.Text;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Text;

namespace Engine.Generators;

/// <summary>
/// Generates <c>Rebuild</c> for partial records that implement <c>Engine.ITree</c>.
/// </summary>
[Generator(LanguageNames.CSharp)]
public sealed class TreeGenerator : IIncrementalGenerator
{
    /// <summary>Name under which the step is tracked, for the test of caching.</summary>
    internal const string ModelStep = "TreeModels";

    /// <inheritdoc/>
    public void Initialize(IncrementalGeneratorInitializationContext context)
    {
        // The model holds strings and numbers only: symbols would keep whole compilations alive and
        // never compare equal, so that every key press would generate everything again.
        var models = context.SyntaxProvider
            .CreateSyntaxProvider(
                static (node, _) => node is RecordDeclarationSyntax { BaseList: not null },
                static (c, token) => TreeReader.Read(c, token))
            .Where(static model => model is not null)
            .WithTrackingName(ModelStep);

        context.RegisterSourceOutput(models, static (output, model) =>
        {
            foreach (var problem in model!.Problems)
            {
                output.ReportDiagnostic(problem.ToDiagnostic());
            }
            if (model.CanGenerate)
            {
                string text = TreeWriter.Write(model);
                output.AddSource(model.HintName, SourceText.From(text, Encoding.UTF8));
            }
        });
    }
}
