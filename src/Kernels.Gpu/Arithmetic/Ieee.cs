// Floating-point arithmetic as IEEE 754 and the CPU have it.
//
// ILGPU's own is not: it adds constants together ((x + a) + b becomes x + (a + b)), drops x + 0,
// turns comparisons with a constant on the left into unordered ones, loses NaN in min and max, and
// leaves additions and multiplications open to be fused. Kernels therefore call these methods.
// ILGPU's CPU device runs them as they are; when ILGPU compiles for CUDA it is told to take the
// twin of each, which is one instruction.
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

    private static readonly Lock Compiling = new();

    // Read by ILGPU's front end while it compiles, on threads of its own.
    private static volatile bool literal;

    static Ieee()
    {
        const BindingFlags All =
            BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static;
        foreach (MethodInfo twin in typeof(Ieee).GetMethods(All))
        {
            if (!twin.Name.StartsWith(Twin, StringComparison.Ordinal)) continue;
            MethodInfo source = typeof(Ieee).GetMethod(
                twin.Name[Twin.Length..], All,
                [.. twin.GetParameters().Select(p => p.ParameterType)])!;
            RemappedIntrinsics.AddRemapping(source, (ref InvocationContext context) =>
            {
                if (literal) context.Method = twin;
            });
        }
    }

    /// <summary>
    /// Runs ILGPU's compiler with the literal instructions, for CUDA, or with the plain methods,
    /// for everything else. One compilation at a time in the process.
    /// </summary>
    internal static TResult Compile<TResult>(bool literal, Func<TResult> compile)
    {
        lock (Compiling)
        {
            Ieee.literal = literal;
            return compile();
        }
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
