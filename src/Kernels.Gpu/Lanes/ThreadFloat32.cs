// One float32 of one GPU thread, and, as the project file writes this file again, one float64. The
// operators of the CPU are written over lanes; here a lane is the whole vector. A mask is the
// number whose bits are all set.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>A float of one thread.</summary>
public readonly unsafe struct ThreadFloat32(float value) : IFloatLanes<ThreadFloat32>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The number.</summary>
    public readonly float Value = value;

    /// <inheritdoc/>
    public static int Count
    {
        [MethodImpl(Inline)]
        get => 1;
    }

    /// <inheritdoc/>
    public static bool IsDouble
    {
        [MethodImpl(Inline)]
        get => sizeof(float) == 8;
    }

    /// <inheritdoc/>
    public static bool HasFma
    {
        [MethodImpl(Inline)]
        get => true;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Const(double c) => new((float)c);

    /// <inheritdoc/>
    public static ThreadFloat32 Load(void* p, nint i) => throw Thread.NoPointers();

    /// <inheritdoc/>
    public static void Store(ThreadFloat32 v, void* p, nint i) => throw Thread.NoPointers();

    /// <inheritdoc/>
    public static ThreadFloat32 Broadcast(void* p, nint i) => throw Thread.NoPointers();

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 operator +(ThreadFloat32 a, ThreadFloat32 b) =>
        new(Ieee.Add(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 operator -(ThreadFloat32 a, ThreadFloat32 b) =>
        new(Ieee.Sub(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 operator *(ThreadFloat32 a, ThreadFloat32 b) =>
        new(Ieee.Mul(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 operator /(ThreadFloat32 a, ThreadFloat32 b) =>
        new(Ieee.Div(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 operator -(ThreadFloat32 a) => Of(Bits(a) ^ Float32Bits.Sign);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 operator &(ThreadFloat32 a, ThreadFloat32 b) =>
        Of(Bits(a) & Bits(b));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 operator |(ThreadFloat32 a, ThreadFloat32 b) =>
        Of(Bits(a) | Bits(b));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 operator ^(ThreadFloat32 a, ThreadFloat32 b) =>
        Of(Bits(a) ^ Bits(b));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 operator ~(ThreadFloat32 a) => Of(~Bits(a));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Abs(ThreadFloat32 a) => Of(Bits(a) & ~Float32Bits.Sign);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Min(ThreadFloat32 a, ThreadFloat32 b) =>
        new(Ieee.Min(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Max(ThreadFloat32 a, ThreadFloat32 b) =>
        new(Ieee.Max(a.Value, b.Value));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 MinNative(ThreadFloat32 a, ThreadFloat32 b) =>
        Ieee.Less(a.Value, b.Value) != 0 ? a : b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 MaxNative(ThreadFloat32 a, ThreadFloat32 b) =>
        Ieee.Less(b.Value, a.Value) != 0 ? a : b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Equal(ThreadFloat32 a, ThreadFloat32 b) =>
        Mask(Ieee.Equal(a.Value, b.Value) != 0);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Less(ThreadFloat32 a, ThreadFloat32 b) =>
        Mask(Ieee.Less(a.Value, b.Value) != 0);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 LessOrEqual(ThreadFloat32 a, ThreadFloat32 b) =>
        Mask(Ieee.LessOrEqual(a.Value, b.Value) != 0);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Select(ThreadFloat32 mask, ThreadFloat32 a, ThreadFloat32 b) =>
        Bits(mask) != 0 ? a : b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool Any(ThreadFloat32 mask) => Bits(mask) != 0;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Sum(ThreadFloat32 a) => a.Value;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Fma(ThreadFloat32 a, ThreadFloat32 b, ThreadFloat32 c) =>
        new(Ieee.Fma(a.Value, b.Value, c.Value));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Sqrt(ThreadFloat32 a) => new(Ieee.Sqrt(a.Value));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Round(ThreadFloat32 a) => new(Ieee.Round(a.Value));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Floor(ThreadFloat32 a) => new(Ieee.Floor(a.Value));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Scale2(ThreadFloat32 a, ThreadFloat32 n) =>
        a * Of((uint)(Ieee.ToInt32(n.Value) + Float32Bits.Bias) << Float32Bits.MantissaWidth);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Exponent(ThreadFloat32 a) =>
        new((int)(Bits(a) >> Float32Bits.MantissaWidth) - Float32Bits.Bias);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Mantissa(ThreadFloat32 a) =>
        Of((Bits(a) & Float32Bits.Mantissa) | Float32Bits.One);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ReducedAngle<ThreadFloat32> ReduceLarge(ThreadFloat32 a)
    {
        LargeAngle angle = LargeAngle.OfFloat32(Bits(a));
        return new(new(angle.Quarters), Of((uint)angle.Rest));
    }

    /// <summary>The bits of the number.</summary>
    [MethodImpl(Inline)]
    public static uint Bits(ThreadFloat32 a) => Interop.FloatAsInt(a.Value);

    /// <summary>The number of these bits.</summary>
    [MethodImpl(Inline)]
    public static ThreadFloat32 Of(uint bits) => new(Interop.IntAsFloat(bits));

    [MethodImpl(Inline)]
    private static ThreadFloat32 Mask(bool set) => Of(set ? uint.MaxValue : 0);
}
