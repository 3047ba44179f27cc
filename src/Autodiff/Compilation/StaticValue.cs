// Plain C# values among a compiled function's arguments: which are allowed, and when two are equal.
using System.Collections;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Engine;

/// <summary>Rules for the values that are part of a signature.</summary>
internal static class StaticValue
{
    private const int MaxItems = 8;

    private static readonly Comparer Content = new();

    /// <summary>
    /// Whether no computation can tell the values apart: numbers are compared by their bits, as 0
    /// is not -0 and NaN is itself, immutable arrays and tuples by their content, all others by
    /// their own equality.
    /// </summary>
    public static bool Same(object? a, object? b) => Content.Equals(a, b);

    /// <summary>
    /// An error for a collection that may change: changed, it would still pass for the traced one.
    /// A collection that is IEquatable of its own type is taken for a value.
    /// </summary>
    public static void Check(object? value)
    {
        if (value is not IEnumerable items || value is string || Structure.IsDefault(items)) return;
        Type type = value.GetType();
        if (!IsImmutable(type) && !IsEquatable(type))
            throw Errors.Fail("Compile", $"an argument is a {Name(type)}, whose content may "
                + "change unseen. Pass a Tensor or an ImmutableArray.");
        foreach (object? item in value is IDictionary map ? map.Values : items) Check(item);
    }

    /// <summary>The value, shortened if it is a long list.</summary>
    public static string Text(object? value) => value switch
    {
        null => "null",
        string text => text,
        IFormattable number => number.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable items => Structure.IsDefault(items) ? "default" : List(items),
        Delegate => Name(value.GetType()),
        _ => value.ToString() ?? "",
    };

    /// <summary>A type as it is written: List&lt;Double&gt;.</summary>
    public static string Name(Type type)
    {
        if (type.IsArray) return Name(type.GetElementType()!) + "[]";
        int tick = type.Name.IndexOf('`', StringComparison.Ordinal);
        return tick < 0 ? type.Name
            : $"{type.Name[..tick]}<{string.Join(", ", type.GenericTypeArguments.Select(Name))}>";
    }

    // Builders are nested in the collections that they build.
    private static bool IsImmutable(Type type) => !type.IsNested
        && type.Namespace is "System.Collections.Immutable" or "System.Collections.Frozen";

    // Array segments compare the arrays, not what is in them.
    [UnconditionalSuppressMessage("Trimming", "IL2070",
        Justification = "Without the interface a collection is refused: no wrong result.")]
    private static bool IsEquatable(Type type) =>
        !(type.IsGenericType && type.GetGenericTypeDefinition() == typeof(ArraySegment<>))
        && type.GetInterfaces().Any(face => face.IsGenericType
            && face.GetGenericTypeDefinition() == typeof(IEquatable<>)
            && face.GenericTypeArguments[0].IsAssignableFrom(type));

    private static string List(IEnumerable items)
    {
        string[] texts = [.. items.Cast<object?>().Take(MaxItems + 1).Select(Text)];
        if (texts.Length > MaxItems) texts[MaxItems] = "...";
        return $"[{string.Join(", ", texts)}]";
    }

    private sealed class Comparer : IEqualityComparer
    {
        public new bool Equals(object? a, object? b)
        {
            if (ReferenceEquals(a, b)) return true;
            if (a is null || b is null || a.GetType() != b.GetType()) return false;
            return a switch
            {
                double x => BitConverter.DoubleToInt64Bits(x)
                    == BitConverter.DoubleToInt64Bits((double)b),
                float x => BitConverter.SingleToInt32Bits(x)
                    == BitConverter.SingleToInt32Bits((float)b),
                Half x => BitConverter.HalfToInt16Bits(x) == BitConverter.HalfToInt16Bits((Half)b),
                // These need not box each item.
                ImmutableArray<int> x => SameBits(x, (ImmutableArray<int>)b),
                ImmutableArray<long> x => SameBits(x, (ImmutableArray<long>)b),
                ImmutableArray<float> x => SameBits(x, (ImmutableArray<float>)b),
                ImmutableArray<double> x => SameBits(x, (ImmutableArray<double>)b),
                IStructuralEquatable x => x.Equals(b, this),
                _ => a.Equals(b),
            };
        }

        private static bool SameBits<T>(ImmutableArray<T> a, ImmutableArray<T> b)
            where T : unmanaged => a.IsDefault == b.IsDefault
            && MemoryMarshal.AsBytes(a.AsSpan()).SequenceEqual(MemoryMarshal.AsBytes(b.AsSpan()));

        // Only Equals is used, and values that it finds equal may have different hashes.
        public int GetHashCode(object value) => 0;
    }
}
