// Every operator of Engine on every element type, with the conversions and what works on masks.
using System.Reflection;
using Engine.Kernels;

namespace Engine.GpuTests;

internal static class AllOperators
{
    private static readonly DType[] Floats = [DType.Float32, DType.Float64];
    private static readonly DType[] Numbers =
        [DType.Float32, DType.Float64, DType.Int32, DType.Int64];

    private static readonly RegisterType[] AllRegisters = Enum.GetValues<RegisterType>();

    public static IEnumerable<(string Name, TileKernel Kernel)> Kernels()
    {
        foreach (Type op in typeof(AddOp).Assembly.GetTypes().Where(t => t.IsValueType))
            foreach (var (face, maker, types) in new (Type, string, DType[])[]
            {
                (typeof(IUnaryOp), "Unary", Floats), (typeof(IBinaryOp), "Binary", Floats),
                (typeof(INumberUnaryOp), "NumberUnary", Numbers),
                (typeof(INumberBinaryOp), "NumberBinary", Numbers),
                (typeof(ICompareOp), "Compare", Numbers),
            })
            {
                if (!face.IsAssignableFrom(op)) continue;
                MethodInfo method = typeof(TileKernels).GetMethod(maker)!.MakeGenericMethod(op);
                foreach (DType type in types)
                    yield return (
                        $"{op.Name} {type.Name()}", (TileKernel)method.Invoke(null, [type])!);
            }
        foreach (RegisterType from in AllRegisters)
            foreach (RegisterType to in AllRegisters)
                if (from != to) yield return ($"{from} to {to}", TileKernels.Cast(from, to));
        foreach (RegisterType type in AllRegisters)
            yield return ($"select {type}", TileKernels.Select(type));
        foreach (RegisterType type in (RegisterType[])[RegisterType.Mask32, RegisterType.Mask64])
        {
            yield return ($"and {type}", TileKernels.Mask<AndOp>(type));
            yield return ($"or {type}", TileKernels.Mask<OrOp>(type));
            yield return ($"not {type}", TileKernels.Mask<NotOp>(type));
        }
        yield return ("unit float32", TileKernels.UnitFromBits(DType.Float32));
        yield return ("unit float64", TileKernels.UnitFromBits(DType.Float64));
    }

    /// <summary>The program of one operator.</summary>
    public static TileProgram Alone(TileKernel kernel)
    {
        int arity = kernel.Sources.Length;
        return new(
            kernel.Sources, [],
            [new(kernel, 0, arity > 1 ? 1 : -1, arity > 2 ? 2 : -1)], [arity]);
    }
}
