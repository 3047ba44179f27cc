// The shapes an operator body can have. A body is written once, over a lane type, and runs at every
// vector width, in float32 and float64, and on a GPU thread.
namespace Engine.Kernels;

/// <summary>y = f(x) on float lanes.</summary>
public interface IUnaryOp
{
    /// <summary>The body.</summary>
    static abstract V Invoke<V>(V x) where V : struct, IFloatLanes<V>;
}

/// <summary>y = f(x) on lanes of any number type (negation, absolute value, sign).</summary>
public interface INumberUnaryOp
{
    /// <summary>What it is to sums and products that are computed at once.</summary>
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
    /// <summary>What it is to sums and products that are computed at once.</summary>
    static virtual AffineRole Affine => AffineRole.None;

    /// <summary>The body.</summary>
    static abstract V Invoke<V>(V x, V y) where V : struct, ILanes<V>;
}

/// <summary>A mask, all bits of a lane set where the comparison holds.</summary>
public interface ICompareOp
{
    /// <summary>Whether it is x &lt; y, which forms of sums and products may end with.</summary>
    static virtual bool IsLess => false;

    /// <summary>The body.</summary>
    static abstract V Invoke<V>(V x, V y) where V : struct, ILanes<V>;
}

/// <summary>A mask from masks.</summary>
public interface IMaskOp
{
    /// <summary>The body; unary operators ignore <paramref name="y"/>.</summary>
    static abstract V Invoke<V>(V x, V y) where V : struct, ILanes<V>;
}
