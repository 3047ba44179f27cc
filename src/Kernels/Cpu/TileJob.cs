// A tile program bound to memory: runs any range of its elements, tile by tile through every step,
// so that what lies between the steps stays in L1 and memory is read and written once.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>One run of a tile program; it and its memory live on the caller's stack.</summary>
internal readonly unsafe struct TileJob
{
    // Elements of the widest vector.
    private const int Vector = 16;

    public readonly CpuTilePlan Plan;

    private readonly TileInput* inputs;
    private readonly byte** outputs;

    // Elements from one multiple of which to the next every input of runs stays the same.
    private readonly long* run;

    private TileJob(TileProgram program, int inputs, byte* memory)
    {
        Plan = program.CpuPlan;
        this.inputs = (TileInput*)memory;
        run = (long*)(this.inputs + inputs);
        outputs = (byte**)(run + 1);
    }

    /// <summary>Bytes that binding a program to these views needs.</summary>
    public static int MemoryFor(ReadOnlySpan<Operand> inputs, int outputs)
    {
        int bytes = inputs.Length * sizeof(TileInput) + (outputs + 1) * sizeof(byte*);
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
        job.FindRuns(inputs.Length);
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
        job.FindRuns(epilogue.Operands.Length + 1);
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

    /// <summary>The inputs that repeat each element as often as the fastest such one.</summary>
    private void FindRuns(int count)
    {
        long shortest = long.MaxValue;
        for (int i = 0; i < count; i++)
            if (Plan.MayBeUniform[i] && inputs[i].RunLength is > 0 and var length)
                shortest = Math.Min(shortest, length);
        for (int i = 0; i < count; i++)
            if (Plan.MayBeUniform[i] && inputs[i].RunLength is > 0 and var length
                && length % shortest == 0)
                inputs[i].Source = TileSource.Runs;
        *run = shortest;
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
        const int TailBytes = 2 * Vector * sizeof(double);
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
            if (inputs[i].Source == TileSource.Uniform)
                inputs[i].Fill(registers[i], Plan.MayBeUniform[i] ? 1 : n);
        for (int i = 0; i < Plan.Constants.Length; i++)
        {
            TileConstant constant = Plan.Constants[i];
            void* register = registers[Plan.Inputs.Length + i];
            nint count = Plan.MayBeUniform[Plan.Inputs.Length + i] ? 1 : n;
            if (Registers.Width(constant.Type) == 4)
                TileMemory.Fill(register, count, (int)constant.Bits);
            else TileMemory.Fill(register, count, constant.Bits);
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

            int uniform = plan.UniformSource[i] == 0 ? step.A : step.B;
            if (plan.UniformSource[i] >= 0 && IsUniform(uniform))
                RunUniform(i, uniform, registers, at, n);
            else
                step.Kernel.Run(
                    registers[step.A],
                    step.B < 0 ? null : registers[step.B],
                    step.C < 0 ? null : registers[step.C],
                    registers[firstStep + i], n);
        }
    }

    /// <summary>Whether a register that may be one element is one in this job.</summary>
    private bool IsUniform(int register) => register >= Plan.Inputs.Length
        || inputs[register].Source is TileSource.Uniform or TileSource.Runs;

    /// <summary>A step with one source that is the same for a run of elements, run by run.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RunUniform(int i, int uniform, void** registers, long at, nint n)
    {
        ref readonly TileStep step = ref Plan.Steps[i];
        int source = Plan.UniformSource[i];
        byte* one = (byte*)registers[uniform];
        byte* all = (byte*)registers[source == 0 ? step.B : step.A];
        byte* result = (byte*)registers[Plan.Inputs.Length + Plan.Constants.Length + i];
        bool inRuns = uniform < Plan.Inputs.Length && inputs[uniform].Source == TileSource.Runs;
        int width = Registers.Width(step.Kernel.Result);
        byte* spare = stackalloc byte[2 * Vector * sizeof(double)];
        while (n > 0)
        {
            nint length = inRuns ? (nint)Math.Min(n, *run - at % *run) : n;
            if (inRuns) one = inputs[uniform].At(at);
            // A vector past a run may not be written: the next run may be read from there.
            nint rest = length < n ? length % Vector : 0;
            length -= rest;
            if (length > 0) step.Kernel.RunUniform(source, one, all, result, length);
            if (rest > 0)
            {
                step.Kernel.RunUniform(source, one, all + length * width, spare, rest);
                Buffer.MemoryCopy(spare, result + length * width, rest * width, rest * width);
                length += rest;
            }
            all += length * width;
            result += length * width;
            at += length;
            n -= length;
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
