// Where tile kernels come from: for each shape of operator a switch over the element types. All
// generic instances are written out, so that no type is made at run time.
namespace Engine.Kernels;

/// <summary>The tile kernel of an operator at an element type; always the same instance.</summary>
public static class TileKernels
{
    /// <summary>y = TOp(x), float32 or float64.</summary>
    public static TileKernel Unary<TOp>(DType type) where TOp : struct, IUnaryOp => type switch
    {
        DType.Float32 => UnaryTile<TOp, float>.Instance,
        DType.Float64 => UnaryTile<TOp, double>.Instance,
        _ => throw None(typeof(TOp), type),
    };

    /// <summary>y = TOp(x), any number type.</summary>
    public static TileKernel NumberUnary<TOp>(DType type)
        where TOp : struct, INumberUnaryOp => type switch
        {
            DType.Float32 => NumberUnaryTile<TOp, float>.Instance,
            DType.Float64 => NumberUnaryTile<TOp, double>.Instance,
            DType.Int32 => NumberUnaryTile<TOp, int>.Instance,
            DType.Int64 => NumberUnaryTile<TOp, long>.Instance,
            _ => throw None(typeof(TOp), type),
        };

    /// <summary>z = TOp(x, y), float32 or float64.</summary>
    public static TileKernel Binary<TOp>(DType type) where TOp : struct, IBinaryOp => type switch
    {
        DType.Float32 => BinaryTile<TOp, float>.Instance,
        DType.Float64 => BinaryTile<TOp, double>.Instance,
        _ => throw None(typeof(TOp), type),
    };

    /// <summary>z = TOp(x, y), any number type.</summary>
    public static TileKernel NumberBinary<TOp>(DType type)
        where TOp : struct, INumberBinaryOp => type switch
        {
            DType.Float32 => NumberBinaryTile<TOp, float>.Instance,
            DType.Float64 => NumberBinaryTile<TOp, double>.Instance,
            DType.Int32 => NumberBinaryTile<TOp, int>.Instance,
            DType.Int64 => NumberBinaryTile<TOp, long>.Instance,
            _ => throw None(typeof(TOp), type),
        };

    /// <summary>The mask, as wide as the sources, of TOp(x, y), any number type.</summary>
    public static TileKernel Compare<TOp>(DType type) where TOp : struct, ICompareOp => type switch
    {
        DType.Float32 => CompareTile<TOp, float>.Instance,
        DType.Float64 => CompareTile<TOp, double>.Instance,
        DType.Int32 => CompareTile<TOp, int>.Instance,
        DType.Int64 => CompareTile<TOp, long>.Instance,
        _ => throw None(typeof(TOp), type),
    };

    /// <summary>A mask from one or two masks of a type.</summary>
    public static TileKernel Mask<TOp>(RegisterType type) where TOp : struct, IMaskOp =>
        MaskTile<TOp>.For(type);

    /// <summary>The second source where the first, a mask, is set; the third elsewhere.</summary>
    public static TileKernel Select(RegisterType value) => SelectTile.For(value);

    /// <summary>
    /// Conversion: float to integer truncates and saturates, NaN gives 0; int64 to int32 keeps the
    /// low bits; a number to a mask is != 0; a mask to a number is 1 or 0.
    /// </summary>
    public static TileKernel Cast(RegisterType from, RegisterType to) => CastTile.For(from, to);

    /// <summary>
    /// Random bits to uniform numbers in the open interval (0, 1): int32 bits to float32 when
    /// <paramref name="type"/> is float32, int64 bits to float64 when it is float64.
    /// </summary>
    public static TileKernel UnitFromBits(DType type) => UnitFromBitsTile.For(type);

    private static ArgumentException None(Type op, DType type) =>
        new($"TileKernels: {op.Name} has no {type.Name()} kernel.");
}
