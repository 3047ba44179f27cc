// Operators for tests of programs: this assembly's own, as the engine's lie above the kernels.
using System.Runtime.CompilerServices;
using Engine.Kernels;

namespace KernelTests;

internal readonly struct Plus : INumberBinaryOp
{
    public static AffineRole Affine => AffineRole.Sum;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V a, V b) where V : struct, ILanes<V> => a + b;
}

internal readonly struct Minus : INumberBinaryOp
{
    public static AffineRole Affine => AffineRole.Difference;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V a, V b) where V : struct, ILanes<V> => a - b;
}

internal readonly struct Times : INumberBinaryOp
{
    public static AffineRole Affine => AffineRole.Product;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V a, V b) where V : struct, ILanes<V> => a * b;
}

internal readonly struct Opposite : INumberUnaryOp
{
    public static AffineRole Affine => AffineRole.Negation;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V a) where V : struct, ILanes<V> => -a;
}

internal readonly struct Larger : INumberBinaryOp
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V a, V b) where V : struct, ILanes<V> => V.Max(a, b);
}

internal readonly struct Below : ICompareOp
{
    public static AffineRole Affine => AffineRole.Less;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V a, V b) where V : struct, ILanes<V> => V.Less(a, b);
}

internal readonly struct Rectified : INumberUnaryOp
{
    public static AffineRole Affine => AffineRole.Rectifier;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static V Invoke<V>(V a) where V : struct, ILanes<V> => V.Max(a, V.Const(0));
}
