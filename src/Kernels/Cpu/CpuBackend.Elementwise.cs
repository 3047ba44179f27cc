// Runs tile programs: tile by tile through every step, so that what lies between the steps stays in
// L1 and memory is read and written once.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

public sealed unsafe partial class CpuBackend
{
    // Elements a thread takes at once (whole tiles), and the work below which one thread does all:
    // waking the others costs about as much as 64k elements of a cheap operator.
    private const int ElementwisePart = 1 << 14;
    private const long ElementwiseSplit = 1 << 16;

    // From this size on a transposed input is copied into order first: straight strided loads
    // would touch a cache line for every element.
    private const long TransposeFirst = 1 << 14;

    /// <inheritdoc/>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Elementwise(
        TileProgram program, ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs)
    {
        if (outputs.Length == 0) return;
        Layout layout = outputs[0].Layout;
        long n = layout.Count;
        if (n == 0) return;

        CpuTilePlan plan = program.CpuPlan;
        TileInput* sources = stackalloc TileInput[inputs.Length];
        long* axes = stackalloc long[inputs.Length * 2 * layout.Rank];
        DeviceBuffer?[]? copies = null;
        for (int i = 0; i < inputs.Length; i++)
        {
            sources[i] = TileInput.Of(inputs[i], plan.Inputs[i]);
            if (sources[i].Source != TileSource.Loaded) continue;
            sources[i].Collapse(inputs[i].Layout, axes + i * 2 * layout.Rank);
            if (n < TransposeFirst || !IsTransposed(sources[i])) continue;
            copies ??= new DeviceBuffer?[inputs.Length];
            sources[i] = TileInput.Of(InOrder(inputs[i], ref copies[i]), plan.Inputs[i]);
        }

        byte** targets = stackalloc byte*[outputs.Length];
        for (int i = 0; i < outputs.Length; i++) targets[i] = (byte*)Pointer(outputs[i]);
        var job = new ElementwiseJob
        {
            Plan = plan,
            Inputs = sources,
            Outputs = targets,
            Count = n,
        };
        if (n * Math.Max(1, plan.Steps.Length) < ElementwiseSplit || n <= ElementwisePart)
            job.Run(0, n);
        else
        {
            int parts = checked((int)((n + ElementwisePart - 1) / ElementwisePart));
            Workers.Run(parts, &ElementwiseJob.RunPart, Unsafe.AsPointer(ref job));
        }

        if (copies is null) return;
        foreach (DeviceBuffer? copy in copies)
            if (copy is not null) Return(copy);
    }

    private static bool IsTransposed(in TileInput x)
    {
        long* strides = x.Axes + x.Rank;
        if (strides[x.Rank - 1] is 0 or 1) return false;
        for (int i = 0; i < x.Rank - 1; i++)
            if (strides[i] == 1) return true;
        return false;
    }

    private Operand InOrder(in Operand x, ref DeviceBuffer? buffer)
    {
        buffer = Rent(x.Layout.Count * x.Type.Size());
        var copy = new Operand(buffer, 0, x.Type, Layout.Contiguous(x.Layout.Sizes));
        Copy(x, copy);
        return copy;
    }

    /// <summary>One run of a tile program; lives on the caller's stack.</summary>
    private struct ElementwiseJob
    {
        public CpuTilePlan Plan;
        public TileInput* Inputs;
        public byte** Outputs;
        public long Count;

        public static void RunPart(void* job, int part)
        {
            ref ElementwiseJob self = ref Unsafe.AsRef<ElementwiseJob>(job);
            long start = (long)part * ElementwisePart;
            self.Run(start, Math.Min(self.Count, start + ElementwisePart));
        }

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run(long start, long end)
        {
            CpuTilePlan plan = Plan;
            int tile = plan.Tile;
            byte* scratch = ThreadScratch.Get(plan.ScratchBytes);
            void** registers = stackalloc void*[plan.Offsets.Length];
            for (int i = 0; i < plan.Offsets.Length; i++) registers[i] = scratch + plan.Offsets[i];
            FillOnce(registers, (nint)Math.Min(tile, end - start));

            int firstStep = plan.Inputs.Length + plan.Constants.Length;
            for (long at = start; at < end; at += tile)
            {
                nint n = (nint)Math.Min(tile, end - at);
                Load(registers, at, n, scratch + plan.BytesOffset);
                for (int i = 0; i < plan.Steps.Length; i++)
                {
                    ref readonly TileStep step = ref plan.Steps[i];
                    int direct = plan.DirectOutput[firstStep + i];
                    if (direct >= 0)
                    {
                        int width = Registers.Width(plan.OutputTypes[direct]);
                        registers[firstStep + i] = Outputs[direct] + at * width;
                    }

                    step.Kernel.Run(
                        registers[step.A],
                        step.B < 0 ? null : registers[step.B],
                        step.C < 0 ? null : registers[step.C],
                        registers[firstStep + i], n);
                }

                Store(registers, at, n);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void FillOnce(void** registers, nint n)
        {
            for (int i = 0; i < Plan.Inputs.Length; i++)
                if (Inputs[i].Source == TileSource.Uniform) Inputs[i].Fill(registers[i], n);
            for (int i = 0; i < Plan.Constants.Length; i++)
            {
                TileConstant constant = Plan.Constants[i];
                void* register = registers[Plan.Inputs.Length + i];
                if (Registers.Width(constant.Type) == 4)
                    TileMemory.Fill(register, n, (int)constant.Bits);
                else TileMemory.Fill(register, n, constant.Bits);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Load(void** registers, long at, nint n, byte* bytes)
        {
            for (int i = 0; i < Plan.Inputs.Length; i++)
            {
                ref TileInput input = ref Inputs[i];
                if (input.Source == TileSource.InPlace)
                    registers[i] = input.Pointer + at * input.ElementSize;
                else if (input.Source == TileSource.Loaded)
                    input.Load(at, n, registers[i], bytes);
            }
        }

        // Numbers computed by a step are in place already.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Store(void** registers, long at, nint n)
        {
            for (int i = 0; i < Plan.Outputs.Length; i++)
            {
                int register = Plan.Outputs[i];
                if (Plan.DirectOutput[register] == i) continue;
                void* source = registers[register];
                RegisterType type = Plan.OutputTypes[i];
                if (type == RegisterType.Mask32)
                    TileMemory.Shrink32((int*)source, Outputs[i] + at, n);
                else if (type == RegisterType.Mask64)
                    TileMemory.Shrink64((long*)source, Outputs[i] + at, n);
                else
                {
                    long width = Registers.Width(type);
                    Buffer.MemoryCopy(source, Outputs[i] + at * width, n * width, n * width);
                }
            }
        }
    }
}
