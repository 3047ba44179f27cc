// A second device that needs no hardware: the CPU's kernels over buffers of its own, which no other
// device takes and which takes no others'. What runs on it wholly, with the bits of the CPU, runs
// wholly on a device. Compiled into each project of tests that needs one.
using Engine.Kernels;

namespace Engine.Tests;

/// <summary>A CPU that throws when it is handed a buffer of another device.</summary>
internal sealed class GuardedBackend : IBackend
{
    private readonly CpuBackend cpu = new(1);

    public string Name => "guarded";

    public int Threads => 1;

    public long ChunkBytes => cpu.ChunkBytes;

    /// <summary>How many bytes were copied to it from the host.</summary>
    public long Uploaded { get; private set; }

    /// <summary>How many bytes the host copied from it.</summary>
    public long Downloaded { get; private set; }

    /// <summary>The plans that ran, in order, and whether memory had moved.</summary>
    public List<(IBoundPlan Plan, bool Moved)> Plans { get; } = [];

    public long LargestKeptConstant { get; init; } = 4096;

    private sealed class GuardedBuffer(GuardedBackend owner, DeviceBuffer inner) : DeviceBuffer
    {
        public override long Bytes => inner.Bytes;

        public bool Returned { get; set; }

        public DeviceBuffer For(GuardedBackend user) =>
            user != owner ? throw new InvalidOperationException("a buffer of another guarded one")
            : Returned ? throw new InvalidOperationException("a buffer that was given back")
            : inner;
    }

    public void Run(IBoundPlan plan)
    {
        lock (Plans) Plans.Add((plan, plan.Moved));
        plan.Run(this);
    }

    public void SideBySide(int parts, Action<int> body) => cpu.SideBySide(parts, body);

    public DeviceBuffer Rent(long bytes) => new GuardedBuffer(this, cpu.Rent(bytes));

    public void Return(DeviceBuffer buffer)
    {
        cpu.Return(Own(buffer));
        ((GuardedBuffer)buffer).Returned = true;
    }

    public void Upload(ReadOnlySpan<byte> source, DeviceBuffer target, long offset)
    {
        Uploaded += source.Length;
        cpu.Upload(source, Own(target), offset);
    }

    public void Download(DeviceBuffer source, long offset, Span<byte> target)
    {
        Downloaded += target.Length;
        cpu.Download(Own(source), offset, target);
    }

    public void Elementwise(
        TileProgram program, ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs) =>
        cpu.Elementwise(program, Own(inputs), Own(outputs));

    public void Copy(in Operand source, in Operand target) => cpu.Copy(Own(source), Own(target));

    public void Fill(in Operand target, long bits) => cpu.Fill(Own(target), bits);

    public void Reduce(
        ReduceKind kind, in Operand x, in Operand y, in Epilogue epilogue = default) =>
        cpu.Reduce(kind, Own(x), Own(y), Own(epilogue));

    public void Reduce(
        ReduceKind kind, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        ReadOnlySpan<Operand> outputs, in Epilogue epilogue = default) =>
        cpu.Reduce(kind, program, sizes, Own(inputs), Own(outputs), Own(epilogue));

    public void ArgMax(in Operand x, in Operand y) => cpu.ArgMax(Own(x), Own(y));

    public void MatMul(
        in Operand a, in Operand b, in Operand c, in Epilogue epilogue = default) =>
        cpu.MatMul(Own(a), Own(b), Own(c), Own(epilogue));

    public void Convolution(
        in ConvolutionShape shape, in Operand x, in Operand w, in Operand y,
        in Epilogue epilogue = default) =>
        cpu.Convolution(shape, Own(x), Own(w), Own(y), Own(epilogue));

    public void InputGradient(
        in ConvolutionShape shape, in Operand g, in Operand w, in Operand dx,
        in Epilogue epilogue = default) =>
        cpu.InputGradient(shape, Own(g), Own(w), Own(dx), Own(epilogue));

    public void WeightGradient(
        in ConvolutionShape shape, in Operand x, in Operand g, in Operand dw) =>
        cpu.WeightGradient(shape, Own(x), Own(g), Own(dw));

    public void MaxPoolIndices(in PoolShape shape, in Operand x, in Operand y) =>
        cpu.MaxPoolIndices(shape, Own(x), Own(y));

    public void MaxPool(
        in PoolShape shape, TileProgram program, Layout sizes, ReadOnlySpan<Operand> inputs,
        in Operand values, in Operand positions, in Epilogue epilogue = default) =>
        cpu.MaxPool(
            shape, program, sizes, Own(inputs), Own(values), Own(positions), Own(epilogue));

    public void MaxUnpool(in PoolShape shape, in Operand g, in Operand positions, in Operand y) =>
        cpu.MaxUnpool(shape, Own(g), Own(positions), Own(y));

    public void Gather(
        in Operand x, in Operand index, in Operand y, string op = nameof(Gather)) =>
        cpu.Gather(Own(x), Own(index), Own(y), op);

    public void ScatterAdd(
        in Operand g, in Operand index, in Operand y, string op = nameof(ScatterAdd)) =>
        cpu.ScatterAdd(Own(g), Own(index), Own(y), op);

    public void ArgSort(in Operand x, in Operand y) => cpu.ArgSort(Own(x), Own(y));

    public void CumSum(in Operand x, in Operand y, bool reverse) =>
        cpu.CumSum(Own(x), Own(y), reverse);

    public void Cholesky(in Operand x, in Operand y) => cpu.Cholesky(Own(x), Own(y));

    public void TriangularSolve(in Operand a, in Operand b, in Operand x, Triangle triangle) =>
        cpu.TriangularSolve(Own(a), Own(b), Own(x), triangle);

    public void Lu(in Operand x, in Operand y) => cpu.Lu(Own(x), Own(y));

    public void Eigh(in Operand x, in Operand y) => cpu.Eigh(Own(x), Own(y));

    public void RandomBits(in Operand key, in Operand y) => cpu.RandomBits(Own(key), Own(y));

    private DeviceBuffer Own(DeviceBuffer buffer) =>
        buffer is GuardedBuffer guarded ? guarded.For(this)
        : throw new InvalidOperationException($"a buffer of another device: {buffer}");

    private Operand Own(in Operand x) => x with { Buffer = Own(x.Buffer) };

    private Operand[] Own(ReadOnlySpan<Operand> x)
    {
        var own = new Operand[x.Length];
        for (int i = 0; i < own.Length; i++) own[i] = Own(x[i]);
        return own;
    }

    private Epilogue Own(scoped in Epilogue epilogue) => epilogue.Program is { } program
        ? new(program, Own(epilogue.Operands)) : default;
}
