// Lanes: the numbers in a vector register, computed with as if they were one number. Operators and
// kernels are written once over lanes V; the JIT compiles them to vector code for each width and
// element type.
namespace Engine.Kernels;

/// <summary>
/// Lanes of any number type. Comparisons give masks: all bits of a lane set, or none.
/// </summary>
public unsafe interface ILanes<V> where V : struct, ILanes<V>
{
    /// <summary>Elements in one value.</summary>
    static abstract int Count { get; }

    /// <summary>The constant in every lane, converted to the element type.</summary>
    static abstract V Const(double c);

    /// <summary>Elements i .. i + Count - 1 of the array at p.</summary>
    static abstract V Load(void* p, nint i = 0);

    /// <summary>Writes elements i .. i + Count - 1 of the array at p.</summary>
    static abstract void Store(V v, void* p, nint i = 0);

    /// <summary>Element i of the array at p in every lane.</summary>
    static abstract V Broadcast(void* p, nint i = 0);

    /// <summary>Lane-wise sum.</summary>
    static abstract V operator +(V a, V b);

    /// <summary>Lane-wise difference.</summary>
    static abstract V operator -(V a, V b);

    /// <summary>Lane-wise product.</summary>
    static abstract V operator *(V a, V b);

    /// <summary>Lane-wise negation.</summary>
    static abstract V operator -(V a);

    /// <summary>Bitwise and, or, exclusive or, complement: for masks.</summary>
    static abstract V operator &(V a, V b);

    /// <inheritdoc cref="op_BitwiseAnd"/>
    static abstract V operator |(V a, V b);

    /// <inheritdoc cref="op_BitwiseAnd"/>
    static abstract V operator ^(V a, V b);

    /// <inheritdoc cref="op_BitwiseAnd"/>
    static abstract V operator ~(V a);

    /// <summary>Absolute value.</summary>
    static abstract V Abs(V a);

    /// <summary>Smaller of two, NaN if either is NaN.</summary>
    static abstract V Min(V a, V b);

    /// <summary>Larger of two, NaN if either is NaN.</summary>
    static abstract V Max(V a, V b);

    /// <summary>Mask of a == b.</summary>
    static abstract V Equal(V a, V b);

    /// <summary>Mask of a &lt; b.</summary>
    static abstract V Less(V a, V b);

    /// <summary>Mask of a &lt;= b.</summary>
    static abstract V LessOrEqual(V a, V b);

    /// <summary>Lanes of a where the mask is set, of b elsewhere.</summary>
    static abstract V Select(V mask, V a, V b);

    /// <summary>Whether the mask is set in any lane.</summary>
    static abstract bool Any(V mask);

    /// <summary>Sum of all lanes.</summary>
    static abstract double Sum(V a);
}

/// <summary>Lanes of float32 or float64.</summary>
public interface IFloatLanes<V> : ILanes<V> where V : struct, IFloatLanes<V>
{
    /// <summary>
    /// Whether the lanes are float64 (a constant for the JIT: the other branch vanishes).
    /// </summary>
    static abstract bool IsDouble { get; }

    /// <summary>Whether <see cref="Fma"/> rounds once (a constant for the JIT).</summary>
    static abstract bool HasFma { get; }

    /// <summary>Lane-wise quotient.</summary>
    static abstract V operator /(V a, V b);

    /// <summary>
    /// a * b + c in one rounding where the hardware has it; a * b + c in two elsewhere, where
    /// results may therefore differ in the last bit.
    /// </summary>
    static abstract V Fma(V a, V b, V c);

    /// <summary>Square root, correctly rounded.</summary>
    static abstract V Sqrt(V a);

    /// <summary>Nearest integer, ties to even.</summary>
    static abstract V Round(V a);

    /// <summary>Largest integer not above a.</summary>
    static abstract V Floor(V a);

    /// <summary>Smaller of two; either operand may come back when one is NaN (faster).</summary>
    static abstract V MinNative(V a, V b);

    /// <summary>Larger of two; either operand may come back when one is NaN (faster).</summary>
    static abstract V MaxNative(V a, V b);

    /// <summary>a * 2^n for integral n in the normal exponent range.</summary>
    static abstract V Scale2(V a, V n);

    /// <summary>The exponent e of a = m * 2^e with m in [1, 2), for normal positive a.</summary>
    static abstract V Exponent(V a);

    /// <summary>The mantissa m of a = m * 2^e with m in [1, 2), for normal positive a.</summary>
    static abstract V Mantissa(V a);

    /// <summary>
    /// Positive angles reduced to a quarter turn, lane by lane, as <see cref="LargeAngle"/> does:
    /// for rare, huge ones. Lanes not above 1 give anything.
    /// </summary>
    static abstract ReducedAngle<V> ReduceLarge(V a);
}
