// What transforms take and return: tensors, trees, tuples of them (nested too), and plain values,
// which are static. This file maps over all of these.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Engine;

/// <summary>Maps over the tensors of anything a transform may take or return.</summary>
internal static class Structure
{
    /// <summary>The same structure with its leaves replaced by the map.</summary>
    [return: NotNullIfNotNull(nameof(value))]
    public static T Map<T>(T value, TreeMap map) => (T)MapObject(value, map)!;

    /// <summary>The tensors of a structure, in order.</summary>
    public static List<Tensor> Leaves<T>(T value)
    {
        var collect = new CollectLeaves();
        MapObject(value, collect);
        return collect.Leaves;
    }

    /// <summary>The same structure with other tensors, in order.</summary>
    public static T WithLeaves<T>(T value, IReadOnlyList<Tensor> leaves) =>
        Map(value, new ReplaceLeaves(leaves));

    private static object? MapObject(object? value, TreeMap map)
    {
        switch (value)
        {
            case null:
                return null;
            case ITree tree:
                return map.Child("", tree);
            case Tensor[] array:
                return Array.ConvertAll(array, x => map.Leaf("", x));
            case ITuple tuple:
                return MapTuple(tuple, map);
            default:
                map.Static("", value);
                return value;
        }
    }

    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<,,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<,,,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<,,,,,>))]
    [DynamicDependency(DynamicallyAccessedMemberTypes.PublicFields, typeof(ValueTuple<,,,,,,>))]
    [UnconditionalSuppressMessage("Trimming", "IL2075",
        Justification = "The fields of value tuples are kept by the DynamicDependency above.")]
    private static object MapTuple(ITuple tuple, TreeMap map)
    {
        if (tuple is not ValueType || tuple.Length > 7)
            throw Errors.Fail("Transform", $"{tuple.GetType().Name} of {tuple.Length} parts is no "
                + "value tuple of at most 7. Use one, or a record that implements ITree.");
        // A boxed copy is changed in place: value tuples have public fields.
        object? box = null;
        for (int i = 0; i < tuple.Length; i++)
        {
            object? part = tuple[i], mapped = MapObject(part, map);
            if (ReferenceEquals(part, mapped) || (part is ValueType && part.Equals(mapped))) continue;
            box ??= RuntimeHelpers.GetObjectValue(tuple);
            box.GetType().GetField("Item" + (i + 1))!.SetValue(box, mapped);
        }
        return box ?? tuple;
    }
}
