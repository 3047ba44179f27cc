// A tile program bound to memory: runs any range of its elements. A tile goes through all calls
// before the next one begins, so that intermediate values stay in L1 and memory is read and written
// once.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>One run of a tile program; it and its memory live on the caller's stack.</summary>
internal readonly unsafe partial struct BoundTileProgram
{
    // Elements of the widest vector.
    private const int Vector = 16;

    private static void* NoRun => (void*)-1;

    public readonly CompiledTileProgram Form;
    public readonly TileSequence Sequence;

    private readonly TileInput* inputs;
    private readonly byte** outputs;

    // Run length: within a run, each `Runs` input is one constant.
    private readonly long* run;

    private BoundTileProgram(TileProgram program, int inputs, byte* memory)
    {
        Form = CompiledTileProgram.Of(program);
        Sequence = null!;
        this.inputs = (TileInput*)memory;
        run = (long*)(this.inputs + inputs);
        outputs = (byte**)(run + 1);
    }

    /// <summary>The job with the calls that its inputs, all bound, allow.</summary>
    private BoundTileProgram(in BoundTileProgram bound)
    {
        this = bound;
        ulong uniform = 0, runs = 0;
        for (int i = 0; i < Form.Inputs.Length && i < 64; i++)
            if (inputs[i].Source == TileSource.Uniform) uniform |= 1UL << i;
            else if (inputs[i].Source == TileSource.Runs) runs |= 1UL << i;
        Sequence = Form.For(uniform, runs);
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
    public static BoundTileProgram Bind(
        TileProgram program, ReadOnlySpan<Operand> inputs, ReadOnlySpan<Operand> outputs,
        byte* memory)
    {
        var job = new BoundTileProgram(program, inputs.Length, memory);
        long* axes = (long*)(job.outputs + outputs.Length);
        for (int i = 0; i < inputs.Length; i++) job.Bind(i, inputs[i], ref axes);
        job.FindRuns(inputs.Length);
        for (int i = 0; i < outputs.Length; i++)
            job.outputs[i] = (byte*)CpuBackend.Pointer(outputs[i]);
        return new BoundTileProgram(job);
    }

    /// <summary>Bytes that binding this epilogue needs.</summary>
    public static int MemoryFor(in Epilogue epilogue) =>
        MemoryFor(epilogue.Operands, 1) + sizeof(TileInput);

    /// <summary>An epilogue on a contiguous result.</summary>
    public static BoundTileProgram Bind(in Epilogue epilogue, in Operand result, byte* memory)
    {
        var job = new BoundTileProgram(epilogue.Program!, epilogue.Operands.Length + 1, memory);
        long* axes = (long*)(job.outputs + 1);
        job.inputs[0] = TileInput.Of(result, job.Form.Inputs[0]);
        for (int i = 0; i < epilogue.Operands.Length; i++)
            job.Bind(i + 1, epilogue.Operands[i], ref axes);
        job.FindRuns(epilogue.Operands.Length + 1);
        job.outputs[0] = (byte*)CpuBackend.Pointer(result);
        // Even a result of one element is read in place: the epilogue overwrites it.
        job.inputs[0].Source = TileSource.InPlace;
        return new BoundTileProgram(job);
    }

    [MethodImpl(Compiled.Once)]
    private void Bind(int i, in Operand input, ref long* axes)
    {
        inputs[i] = TileInput.Of(input, Form.Inputs[i]);
        if (inputs[i].Source != TileSource.Loaded) return;
        inputs[i].Collapse(input.Layout, axes);
        axes += 2 * input.Layout.Rank;
    }

    /// <summary>
    /// Marks as `Runs` the inputs whose runs are multiples of the shortest run.
    /// </summary>
    private void FindRuns(int count)
    {
        long shortest = long.MaxValue;
        for (int i = 0; i < count; i++)
            if (MayRun(i) && inputs[i].RunLength is > 0 and var length)
                shortest = Math.Min(shortest, length);
        for (int i = 0; i < count; i++)
            if (MayRun(i) && inputs[i].RunLength is > 0 and var length
                && length % shortest == 0)
            {
                inputs[i].Source = TileSource.Runs;
                inputs[i].Like = Similar(i);
            }
        *run = shortest;
    }

    private bool MayRun(int input) => input < 64 && Form.SinglesHelp[input];

    /// <summary>An earlier input with the same axes, or -1.</summary>
    private int Similar(int input)
    {
        for (int i = 0; i < input; i++)
            if (inputs[i].Source == TileSource.Runs && inputs[i].LiesLike(inputs[input])) return i;
        return -1;
    }

    /// <summary>
    /// Runs elements start .. end - 1. With <paramref name="spill"/> the elements behind the end,
    /// up to the next multiple of 16, may be overwritten too. Without, no other element is touched.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(Compiled.Once)]
    public void Run(long start, long end, bool spill = false)
    {
        byte* scratch = ThreadScratch.Get(
            Sequence.ScratchBytes + Form.Outputs.Length * Sequence.TileBytes);
        void** registers = stackalloc void*[Form.FrameLength];
        long length = Math.Min(Sequence.Tile, *run);
        Begin(registers, scratch, (nint)Math.Min(length, end - start));
        bool inPlace = Form.Inputs.Length > 0 && inputs[0].Pointer == outputs[0];
        for (long at = start; at < end;)
        {
            nint n = (nint)Math.Min(length, end - at);
            long number = 0, inRun = 0;
            if (*run != long.MaxValue) (number, inRun) = StridedAxes.DivRem(at, *run);
            n = (nint)Math.Min(n, *run - inRun);
            // Whole vectors are written, past the end of a tile too. That is safe where the next
            // tile writes those elements again, unless results replace their sources: then they
            // are still to be read. Behind the end they may be another thread's.
            nint whole = (n + Vector - 1) / Vector * Vector;
            bool mayPass = at + n == end
                ? spill && at % Vector == 0 : !inPlace && at + whole <= end;
            if (n % Vector != 0 && !mayPass)
                RunApart(registers, scratch, at, n, number);
            else
            {
                EvaluateRun(registers, scratch, at, n, outputs, at, number);
                Store(registers, at, n);
            }
            at += n;
        }
    }

    /// <summary>Computes a tile into scratch and copies only its own elements.</summary>
    [SkipLocalsInit]
    private void RunApart(void** registers, byte* scratch, long at, nint n, long number)
    {
        byte** targets = stackalloc byte*[Form.Outputs.Length];
        for (int i = 0; i < Form.Outputs.Length; i++)
            targets[i] = scratch + Sequence.ScratchBytes + i * Sequence.TileBytes;
        EvaluateRun(registers, scratch, at, n, targets, 0, number);
        for (int i = 0; i < Form.Outputs.Length; i++)
        {
            void* source = registers[Form.Outputs[i]];
            if (Registers.IsMask(Form.OutputTypes[i]))
            {
                TileMemory.Shrink(Form.OutputTypes[i], source, targets[i], n);
                source = targets[i];
            }
            Copy(source, i, at, n);
        }
    }

    /// <summary>Prefetches elements at .. at + n - 1 of the inputs read in place.</summary>
    [MethodImpl(Compiled.Once)]
    public void Prefetch(long at, nint n)
    {
        for (int i = 0; i < Form.Inputs.Length; i++)
        {
            if (inputs[i].Source != TileSource.InPlace) continue;
            int width = inputs[i].ElementSize;
            TileMemory.Prefetch(inputs[i].Pointer + at * width, n * width);
        }
    }

    /// <summary>
    /// Where the numbers of an input begin if there is one for each channel of (images, channels,
    /// plane), the same for all images; else null.
    /// </summary>
    public void* PerChannel(int input, long channels, long plane)
    {
        TileInput x = inputs[input];
        if (x.Source is not (TileSource.Loaded or TileSource.Runs) || x.Inner != plane) return null;
        (long size, long stride, _) = x.Outer.Pop();
        bool everyImage = x.Outer.Rank == 0 || (x.Outer.Rank == 1 && *x.Outer.From == 0);
        return everyImage && size == channels && stride == 1 && x.InnerStride == 0
            ? x.Pointer : null;
    }

    // Numbers that an instruction computed are in place already.
    [MethodImpl(Compiled.Once)]
    private void Store(void** registers, long at, nint n)
    {
        for (int i = 0; i < Form.Outputs.Length; i++)
        {
            int register = Form.Outputs[i];
            if (Form.DirectOutput[register] == i) continue;
            if (Registers.IsMask(Form.OutputTypes[i]))
                TileMemory.Shrink(Form.OutputTypes[i], registers[register], outputs[i] + at, n);
            else Copy(registers[register], i, at, n);
        }
    }

    private void Copy(void* source, int output, long at, nint n)
    {
        int width = Registers.Stored(Form.OutputTypes[output]).Size();
        Buffer.MemoryCopy(source, outputs[output] + at * width, n * width, n * width);
    }
}
