// Rounding to integral floats: piecewise constant, so no derivative flows.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace Engine;

/// <summary>Largest integer not above x.</summary>
public readonly struct FloorOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => V.Floor(x);
}

/// <summary>Smallest integer not below x.</summary>
public readonly struct CeilingOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => -V.Floor(-x);
}

/// <summary>Nearest integer, ties to even.</summary>
public readonly struct RoundOp : IUnaryOp
{
    /// <inheritdoc/>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V x) where V : struct, IFloatLanes<V> => V.Round(x);
}

/// <summary>A piecewise constant function of floats; the body is <typeparamref name="TOp"/>.
/// </summary>
public abstract record StepFunction<TOp> : Elementwise where TOp : struct, IUnaryOp
{
    internal sealed override (Shape, DType) Infer(ReadOnlySpan<Tensor> x) =>
        (x[0].Shape, x[0].DType);

    internal sealed override TileKernel Kernel(DType input, DType result) =>
        TileKernels.Unary<TOp>(input);

    /// <inheritdoc/>
    protected internal sealed override Tensor? Chain(int i, Tensor[] x, Tensor y, Tensor t) => null;
}

internal sealed record Floor : StepFunction<FloorOp>;

internal sealed record Ceiling : StepFunction<CeilingOp>;

internal sealed record Round : StepFunction<RoundOp>;

public sealed partial class Tensor
{
    /// <summary>Largest integer not above each element, as a float.</summary>
    public Tensor Floor() => Apply(new Floor(), this);

    /// <summary>Smallest integer not below each element, as a float.</summary>
    public Tensor Ceiling() => Apply(new Ceiling(), this);

    /// <summary>Nearest integer to each element, ties to even, as a float.</summary>
    public Tensor Round() => Apply(new Round(), this);
}
