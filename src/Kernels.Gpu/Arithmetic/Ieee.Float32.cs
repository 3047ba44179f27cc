// IEEE arithmetic on float32, and, as the project file writes this file again, on float64. Each
// method is plain .NET; its twin for PTX, called Ptx..., is the literal instruction. Ieee.cs says
// why there are two.
using System.Runtime.CompilerServices;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Gpu;

public static partial class Ieee
{
    /// <summary>a + b.</summary>
    [MethodImpl(Inline)]
    public static float Add(float a, float b) => a + b;

    /// <summary>a - b.</summary>
    [MethodImpl(Inline)]
    public static float Sub(float a, float b) => a - b;

    /// <summary>a b.</summary>
    [MethodImpl(Inline)]
    public static float Mul(float a, float b) => a * b;

    /// <summary>a / b, correctly rounded.</summary>
    [MethodImpl(Inline)]
    public static float Div(float a, float b) => a / b;

    /// <summary>a b + c in one rounding.</summary>
    [MethodImpl(Inline)]
    public static float Fma(float a, float b, float c) => MathF.FusedMultiplyAdd(a, b, c);

    /// <summary>Square root, correctly rounded.</summary>
    [MethodImpl(Inline)]
    public static float Sqrt(float a) => MathF.Sqrt(a);

    /// <summary>Nearest integer, ties to even.</summary>
    [MethodImpl(Inline)]
    public static float Round(float a) => MathF.Round(a);

    /// <summary>Largest integer not above a.</summary>
    [MethodImpl(Inline)]
    public static float Floor(float a) => MathF.Floor(a);

    /// <summary>Smaller of two, NaN if either is NaN, -0 below +0.</summary>
    [MethodImpl(Inline)]
    public static float Min(float a, float b) => MathF.Min(a, b);

    /// <summary>Larger of two, NaN if either is NaN, -0 below +0.</summary>
    [MethodImpl(Inline)]
    public static float Max(float a, float b) => MathF.Max(a, b);

    /// <summary>All bits set where a == b.</summary>
    [MethodImpl(Inline)]
    public static uint Equal(float a, float b) => a == b ? uint.MaxValue : 0;

    /// <summary>All bits set where a &lt; b.</summary>
    [MethodImpl(Inline)]
    public static uint Less(float a, float b) => a < b ? uint.MaxValue : 0;

    /// <summary>All bits set where a &lt;= b.</summary>
    [MethodImpl(Inline)]
    public static uint LessOrEqual(float a, float b) => a <= b ? uint.MaxValue : 0;

    /// <summary>Truncated and saturated; NaN gives 0.</summary>
    [MethodImpl(Inline)]
    public static int ToInt32(float a) => (int)a;

    /// <summary>Truncated and saturated; NaN gives 0.</summary>
    [MethodImpl(Inline)]
    public static long ToInt64(float a) => (long)a;

    [MethodImpl(Inline)]
    private static float PtxAdd(float a, float b)
    {
        CudaAsm.Emit("add.rn.f32 %0, %1, %2;", out float r, a, b);
        return r;
    }

    [MethodImpl(Inline)]
    private static float PtxSub(float a, float b)
    {
        CudaAsm.Emit("sub.rn.f32 %0, %1, %2;", out float r, a, b);
        return r;
    }

    [MethodImpl(Inline)]
    private static float PtxMul(float a, float b)
    {
        CudaAsm.Emit("mul.rn.f32 %0, %1, %2;", out float r, a, b);
        return r;
    }

    [MethodImpl(Inline)]
    private static float PtxDiv(float a, float b)
    {
        CudaAsm.Emit("div.rn.f32 %0, %1, %2;", out float r, a, b);
        return r;
    }

    [MethodImpl(Inline)]
    private static float PtxFma(float a, float b, float c)
    {
        CudaAsm.Emit("fma.rn.f32 %0, %1, %2, %3;", out float r, a, b, c);
        return r;
    }

    [MethodImpl(Inline)]
    private static float PtxSqrt(float a)
    {
        CudaAsm.Emit("sqrt.rn.f32 %0, %1;", out float r, a);
        return r;
    }

    [MethodImpl(Inline)]
    private static float PtxRound(float a)
    {
        CudaAsm.Emit("cvt.rni.f32.f32 %0, %1;", out float r, a);
        return r;
    }

    [MethodImpl(Inline)]
    private static float PtxFloor(float a)
    {
        CudaAsm.Emit("cvt.rmi.f32.f32 %0, %1;", out float r, a);
        return r;
    }

    [MethodImpl(Inline)]
    private static uint PtxEqual(float a, float b)
    {
        CudaAsm.Emit("set.eq.u32.f32 %0, %1, %2;", out uint r, a, b);
        return r;
    }

    [MethodImpl(Inline)]
    private static uint PtxLess(float a, float b)
    {
        CudaAsm.Emit("set.lt.u32.f32 %0, %1, %2;", out uint r, a, b);
        return r;
    }

    [MethodImpl(Inline)]
    private static uint PtxLessOrEqual(float a, float b)
    {
        CudaAsm.Emit("set.le.u32.f32 %0, %1, %2;", out uint r, a, b);
        return r;
    }

    // The instruction saturates, but gives the smallest integer for NaN where an end is 64 bits
    // wide.
    [MethodImpl(Inline)]
    private static int PtxToInt32(float a)
    {
        CudaAsm.Emit("cvt.rzi.s32.f32 %0, %1;", out int r, a);
        return r & (int)PtxEqual(a, a);
    }

    [MethodImpl(Inline)]
    private static long PtxToInt64(float a)
    {
        CudaAsm.Emit("cvt.rzi.s64.f32 %0, %1;", out long r, a);
        return r & (int)PtxEqual(a, a);
    }
}
