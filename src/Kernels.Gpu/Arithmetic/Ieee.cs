// Floating-point arithmetic as IEEE 754 and the CPU have it.
//
// ILGPU's own is not: it adds constants together ((x + a) + b becomes x + (a + b)), drops x + 0,
// turns comparisons with a constant on the left into unordered ones, loses NaN in min and max, and
// leaves additions and multiplications open to be fused. Kernels therefore call these methods.
// ILGPU's CPU device runs them as they are; when ILGPU compiles for CUDA it is told to take the twin
// of each, which is one instruction.
using System.Reflection;
using System.Runtime.CompilerServices;
using ILGPU.Frontend;
using ILGPU.Frontend.Intrinsic;
using ILGPU.Runtime.Cuda;

namespace Engine.Kernels.Gpu;

/// <summary>IEEE arithmetic that ILGPU leaves as it is.</summary>
public static partial class Ieee
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;
    private const string Twin = "Ptx";

    private static readonly Lazy<bool> Twins = new(SetTwins);

    /// <summary>Has ILGPU compile the twins, from now on and in the whole process.</summary>
    public static void UseTwins() => _ = Twins.Value;

    private static bool SetTwins()
    {
        const BindingFlags All =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static;
        foreach (MethodInfo twin in typeof(Ieee).GetMethods(All))
        {
            if (!twin.Name.StartsWith(Twin, StringComparison.Ordinal)) continue;
            MethodInfo source = typeof(Ieee).GetMethod(
                twin.Name[Twin.Length..], All,
                [.. twin.GetParameters().Select(p => p.ParameterType)])!;
            RemappedIntrinsics.AddRemapping(
                source, (ref InvocationContext context) => context.Method = twin);
        }
        return true;
    }

    // min and max that keep a NaN exist for float32 alone.

    [MethodImpl(Inline)]
    private static float PtxMin(float a, float b)
    {
        CudaAsm.Emit("min.NaN.f32 %0, %1, %2;", out float r, a, b);
        return r;
    }

    [MethodImpl(Inline)]
    private static float PtxMax(float a, float b)
    {
        CudaAsm.Emit("max.NaN.f32 %0, %1, %2;", out float r, a, b);
        return r;
    }

    [MethodImpl(Inline)]
    private static double PtxMin(double a, double b)
    {
        CudaAsm.Emit("min.f64 %0, %1, %2;", out double r, a, b);
        return (PtxEqual(a, a) & PtxEqual(b, b)) != 0 ? r : PtxAdd(a, b);
    }

    [MethodImpl(Inline)]
    private static double PtxMax(double a, double b)
    {
        CudaAsm.Emit("max.f64 %0, %1, %2;", out double r, a, b);
        return (PtxEqual(a, a) & PtxEqual(b, b)) != 0 ? r : PtxAdd(a, b);
    }
}
