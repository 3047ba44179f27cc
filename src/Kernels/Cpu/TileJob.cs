// A tile program bound to memory: runs any range of its elements, tile by tile through every step,
// so that what lies between the steps stays in L1 and memory is read and written once.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>One run of a tile program; it and its memory live on the caller's stack.</summary>
internal readonly unsafe struct TileJob
{
    public readonly CpuTilePlan Plan;

    private readonly TileInput* inputs;
    private readonly byte** outputs;

    private TileJob(TileProgram program, int inputs, byte* memory)
    {
        Plan = program.CpuPlan;
        this.inputs = (TileInput*)memory;
        outputs = (byte**)(this.inputs + inputs);
    }

    /// <summary>Bytes that binding a program to these views needs.</summary>
    public static int MemoryFor(ReadOnlySpan<Operand> inputs, int outputs)
    {
        int bytes = inputs.Length * sizeof(TileInput) + outputs * sizeof(byte*);
        foreach (ref readonly Operand input in inputs)
            bytes += 2 * input.Layout.Rank * sizeof(long);
        return bytes;
    }

    /// <summary>Inputs 0, 1, ... and outputs of a program; memory must outlive the job.</summary>
    public static TileJob Bind(
        TileProgram program, ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs,
        byte* memory)
    {
        var job = new TileJob(program, inputs.Length, memory);
        long* axes = (long*)(job.outputs + outputs.Length);
        for (int i = 0; i < inputs.Length; i++) job.Bind(i, inputs[i], ref axes);
        for (int i = 0; i < outputs.Length; i++)
            job.outputs[i] = (byte*)CpuBackend.Pointer(outputs[i]);
        return job;
    }

    /// <summary>Bytes that binding this epilogue needs.</summary>
    public static int MemoryFor(in Epilogue epilogue) =>
        MemoryFor(epilogue.Operands, 1) + sizeof(TileInput);

    /// <summary>An epilogue on a contiguous result.</summary>
    public static TileJob Bind(in Epilogue epilogue, in Operand result, byte* memory)
    {
        var job = new TileJob(epilogue.Program!, epilogue.Operands.Length + 1, memory);
        long* axes = (long*)(job.outputs + 1);
        job.inputs[0] = TileInput.Of(result, job.Plan.Inputs[0]);
        for (int i = 0; i < epilogue.Operands.Length; i++)
            job.Bind(i + 1, epilogue.Operands[i], ref axes);
        job.outputs[0] = (byte*)CpuBackend.Pointer(result);
        // A result of one element is read where it is written.
        job.inputs[0].Source = TileSource.InPlace;
        return job;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Bind(int i, in Operand input, ref long* axes)
    {
        inputs[i] = TileInput.Of(input, Plan.Inputs[i]);
        if (inputs[i].Source != TileSource.Loaded) return;
        inputs[i].Collapse(input.Layout, axes);
        axes += 2 * input.Layout.Rank;
    }

    /// <summary>
    /// Runs elements start .. end - 1. Whole vectors are written: what follows the end must be
    /// written afterwards, or nobody's.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run(long start, long end)
    {
        int tile = Plan.Tile;
        byte* scratch = ThreadScratch.Get(Plan.ScratchBytes);
        void** registers = stackalloc void*[Plan.Offsets.Length];
        Begin(registers, scratch, (nint)Math.Min(tile, end - start));
        for (long at = start; at < end; at += tile)
        {
            nint n = (nint)Math.Min(tile, end - at);
            Evaluate(registers, scratch, at, n, outputs, at);
            Store(registers, at, n);
        }
    }

    /// <summary>
    /// Runs elements start .. end - 1 of an epilogue and writes no other: its neighbours may be
    /// finished, or at work.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void RunWithin(long start, long end)
    {
        const int Vector = 16, TailBytes = 2 * Vector * sizeof(double);
        long vectors = start + (end - start) / Vector * Vector;
        if (vectors > start) Run(start, vectors);
        if (vectors == end) return;
        byte* scratch = ThreadScratch.Get(Plan.ScratchBytes);
        void** registers = stackalloc void*[Plan.Offsets.Length];
        byte* tail = stackalloc byte[TailBytes];
        int width = Registers.Width(Plan.OutputTypes[0]);
        Begin(registers, scratch, Vector);
        Evaluate(registers, scratch, vectors, (nint)(end - vectors), &tail, 0);
        long bytes = (end - vectors) * width;
        Buffer.MemoryCopy(
            registers[Plan.Outputs[0]], outputs[0] + vectors * width, bytes, bytes);
    }

    /// <summary>
    /// Gives registers their places in scratch and fills those that are the same in every tile of
    /// at most n elements.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Begin(void** registers, byte* scratch, nint n)
    {
        for (int i = 0; i < Plan.Offsets.Length; i++) registers[i] = scratch + Plan.Offsets[i];
        for (int i = 0; i < Plan.Inputs.Length; i++)
            if (inputs[i].Source == TileSource.Uniform) inputs[i].Fill(registers[i], n);
        for (int i = 0; i < Plan.Constants.Length; i++)
        {
            TileConstant constant = Plan.Constants[i];
            void* register = registers[Plan.Inputs.Length + i];
            if (Registers.Width(constant.Type) == 4)
                TileMemory.Fill(register, n, (int)constant.Bits);
            else TileMemory.Fill(register, n, constant.Bits);
        }
    }

    /// <summary>
    /// Computes elements at .. at + n - 1 into registers; results that are numbers go straight to
    /// element <paramref name="place"/> of their target.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Evaluate(
        void** registers, byte* scratch, long at, nint n, byte** targets, long place)
    {
        CpuTilePlan plan = Plan;
        Load(registers, at, n, scratch + plan.BytesOffset);
        int firstStep = plan.Inputs.Length + plan.Constants.Length;
        for (int i = 0; i < plan.Steps.Length; i++)
        {
            ref readonly TileStep step = ref plan.Steps[i];
            int direct = plan.DirectOutput[firstStep + i];
            if (direct >= 0)
            {
                int width = Registers.Width(plan.OutputTypes[direct]);
                registers[firstStep + i] = targets[direct] + place * width;
            }

            step.Kernel.Run(
                registers[step.A],
                step.B < 0 ? null : registers[step.B],
                step.C < 0 ? null : registers[step.C],
                registers[firstStep + i], n);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Load(void** registers, long at, nint n, byte* bytes)
    {
        for (int i = 0; i < Plan.Inputs.Length; i++)
        {
            ref TileInput input = ref inputs[i];
            if (input.Source == TileSource.InPlace)
                registers[i] = input.Pointer + at * input.ElementSize;
            else if (input.Source == TileSource.Loaded)
                input.Load(at, n, registers[i], bytes);
        }
    }

    // Numbers computed by a step are in place already.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Store(void** registers, long at, nint n)
    {
        for (int i = 0; i < Plan.Outputs.Length; i++)
        {
            int register = Plan.Outputs[i];
            if (Plan.DirectOutput[register] == i) continue;
            void* source = registers[register];
            RegisterType type = Plan.OutputTypes[i];
            if (type == RegisterType.Mask32)
                TileMemory.Shrink32((int*)source, outputs[i] + at, n);
            else if (type == RegisterType.Mask64)
                TileMemory.Shrink64((long*)source, outputs[i] + at, n);
            else
            {
                long width = Registers.Width(type);
                Buffer.MemoryCopy(source, outputs[i] + at * width, n * width, n * width);
            }
        }
    }
}
