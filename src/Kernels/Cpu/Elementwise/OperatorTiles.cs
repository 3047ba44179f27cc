// Tile kernels made from operator structs: one sealed class for each shape of operator, one cached
// instance for each operator and element type.
using System.Collections.Immutable;
using System.Numerics;

namespace Engine.Kernels;

/// <summary>y = TOp(x) on float32 or float64 tiles.</summary>
public sealed unsafe class UnaryTile<TOp, T> : TileKernel
    where TOp : struct, IUnaryOp where T : unmanaged, INumber<T>
{
    private UnaryTile() { }

    /// <summary>The only instance.</summary>
    public static UnaryTile<TOp, T> Instance { get; } = new();

    /// <inheritdoc/>
    public override Type Operator => typeof(TOp);

    /// <inheritdoc/>
    public override ImmutableArray<RegisterType> Sources { get; } = [Registers.Of<T>()];

    /// <inheritdoc/>
    public override RegisterType Result => Registers.Of<T>();

    /// <inheritdoc/>
    public override void Run(void* a, void* b, void* c, void* result, nint n) =>
        TileLoop.Run<UnaryBody<TOp>, T>(a, b, c, result, n);
}

/// <summary>y = TOp(x) on tiles of any number type.</summary>
public sealed unsafe class NumberUnaryTile<TOp, T> : TileKernel
    where TOp : struct, INumberUnaryOp where T : unmanaged, INumber<T>
{
    private NumberUnaryTile() { }

    /// <summary>The only instance.</summary>
    public static NumberUnaryTile<TOp, T> Instance { get; } = new();

    /// <inheritdoc/>
    public override Type Operator => typeof(TOp);

    /// <inheritdoc/>
    public override ImmutableArray<RegisterType> Sources { get; } = [Registers.Of<T>()];

    /// <inheritdoc/>
    public override RegisterType Result => Registers.Of<T>();

    /// <inheritdoc/>
    public override void Run(void* a, void* b, void* c, void* result, nint n) =>
        TileLoop.Run<NumberUnaryBody<TOp>, T>(a, b, c, result, n);

    /// <inheritdoc/>
    public override AffineRole Affine =>
        DTypes.Of<T>().IsFloat() ? TOp.Affine : AffineRole.None;
}

/// <summary>z = TOp(x, y) on float32 or float64 tiles.</summary>
public sealed unsafe class BinaryTile<TOp, T> : TileKernel
    where TOp : struct, IBinaryOp where T : unmanaged, INumber<T>
{
    private BinaryTile() { }

    /// <summary>The only instance.</summary>
    public static BinaryTile<TOp, T> Instance { get; } = new();

    /// <inheritdoc/>
    public override Type Operator => typeof(TOp);

    /// <inheritdoc/>
    public override ImmutableArray<RegisterType> Sources { get; } =
        [Registers.Of<T>(), Registers.Of<T>()];

    /// <inheritdoc/>
    public override RegisterType Result => Registers.Of<T>();

    /// <inheritdoc/>
    public override void Run(void* a, void* b, void* c, void* result, nint n) =>
        TileLoop.Run<BinaryBody<TOp>, T>(a, b, c, result, n);
}

/// <summary>z = TOp(x, y) on tiles of any number type.</summary>
public sealed unsafe class NumberBinaryTile<TOp, T> : TileKernel
    where TOp : struct, INumberBinaryOp where T : unmanaged, INumber<T>
{
    private NumberBinaryTile() { }

    /// <summary>The only instance.</summary>
    public static NumberBinaryTile<TOp, T> Instance { get; } = new();

    /// <inheritdoc/>
    public override Type Operator => typeof(TOp);

    /// <inheritdoc/>
    public override ImmutableArray<RegisterType> Sources { get; } =
        [Registers.Of<T>(), Registers.Of<T>()];

    /// <inheritdoc/>
    public override RegisterType Result => Registers.Of<T>();

    /// <inheritdoc/>
    public override void Run(void* a, void* b, void* c, void* result, nint n) =>
        TileLoop.Run<NumberBinaryBody<TOp>, T>(a, b, c, result, n);

    /// <inheritdoc/>
    public override AffineRole Affine =>
        DTypes.Of<T>().IsFloat() ? TOp.Affine : AffineRole.None;

    internal override bool TakesUniform => true;

    internal override void RunUniform(int source, void* one, void* all, void* result, nint n)
    {
        if (source == 0) TileLoop.Run<FirstUniformBody<TOp>, T>(one, all, null, result, n);
        else TileLoop.Run<SecondUniformBody<TOp>, T>(all, one, null, result, n);
    }
}

/// <summary>The mask, of T's width, of TOp(x, y).</summary>
public sealed unsafe class CompareTile<TOp, T> : TileKernel
    where TOp : struct, ICompareOp where T : unmanaged, INumber<T>
{
    private CompareTile() { }

    /// <summary>The only instance.</summary>
    public static CompareTile<TOp, T> Instance { get; } = new();

    /// <inheritdoc/>
    public override Type Operator => typeof(TOp);

    /// <inheritdoc/>
    public override ImmutableArray<RegisterType> Sources { get; } =
        [Registers.Of<T>(), Registers.Of<T>()];

    /// <inheritdoc/>
    public override RegisterType Result => Registers.MaskFor(Registers.Of<T>());

    /// <inheritdoc/>
    public override void Run(void* a, void* b, void* c, void* result, nint n) =>
        TileLoop.Run<CompareBody<TOp>, T>(a, b, c, result, n);

    /// <inheritdoc/>
    public override AffineRole Affine =>
        DTypes.Of<T>().IsFloat() ? TOp.Affine : AffineRole.None;
}

/// <summary>A mask from two masks, or from one for a unary operator.</summary>
public sealed unsafe class MaskTile<TOp> : TileKernel where TOp : struct, IMaskOp
{
    private static readonly MaskTile<TOp> Narrow = new(RegisterType.Mask32);
    private static readonly MaskTile<TOp> Wide = new(RegisterType.Mask64);

    private MaskTile(RegisterType type)
    {
        Result = type;
        Sources = [type, type];
    }

    /// <inheritdoc/>
    public override Type Operator => typeof(TOp);

    /// <inheritdoc/>
    public override ImmutableArray<RegisterType> Sources { get; }

    /// <inheritdoc/>
    public override RegisterType Result { get; }

    /// <summary>The instance for a mask type.</summary>
    public static MaskTile<TOp> For(RegisterType type) => type switch
    {
        RegisterType.Mask32 => Narrow,
        RegisterType.Mask64 => Wide,
        _ => throw new ArgumentException($"MaskTile: {type} is not a mask type."),
    };

    /// <inheritdoc/>
    public override void Run(void* a, void* b, void* c, void* result, nint n)
    {
        if (b == null) b = a;
        if (Result == RegisterType.Mask32) TileLoop.Run<MaskBody<TOp>, int>(a, b, c, result, n);
        else TileLoop.Run<MaskBody<TOp>, long>(a, b, c, result, n);
    }
}

/// <summary>The second source where the first, a mask, is set; the third elsewhere.</summary>
public sealed unsafe class SelectTile : TileKernel
{
    private static readonly ImmutableArray<SelectTile> All =
        [.. Enum.GetValues<RegisterType>().Select(type => new SelectTile(type))];

    private SelectTile(RegisterType type)
    {
        Result = type;
        Sources = [Registers.MaskFor(type), type, type];
    }

    /// <inheritdoc/>
    public override Type Operator => typeof(SelectTile);

    /// <inheritdoc/>
    public override ImmutableArray<RegisterType> Sources { get; }

    /// <inheritdoc/>
    public override RegisterType Result { get; }

    /// <summary>The instance for a type of value.</summary>
    public static SelectTile For(RegisterType value) => All[(int)value];

    /// <inheritdoc/>
    public override void Run(void* a, void* b, void* c, void* result, nint n)
    {
        if (Registers.Width(Result) == 4) TileLoop.Run<SelectBody, int>(a, b, c, result, n);
        else TileLoop.Run<SelectBody, long>(a, b, c, result, n);
    }
}
