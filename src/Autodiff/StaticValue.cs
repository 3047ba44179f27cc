// Plain C# values among a compiled function's arguments: which there may be, which are the same.
using System.Collections;
using System.Globalization;

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
    /// An error for a collection that may change: it would still be the one that was traced.
    /// Collections that equal by content are believed to be values.
    /// </summary>
    public static void Check<T>(T value)
    {
        if (value is not IEnumerable items || value is string) return;
        Type type = value.GetType();
        if (!IsImmutable(type) && value is not IEquatable<T>)
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
        IEnumerable items => List(items),
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
                IStructuralEquatable x => x.Equals(b, this),
                _ => a.Equals(b),
            };
        }

        // Equality alone is asked for; parts that are equal here may have other hashes elsewhere.
        public int GetHashCode(object value) => 0;
    }
}
