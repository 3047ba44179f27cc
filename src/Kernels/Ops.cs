// The shapes an operator body can have. A body is written once, over a lane type, and runs at every
// vector width, in float32 and float64.
namespace Engine.Kernels;

/// <summary>
/// How an operator takes part when adds and multiplies fuse into one affine pass over memory. A
/// role is a promise: the operator's body computes exactly this.
/// </summary>
public enum AffineRole : byte
{
    /// <summary>It does not take part.</summary>
    None,

    /// <summary>x + y.</summary>
    Sum,

    /// <summary>x - y.</summary>
    Difference,

    /// <summary>x y.</summary>
    Product,

    /// <summary>-x.</summary>
    Negation,

    /// <summary>max(x, 0): may end a pass.</summary>
    Rectifier,

    /// <summary>
    /// The mask x &lt; y: with 0 for x, a selection by it (the rectifier's derivative) may end a
    /// pass.
    /// </summary>
    Less,
}

/// <summary>y = f(x) on float lanes.</summary>
public interface IUnaryOp
{
    /// <summary>The body.</summary>
    static abstract V Invoke<V>(V x) where V : struct, IFloatLanes<V>;
}

/// <summary>y = f(x) on lanes of any number type (negation, absolute value, sign).</summary>
public interface INumberUnaryOp
{
    /// <summary>Its role when adds and multiplies fuse into one affine pass.</summary>
    static virtual AffineRole Affine => AffineRole.None;

    /// <summary>The body.</summary>
    static abstract V Invoke<V>(V x) where V : struct, ILanes<V>;
}

/// <summary>z = f(x, y) on float lanes.</summary>
public interface IBinaryOp
{
    /// <summary>The body.</summary>
    static abstract V Invoke<V>(V x, V y) where V : struct, IFloatLanes<V>;
}

/// <summary>z = f(x, y) on lanes of any number type (sum, product, maximum).</summary>
public interface INumberBinaryOp
{
    /// <summary>Its role when adds and multiplies fuse into one affine pass.</summary>
    static virtual AffineRole Affine => AffineRole.None;

    /// <summary>The body.</summary>
    static abstract V Invoke<V>(V x, V y) where V : struct, ILanes<V>;
}

/// <summary>A mask, all bits of a lane set where the comparison holds.</summary>
public interface ICompareOp
{
    /// <summary>Its role when adds and multiplies fuse into one affine pass.</summary>
    static virtual AffineRole Affine => AffineRole.None;

    /// <summary>The body.</summary>
    static abstract V Invoke<V>(V x, V y) where V : struct, ILanes<V>;
}

/// <summary>A mask from masks.</summary>
public interface IMaskOp
{
    /// <summary>The body; unary operators ignore <paramref name="y"/>.</summary>
    static abstract V Invoke<V>(V x, V y) where V : struct, ILanes<V>;
}
