// Calls of every family of kernels, in the shapes that choose between their forms: what is compiled
// and assembled for real GPUs.
using Engine.Kernels;
using Engine.Kernels.Gpu;

namespace Engine.GpuTests;

internal sealed class KernelCalls(GpuBackend backend)
{
    /// <summary>Each operator alone, on dense operands.</summary>
    public void Operators()
    {
        foreach (var (_, kernel) in AllOperators.Kernels())
            backend.Elementwise(
                AllOperators.Alone(kernel),
                [.. kernel.Sources.Select(type => New(Registers.Stored(type), 6, 8))],
                [New(Registers.Stored(kernel.Result), 6, 8)]);
    }

    /// <summary>Views of all kinds: uniform, transposed, of two, three and more axes.</summary>
    public void Views()
    {
        TileProgram program = AllOperators.Alone(TileKernels.NumberBinary<AddOp>(DType.Float32));
        long[] sizes = [2, 3, 4, 5];
        Operand x = New(DType.Float32, 2000);
        foreach (long[] strides in (long[][])
            [[60, 20, 5, 1], [0, 0, 0, 0], [120, 40, 10, 2], [60, 20, 6, 1], [1, 2, 6, 24],
            [70, 21, 6, 1]])
            backend.Elementwise(
                program, [x with { Layout = new(sizes, strides) }, New(DType.Float32, sizes)],
                [New(DType.Float32, sizes)]);
        foreach (DType type in (DType[])[DType.Float32, DType.Int64, DType.Bool])
        {
            Operand y = New(type, 12);
            backend.Copy(y with { Layout = new([3, 4], [1, 3]) }, New(type, 3, 4));
            backend.Fill(y with { Layout = new([3, 2], [4, 2]) }, 1);
            backend.Fill(y, 1);
        }
    }

    private Operand New(DType type, params long[] sizes)
    {
        var layout = Layout.Contiguous(sizes);
        return new(backend.Rent(layout.Count * type.Size()), 0, type, layout);
    }
}
