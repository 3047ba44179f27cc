// What transforms take and return: tensors, trees, tuples and lists of them (nested too), and plain
// values, which are static. This file maps over all of these.
using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>Maps over the tensors of anything a transform may take or return.</summary>
internal static class Structure
{
    private const int CachedElements = 64;

    // Every compiled call walks its arguments: their names are not written anew.
    private static readonly string[] TupleNames =
        ["Item1", "Item2", "Item3", "Item4", "Item5", "Item6", "Item7"];

    // For a list of a name the paths of its length and first elements. There are few names, since
    // only tuples and lists give lists any.
    private static readonly ConcurrentDictionary<string, string[]> ListNames = new();

    private static readonly object DefaultArray = default(ImmutableArray<int>);

    /// <summary>The same structure with its leaves replaced by the map.</summary>
    [return: NotNullIfNotNull(nameof(value))]
    public static T Map<T>(T value, TreeMap map) => (T)MapObject("", value, map)!;

    /// <summary>The tensors of a structure, in order.</summary>
    public static List<Tensor> Leaves<T>(T value)
    {
        var collect = new CollectLeaves();
        MapObject("", value, collect);
        return collect.Leaves;
    }

    /// <summary>
    /// The path of each tensor, in order: of a tree as in <see cref="Tree.Paths"/>, of a part of a
    /// tuple Item1, ..., of an array 0, ...
    /// </summary>
    public static List<string> Paths<T>(T value)
    {
        var collect = new CollectPaths();
        MapObject("", value, collect);
        return collect.Paths;
    }

    /// <summary>The same structure with other tensors, in order.</summary>
    public static T WithLeaves<T>(T value, IReadOnlyList<Tensor> leaves) =>
        Map(value, new ReplaceLeaves(leaves));

    /// <summary>
    /// Whether a collection is an ImmutableArray that was never set, which cannot be enumerated.
    /// </summary>
    // ImmutableArray<T>.Equals compares the arrays within, whatever their T. Here both have none.
    public static bool IsDefault(IEnumerable items) => DefaultArray.Equals(items);

    private static object? MapObject(string name, object? value, TreeMap map)
    {
        switch (value)
        {
            case null:
                map.Static(name, value);
                return null;
            case ITree tree:
                return map.Child(name, tree);
            case Tensor[] array:
                return MapArray(name, array, map);
            case ITuple tuple:
                return MapTuple(name, tuple, map);
            case IList list when !IsDefault(list) && ListKind.Of(list.GetType()) is { } kind
                && (kind.Holds ?? HoldsTensors(list)):
                return MapList(name, list, kind, map);
            case IEnumerable items and not string:
                // If it passed for a static value, its tensors would silently get no gradient.
                if (ListKind.Of(items.GetType()) is null && HoldsTensors(items))
                    throw Errors.Fail("Transform", $"{value.GetType().Name} holds tensors or "
                        + "trees but is not a tree. Pass an array, a List, an ImmutableArray or a "
                        + "tuple of them, or a record that implements ITree.");
                map.Static(name, value);
                return value;
            default:
                map.Static(name, value);
                return value;
        }
    }

    private static bool HoldsTensors(IEnumerable items)
    {
        // These hold no tensors, and enumerating them here would box every number at every call.
        if (items is IEnumerable<int> or IEnumerable<long> or IEnumerable<float>
            or IEnumerable<double> or IEnumerable<string> || IsDefault(items)) return false;
        foreach (object? item in items is IDictionary pairs ? pairs.Values : items)
            if (item is ITree or ITuple
                || (item is IEnumerable inner and not string && HoldsTensors(inner)))
                return true;
        return false;
    }

    private static Tensor[] MapArray(string name, Tensor[] array, TreeMap map)
    {
        string[] names = NamesIn(name);
        map.Static(names[0], array.Length);
        var mapped = new Tensor[array.Length];
        for (int i = 0; i < mapped.Length; i++)
        {
            string element = Element(name, names, i);
            if (array[i] is null) throw Missing(element, array);
            mapped[i] = map.Leaf(element, array[i]);
        }
        return mapped;
    }

    /// <summary>
    /// A list of its own, even of the same elements: arrays and lists may be changed later.
    /// </summary>
    private static IList MapList(string name, IList list, ListKind kind, TreeMap map)
    {
        string[] names = NamesIn(name);
        map.Static(names[0], list.Count);
        var mapped = new object?[list.Count];
        for (int i = 0; i < mapped.Length; i++)
        {
            string element = Element(name, names, i);
            mapped[i] = MapObject(element, list[i] ?? throw Missing(element, list), map);
        }
        return kind.Make(mapped);
    }

    private static string[] NamesIn(string name) => ListNames.GetOrAdd(name, static name =>
    [
        CollectPaths.Join(name, "Length"),
        .. Enumerable.Range(0, CachedElements).Select(i => CollectPaths.Join(name, $"{i}")),
    ]);

    private static string Element(string name, string[] names, int i) =>
        i < CachedElements ? names[1 + i] : CollectPaths.Join(name, $"{i}");

    private static EngineException Missing(string element, IList list) => Errors.Fail("Transform",
        $"'{element}' of a {list.GetType().Name} is null. Leave it out, or pass a record with a "
        + "Tensor? that implements ITree.");

    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<,,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<,,,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<,,,,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<,,,,,,>))]
    [UnconditionalSuppressMessage("Trimming", "IL2075",
        Justification = "The fields of value tuples are kept by the DynamicDependency above.")]
    private static object MapTuple(string name, ITuple tuple, TreeMap map)
    {
        if (tuple is not ValueType || tuple.Length > 7)
            throw Errors.Fail("Transform", $"{tuple.GetType().Name} of {tuple.Length} parts is "
                + "not a value tuple of at most 7. Use one, or a record that implements ITree.");
        // A boxed copy is changed in place: value tuples have public fields.
        object? box = null;
        for (int i = 0; i < tuple.Length; i++)
        {
            string field = TupleNames[i];
            object? part = tuple[i];
            object? mapped = MapObject(CollectPaths.Join(name, field), part, map);
            bool same = ReferenceEquals(part, mapped) || (part is ValueType && part.Equals(mapped));
            if (same) continue;
            box ??= RuntimeHelpers.GetObjectValue(tuple);
            box.GetType().GetField(field)!.SetValue(box, mapped);
        }
        return box ?? tuple;
    }
}
