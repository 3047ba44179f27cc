// What the generator knows about one record. Value-equal, so that unrelated edits change nothing.
using System;
using System.Collections;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Text;

namespace Engine.Generators;

/// <summary>What Rebuild does with a property.</summary>
internal enum PropertyKind
{
    Leaf,
    OptionalLeaf,
    Child,
    OptionalChild,
    Children,
    Static,
}

/// <summary>How to tell that a mapped property is what it was.</summary>
internal enum Sameness
{
    Reference,
    Operator,
    Comparer,
}

/// <summary>One property; Type is needed for comparers only.</summary>
internal sealed record PropertyModel(
    string Name, PropertyKind Kind, Sameness Sameness, string Type);

/// <summary>
/// One record. Containers and Header are texts like "partial class Outer&lt;T&gt;".
/// </summary>
internal sealed record TreeModel(
    string HintName,
    string Namespace,
    EquatableArray<string> Containers,
    string Header,
    string Modifier,
    bool WritesToString,
    bool IsAbstract,
    bool CanGenerate,
    EquatableArray<PropertyModel> Properties,
    EquatableArray<Problem> Problems);

/// <summary>A diagnostic without symbols or syntax trees.</summary>
internal sealed record Problem(
    string Id, string File, TextSpan Span, LinePositionSpan Lines, EquatableArray<string> Arguments)
{
    public static Problem At(
        ISymbol symbol, DiagnosticDescriptor rule, Location fallback, params string[] arguments)
    {
        var location = symbol.Locations.FirstOrDefault(l => l.IsInSource) ?? fallback;
        return new Problem(
            rule.Id,
            location.SourceTree?.FilePath ?? "",
            location.SourceSpan,
            location.GetLineSpan().Span,
            new EquatableArray<string>(arguments));
    }

    public Diagnostic ToDiagnostic() => Diagnostic.Create(
        Rules.ById(Id),
        Location.Create(File, Span, Lines),
        Arguments.Cast<object>().ToArray());
}

/// <summary>An array that equals another by its elements.</summary>
internal readonly struct EquatableArray<T> : IEquatable<EquatableArray<T>>, IEnumerable<T>
    where T : IEquatable<T>
{
    private readonly T[]? _items;

    public EquatableArray(IEnumerable<T> items) => _items = items.ToArray();

    private T[] Items => _items ?? [];

    public int Count => Items.Length;

    public bool Equals(EquatableArray<T> other) => Items.AsSpan().SequenceEqual(other.Items);

    public override bool Equals(object? obj) => obj is EquatableArray<T> other && Equals(other);

    public override int GetHashCode()
    {
        int hash = 17;
        foreach (var item in Items) hash = unchecked((hash * 31) + item.GetHashCode());
        return hash;
    }

    public IEnumerator<T> GetEnumerator() => ((IEnumerable<T>)Items).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
