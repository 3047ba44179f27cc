// Lists of what transforms map over: arrays, List<T> and ImmutableArray<T> of trees, tensors,
// tuples and other such lists. This file knows the kinds of lists; Structure maps over them.
using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>A type of list: what its elements may be, and how one is made.</summary>
/// <param name="Holds">
/// Whether elements are tensors, trees or made of these; null if only a list itself can tell.
/// </param>
/// <param name="Make">A list of that type of some elements.</param>
internal sealed record ListKind(bool? Holds, Func<object?[], IList> Make)
{
    // A compiled function meets the same few types at every call.
    private static readonly ConcurrentDictionary<Type, ListKind?> Kinds = new();

    /// <summary>The kind of a type; null if it is none of the three.</summary>
    public static ListKind? Of(Type type) => Kinds.GetOrAdd(type, static type =>
        ElementOf(type) is { } element
            ? new ListKind(MayHold(element), MakerOf(type, element))
            : null);

    private static Type? ElementOf(Type type) =>
        type.IsSZArray ? type.GetElementType()
        : Is(type, typeof(List<>)) || Is(type, typeof(ImmutableArray<>))
            ? type.GenericTypeArguments[0]
        : null;

    private static bool Is(Type type, Type open) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == open;

    private static bool? MayHold(Type type)
    {
        if (typeof(ITree).IsAssignableFrom(type)) return true;
        if (ElementOf(type) is { } element) return MayHold(element);
        if (!typeof(ITuple).IsAssignableFrom(type)) return type.IsSealed ? false : null;
        bool?[] parts = [.. type.GenericTypeArguments.Select(MayHold)];
        return parts.Contains(true) ? true : parts.Contains(null) ? null : false;
    }

    [UnconditionalSuppressMessage("Trimming", "IL2060",
        Justification = "The methods made generic ask nothing of their type argument.")]
    [UnconditionalSuppressMessage("AOT", "IL3050",
        Justification = "Elements that are references share code; others are refused.")]
    private static Func<object?[], IList> MakerOf(Type list, Type element)
    {
        if (list.IsArray)
            return items =>
            {
                var array = Array.CreateInstanceFromArrayType(list, items.Length);
                for (int i = 0; i < items.Length; i++) array.SetValue(items[i], i);
                return array;
            };
        if (element.IsValueType && !RuntimeFeature.IsDynamicCodeSupported)
            throw Errors.Fail("Transform", $"a {list.Name} of {element.Name} cannot be made in a "
                + "program that was compiled ahead of time. Use an array.");
        string method = Is(list, typeof(List<>)) ? nameof(ListOf) : nameof(ImmutableArrayOf);
        return typeof(ListKind).GetMethod(method, BindingFlags.NonPublic | BindingFlags.Static)!
            .MakeGenericMethod(element).CreateDelegate<Func<object?[], IList>>();
    }

    private static IList ListOf<E>(object?[] items) => items.Cast<E>().ToList();

    private static IList ImmutableArrayOf<E>(object?[] items) =>
        items.Cast<E>().ToImmutableArray();
}
