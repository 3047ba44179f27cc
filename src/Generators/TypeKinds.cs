// Decides what a property's type means to a tree: leaf, child, children, static, or nothing.
// Static values become part of compile keys, so they must equal by content and never change.
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;

namespace Engine.Generators;

internal static class TypeKinds
{
    private const string WhatToDo = "make it a Tensor, a tree, an ImmutableArray of those, or a "
        + "value that equals by content (number, string, enum, record of such), or compute it in "
        + "a method";

    /// <summary>
    /// Structs that are IEquatable of themselves but compare their storage by reference.
    /// </summary>
    private static readonly HashSet<string> ByReference =
        ["ImmutableArray", "Memory", "ReadOnlyMemory", "ArraySegment"];

    public static bool IsEngine(ITypeSymbol type, string name) =>
        type.Name == name
        && type.ContainingType is null
        && type.ContainingNamespace is
        { Name: "Engine", ContainingNamespace.IsGlobalNamespace: true };

    public static bool IsTree(ITypeSymbol type) => type switch
    {
        ITypeParameterSymbol p => p.ConstraintTypes.Any(IsTree),
        _ => IsEngine(type, "ITree") || type.AllInterfaces.Any(i => IsEngine(i, "ITree")),
    };

    /// <summary>
    /// What Rebuild does with a property of this type; null and a reason if nothing fits.
    /// </summary>
    public static PropertyKind? Classify(ITypeSymbol type, out string reason)
    {
        reason = "";
        bool optional = type.NullableAnnotation == NullableAnnotation.Annotated;
        if (IsEngine(type, "Tensor"))
        {
            return optional ? PropertyKind.OptionalLeaf : PropertyKind.Leaf;
        }
        if (IsTree(type)) return ClassifyTree(type, optional, out reason);

        if (type is INamedTypeSymbol { Arity: 1 } generic && IsImmutableArray(generic))
        {
            var element = generic.TypeArguments[0];
            bool nullable = element.NullableAnnotation == NullableAnnotation.Annotated;
            if (IsTree(element) && !nullable) return PropertyKind.Children;
            reason = nullable
                ? "elements of a tree's ImmutableArray may not be null"
                : "an ImmutableArray compares by reference unless its elements are trees; "
                    + WhatToDo;
            return null;
        }

        if (IsStatic(type, [])) return PropertyKind.Static;
        reason = Reason(type);
        return null;
    }

    public static Sameness SamenessOf(ITypeSymbol type, PropertyKind kind)
    {
        if (kind == PropertyKind.Children) return Sameness.Operator;
        return type.IsReferenceType ? Sameness.Reference : Sameness.Comparer;
    }

    private static PropertyKind? ClassifyTree(ITypeSymbol type, bool optional, out string reason)
    {
        reason = "";
        if (!optional) return PropertyKind.Child;
        if (type.IsReferenceType) return PropertyKind.OptionalChild;
        reason =
            "an optional tree must be a class; add the constraint 'class' to the type parameter";
        return null;
    }

    private static bool IsImmutableArray(INamedTypeSymbol type) =>
        type.Name == "ImmutableArray"
        && type.ContainingNamespace.ToDisplayString() == "System.Collections.Immutable";

    /// <summary>Whether values of the type equal by content; records are looked into.</summary>
    private static bool IsStatic(ITypeSymbol type, HashSet<ITypeSymbol> seen)
    {
        if (IsTree(type) || IsEngine(type, "Tensor")) return false;
        if (type.TypeKind == TypeKind.Enum || type.SpecialType == SpecialType.System_String)
        {
            return true;
        }
        if (type.SpecialType is >= SpecialType.System_Boolean and <= SpecialType.System_Double)
        {
            return true;
        }

        if (type is ITypeParameterSymbol p)
        {
            return p.HasValueTypeConstraint && p.ConstraintTypes.Any(c => IsEquatableOf(c, p));
        }

        if (type is not INamedTypeSymbol named) return false;
        named = named.TupleUnderlyingType ?? named; // names of elements would spoil comparisons
        if (named.OriginalDefinition.SpecialType == SpecialType.System_Nullable_T)
        {
            return IsStatic(named.TypeArguments[0], seen);
        }

        if (ByReference.Contains(named.Name) && named.Arity == 1) return false;
        if (!named.AllInterfaces.Any(i => IsEquatableOf(i, named))) return false;
        if (!named.TypeArguments.All(a => IsStatic(a, seen))) return false;

        // A record that writes its own Equals is believed; a compiled one is as good as its parts.
        if (!named.IsRecord || WritesEquals(named) || !seen.Add(named)) return true;
        return PartsOf(named).All(part => IsStatic(part, seen));
    }

    private static bool IsEquatableOf(ITypeSymbol candidate, ITypeSymbol type) =>
        candidate is INamedTypeSymbol { Name: "IEquatable", Arity: 1 } i
        && i.ContainingNamespace.ToDisplayString() == "System"
        && SymbolEqualityComparer.Default.Equals(i.TypeArguments[0], type);

    private static bool WritesEquals(INamedTypeSymbol record) =>
        record.GetMembers("Equals").OfType<IMethodSymbol>().Any(m =>
            m.Parameters.Length == 1
            && SymbolEqualityComparer.Default.Equals(m.Parameters[0].Type, record)
            && !m.IsImplicitlyDeclared
            && !m.GetAttributes().Any(a => a.AttributeClass?.Name == "CompilerGeneratedAttribute"));

    /// <summary>
    /// Types of fields, and of init properties whose fields a metadata file may hide.
    /// </summary>
    private static IEnumerable<ITypeSymbol> PartsOf(INamedTypeSymbol record)
    {
        for (var t = record; t is { SpecialType: SpecialType.None }; t = t.BaseType)
        {
            foreach (var member in t.GetMembers().Where(m => !m.IsStatic))
            {
                if (member is IFieldSymbol field) yield return field.Type;
                if (member is IPropertySymbol { SetMethod.IsInitOnly: true } property)
                {
                    yield return property.Type;
                }
            }
        }
    }

    private static string Reason(ITypeSymbol type)
    {
        var element = type switch
        {
            IArrayTypeSymbol array => array.ElementType,
            INamedTypeSymbol { Arity: 1 } n => n.TypeArguments[0],
            _ => null,
        };
        if (element is not null && IsTree(element))
        {
            string name = element.ToDisplayString(SymbolDisplayFormat.MinimallyQualifiedFormat);
            return $"its elements can be replaced behind the tree's back; use "
                + $"ImmutableArray<{name}>";
        }

        return type switch
        {
            IArrayTypeSymbol => "arrays compare by reference and can change; " + WhatToDo,
            ITypeParameterSymbol => $"nothing is known of {type.Name}; add 'where {type.Name} : "
                + "ITree' to the record",
            { TypeKind: TypeKind.Delegate } => "functions compare by reference; " + WhatToDo,
            _ => "it does not equal by content, or holds tensors without being a tree; " + WhatToDo,
        };
    }
}
