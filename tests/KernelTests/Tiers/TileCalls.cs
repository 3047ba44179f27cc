// A call of every tile kernel: of each operator in Engine's assemblies at each element type, and of
// casts, selections and uniform numbers. Found by reflection, so that a new operator is covered.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Engine;
using Engine.Kernels;

namespace KernelTests.Tiers;

internal static unsafe class TileCalls
{
    private const int Elements = 500;

    private static readonly DType[] Numbers =
        [DType.Float32, DType.Float64, DType.Int32, DType.Int64];

    /// <summary>The operator interfaces and where their kernels are got from.</summary>
    private static readonly (Type Shape, string Factory)[] Shapes =
    [
        (typeof(IUnaryOp), nameof(TileKernels.Unary)),
        (typeof(INumberUnaryOp), nameof(TileKernels.NumberUnary)),
        (typeof(IBinaryOp), nameof(TileKernels.Binary)),
        (typeof(INumberBinaryOp), nameof(TileKernels.NumberBinary)),
        (typeof(ICompareOp), nameof(TileKernels.Compare)),
        (typeof(IMaskOp), nameof(TileKernels.Mask)),
    ];

    public static IEnumerable<TileKernel> Kernels()
    {
        foreach (Type op in typeof(Tensor).Assembly.GetTypes()
            .Concat(typeof(TileKernel).Assembly.GetTypes()))
            foreach (var (shape, factory) in Shapes)
                if (op.IsValueType && shape.IsAssignableFrom(op))
                    foreach (object type in TypesOf(shape))
                        yield return (TileKernel)typeof(TileKernels).GetMethod(factory)!
                            .MakeGenericMethod(op).Invoke(null, [type])!;
        foreach (RegisterType from in Enum.GetValues<RegisterType>())
        {
            yield return TileKernels.Select(from);
            foreach (RegisterType to in Enum.GetValues<RegisterType>())
                if (!Registers.IsMask(from) || !Registers.IsMask(to))
                    yield return TileKernels.Cast(from, to);
        }
        yield return TileKernels.UnitFromBits(DType.Float32);
        yield return TileKernels.UnitFromBits(DType.Float64);
    }

    public static List<Action> All()
    {
        const int bytes = 8192;
        byte* a = (byte*)NativeMemory.AlignedAlloc(4 * bytes, 64);
        byte* b = a + bytes, c = b + bytes, result = c + bytes;
        new Span<float>(a, bytes).Fill(0.5f);
        var calls = new List<Action>();
        foreach (TileKernel kernel in Kernels())
        {
            calls.Add(() => Run(kernel, a, b, c, result));
            if (!kernel.TakesUniform) continue;
            calls.Add(() => RunUniform(kernel, 0, a, b, result));
            calls.Add(() => RunUniform(kernel, 1, a, b, result));
        }
        return calls;
    }

    // Never optimised: the JIT would guess the kernel and put its code here.
    [MethodImpl(MethodImplOptions.NoOptimization)]
    private static void Run(TileKernel kernel, void* a, void* b, void* c, void* result) =>
        kernel.Run(a, b, c, result, Elements);

    [MethodImpl(MethodImplOptions.NoOptimization)]
    private static void RunUniform(TileKernel kernel, int source, void* a, void* b, void* result) =>
        kernel.RunUniform(source, a, b, result, Elements);

    private static IEnumerable<object> TypesOf(Type shape) =>
        shape == typeof(IMaskOp)
            ? [RegisterType.Mask32, RegisterType.Mask64]
            : Numbers.Where(t => t.IsFloat()
                    || shape != typeof(IUnaryOp) && shape != typeof(IBinaryOp))
                .Cast<object>();
}
