// The diagnostics of the generator: what is wrong and what to do.
using Microsoft.CodeAnalysis;

namespace Engine.Generators;

internal static class Rules
{
    private const string Category = "Engine.Trees";

    /// <summary>Arguments: property, record, type, reason.</summary>
    public static readonly DiagnosticDescriptor NeitherLeafNorStatic = new(
        "ENG001",
        "A property of a tree is neither leaf nor static",
        "'{0}' of tree '{1}' ({2}) can be neither leaf nor static: {3}",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true);

    /// <summary>Arguments: record, type that is to become partial.</summary>
    public static readonly DiagnosticDescriptor NotPartial = new(
        "ENG002",
        "A tree is not partial",
        "Rebuild cannot be written for tree '{0}' because '{1}' is not partial: declare "
        + "'{1}' partial, or write 'public ITree Rebuild(TreeMap map)' by hand",
        Category,
        DiagnosticSeverity.Error,
        isEnabledByDefault: true);

    public static DiagnosticDescriptor ById(string id) =>
        id == NotPartial.Id ? NotPartial : NeitherLeafNorStatic;
}
