// Reads one record declaration into a TreeModel: which properties there are, which members the user
// has written, which diagnostics apply. What a property's type means is decided in TypeKinds.
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Engine.Generators;

internal static class TreeReader
{
    public static TreeModel? Read(GeneratorSyntaxContext context, CancellationToken token)
    {
        var syntax = (RecordDeclarationSyntax)context.Node;
        if (context.SemanticModel.GetDeclaredSymbol(syntax, token) is not INamedTypeSymbol record
            || record.TypeKind != TypeKind.Class
            || !TypeKinds.IsTree(record)
            || DeclaresRebuild(record)
            || !IsFirstDeclaration(record, syntax, token))
        {
            return null;
        }

        var problems = new List<Problem>();
        var location = syntax.Identifier.GetLocation();
        bool partial = CheckPartial(record, location, problems, token);
        var properties = new List<PropertyModel>();
        foreach (var member in StateOf(record))
        {
            ReadMember(member, record, location, properties, problems);
        }

        return new TreeModel(
            HintName(record),
            record.ContainingNamespace.IsGlobalNamespace
                ? "" : record.ContainingNamespace.ToDisplayString(),
            new EquatableArray<string>(ContainersOf(record).Reverse().Select(Header)),
            Header(record),
            Modifier(record),
            WritesToString: !HasOwnText(record),
            IsAbstract: record.IsAbstract,
            CanGenerate: partial,
            new EquatableArray<PropertyModel>(record.IsAbstract ? [] : properties),
            new EquatableArray<Problem>(problems));
    }

    /// <summary>A partial record is seen once for each part that has a base list.</summary>
    private static bool IsFirstDeclaration(
        INamedTypeSymbol record, RecordDeclarationSyntax syntax, CancellationToken token) =>
        record.DeclaringSyntaxReferences
            .Select(r => r.GetSyntax(token))
            .OfType<RecordDeclarationSyntax>()
            .First(r => r.BaseList is not null) == syntax;

    private static bool DeclaresRebuild(INamedTypeSymbol record) =>
        record.GetMembers().OfType<IMethodSymbol>().Any(m =>
            (m.Name == "Rebuild" || m.Name.EndsWith(".Rebuild", System.StringComparison.Ordinal))
            && m.Parameters.Length == 1
            && TypeKinds.IsEngine(m.Parameters[0].Type, "TreeMap"));

    /// <summary>
    /// The user's ToString or PrintMembers wins, a sealed inherited ToString too.
    /// </summary>
    private static bool HasOwnText(INamedTypeSymbol record)
    {
        if (record.GetMembers().OfType<IMethodSymbol>().Any(m => !m.IsImplicitlyDeclared
            && (IsToString(m) || (m.Name == "PrintMembers" && m.Parameters.Length == 1))))
        {
            return true;
        }

        for (var type = record.BaseType; type is not null; type = type.BaseType)
        {
            if (type.GetMembers().OfType<IMethodSymbol>().Any(m => IsToString(m) && m.IsSealed))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsToString(IMethodSymbol method) =>
        method.Name == "ToString" && method.Parameters.IsEmpty && !method.IsStatic;

    private static bool CheckPartial(
        INamedTypeSymbol record, Location location, List<Problem> problems, CancellationToken token)
    {
        foreach (var type in new[] { record }.Concat(ContainersOf(record)))
        {
            bool partial = type.DeclaringSyntaxReferences
                .Select(r => r.GetSyntax(token))
                .OfType<TypeDeclarationSyntax>()
                .Any(d => d.Modifiers.Any(SyntaxKind.PartialKeyword));
            if (partial) continue;
            problems.Add(Problem.At(
                record, Rules.NotPartial, location, Display(record), Display(type)));
            return false;
        }

        return true;
    }

    private static IEnumerable<INamedTypeSymbol> ContainersOf(INamedTypeSymbol type)
    {
        for (var c = type.ContainingType; c is not null; c = c.ContainingType) yield return c;
    }

    /// <summary>
    /// Properties with storage and fields, the base records' first, each in declaration order; an
    /// overridden property counts once, where it was first declared.
    /// </summary>
    private static List<ISymbol> StateOf(INamedTypeSymbol record)
    {
        var chain = new Stack<INamedTypeSymbol>();
        for (var t = record; t is { SpecialType: SpecialType.None }; t = t.BaseType) chain.Push(t);

        var state = new List<ISymbol>();
        foreach (var type in chain)
        {
            var stored = new HashSet<ISymbol>(
                type.GetMembers().OfType<IFieldSymbol>()
                    .Where(f => f is { IsStatic: false, AssociatedSymbol: not null })
                    .Select(f => f.AssociatedSymbol!),
                SymbolEqualityComparer.Default);
            foreach (var member in type.GetMembers().Where(m => !m.IsStatic))
            {
                bool isState = member switch
                {
                    IPropertySymbol p => stored.Contains(p) || StoredInMetadata(p),
                    IFieldSymbol f => !f.IsImplicitlyDeclared && f.AssociatedSymbol is null
                        && f.CanBeReferencedByName,
                    _ => false,
                };
                if (!isState) continue;
                int same = state.FindIndex(s => s.Name == member.Name);
                if (same >= 0) state[same] = member;
                else state.Add(member);
            }
        }

        return state;
    }

    /// <summary>
    /// Other assemblies may hide backing fields: an init accessor stands for storage.
    /// </summary>
    private static bool StoredInMetadata(IPropertySymbol property) =>
        property.DeclaringSyntaxReferences.IsEmpty
        && !property.IsImplicitlyDeclared
        && property.SetMethod is { IsInitOnly: true };

    private static void ReadMember(
        ISymbol member,
        INamedTypeSymbol record,
        Location location,
        List<PropertyModel> properties,
        List<Problem> problems)
    {
        void Fail(ITypeSymbol type, string reason) => problems.Add(Problem.At(
            member, Rules.NeitherLeafNorStatic, location,
            member.Name, Display(record), Display(type), reason));

        if (member is IFieldSymbol field)
        {
            Fail(field.Type, "it is a field, which Rebuild does not see; make it a property with "
                + "'get; init;' or compute it in a method");
            return;
        }

        var property = (IPropertySymbol)member;
        var kind = TypeKinds.Classify(property.Type, out string reason);
        if (kind is null)
        {
            Fail(property.Type, reason);
            return;
        }

        bool inherited = !SymbolEqualityComparer.Default.Equals(property.ContainingType, record);
        if (inherited && property.DeclaredAccessibility == Accessibility.Private)
        {
            Fail(property.Type, $"it is private in the base record "
                + $"'{Display(property.ContainingType)}'; make it protected or public");
            return;
        }

        if (kind != PropertyKind.Static && property.SetMethod is null)
        {
            Fail(property.Type, "it holds tensors but cannot be set in a copy; add 'init;'");
            return;
        }

        properties.Add(new PropertyModel(
            property.Name,
            kind.Value,
            TypeKinds.SamenessOf(property.Type, kind.Value),
            property.Type.ToDisplayString(SymbolDisplayFormat.FullyQualifiedFormat)));
    }

    private static string Modifier(INamedTypeSymbol record)
    {
        bool overrides = record.BaseType is { } b && TypeKinds.IsTree(b);
        if (record.IsAbstract) return overrides ? "abstract override " : "abstract ";
        return overrides ? "override " : record.IsSealed ? "" : "virtual ";
    }

    private static string Header(INamedTypeSymbol type)
    {
        string keyword = type switch
        {
            { IsRecord: true, TypeKind: TypeKind.Struct } => "record struct",
            { IsRecord: true } => "record",
            { TypeKind: TypeKind.Struct } => "struct",
            { TypeKind: TypeKind.Interface } => "interface",
            _ => "class",
        };
        return $"partial {keyword} {Display(type)}";
    }

    /// <summary>Name with type parameters, without namespace and containers.</summary>
    private static string Display(ITypeSymbol type) =>
        type.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat
            .WithMemberOptions(SymbolDisplayMemberOptions.None)) is var text
        && type is INamedTypeSymbol { IsTupleType: false, ContainingType: { } outer }
        && text.StartsWith(Display(outer) + ".", System.StringComparison.Ordinal)
            ? text.Substring(Display(outer).Length + 1)
            : text;

    private static string HintName(INamedTypeSymbol record)
    {
        var names = new[] { record }.Concat(ContainersOf(record)).Reverse()
            .Select(t => t.Arity > 0 ? $"{t.Name}_{t.Arity}" : t.Name);
        string prefix = record.ContainingNamespace.IsGlobalNamespace
            ? "" : record.ContainingNamespace.ToDisplayString() + ".";
        return $"{prefix}{string.Join(".", names)}.Tree.g.cs";
    }
}
