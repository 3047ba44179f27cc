// How the CPU runs a tile program: which register lies where in scratch memory. Worked out once a
// program, from the program alone.
namespace Engine.Kernels;

/// <summary>Scratch places of the registers of one program, and the tile size they allow.</summary>
internal sealed class CpuTilePlan
{
    // Slots of a power-of-two size would all fall on the same L1 sets and store-buffer addresses.
    private const int Skew = 320;

    public CpuTilePlan(TileProgram program)
    {
        int registers = program.RegisterCount;
        int firstStep = registers - program.Steps.Length;
        Steps = [.. program.Steps];
        Inputs = [.. program.Inputs];
        Constants = [.. program.Constants];
        Outputs = [.. program.Outputs];
        DirectOutput = new int[registers];
        Array.Fill(DirectOutput, -1);
        for (int output = Outputs.Length - 1; output >= 0; output--)
        {
            int register = Outputs[output];
            if (register >= firstStep && !Registers.IsMask(program.TypeOf(register)))
                DirectOutput[register] = output;
        }

        (MayBeUniform, UniformSource) = Uniforms(firstStep);
        OutputTypes = [.. Outputs.Select(program.TypeOf)];
        int[] slots = Allocate(program, firstStep, out int narrow, out int wide);
        // What repeats elements mostly takes one vector of its slot.
        int full = narrow - MayBeUniform.Count(static uniform => uniform);
        Tile = wide > 0 || full > 6 ? 512 : 1024;
        int narrowBytes = Tile * 4 + Skew, wideBytes = Tile * 8 + Skew;
        Offsets = new int[registers];
        for (int i = 0; i < registers; i++)
        {
            Offsets[i] = Registers.Width(program.TypeOf(i)) == 4
                ? slots[i] * narrowBytes
                : narrow * narrowBytes + slots[i] * wideBytes;
        }

        BytesOffset = narrow * narrowBytes + wide * wideBytes;
        ScratchBytes = BytesOffset + Tile + Skew;
        TileBytes = Tile * sizeof(double) + Skew;
    }

    public RegisterType[] Inputs { get; }

    public TileConstant[] Constants { get; }

    public TileStep[] Steps { get; }

    public int[] Outputs { get; }

    public RegisterType[] OutputTypes { get; }

    /// <summary>By register: the output a step writes straight to, or -1.</summary>
    public int[] DirectOutput { get; }

    /// <summary>
    /// By input or constant: whether one element will do where all are the same, because every
    /// step that reads it takes that.
    /// </summary>
    public bool[] MayBeUniform { get; }

    /// <summary>By step: which source may be one element, or -1.</summary>
    public int[] UniformSource { get; }

    /// <summary>By register: where in scratch it lies, in bytes.</summary>
    public int[] Offsets { get; }

    /// <summary>Pointers that a run keeps: one a register, and the run of elements.</summary>
    public int FrameLength => Offsets.Length + 1;

    /// <summary>Where in scratch bools are gathered before they become masks.</summary>
    public int BytesOffset { get; }

    /// <summary>Bytes of scratch a run needs.</summary>
    public int ScratchBytes { get; }

    /// <summary>Bytes of any output's tile, with room for whole vectors.</summary>
    public int TileBytes { get; }

    /// <summary>Elements of a tile; chosen so that scratch fits L1 for common programs.</summary>
    public int Tile { get; }

    private (bool[] MayBe, int[] Source) Uniforms(int firstStep)
    {
        var mayBe = new bool[firstStep];
        int[] source = new int[Steps.Length];
        Array.Fill(source, -1);
        for (int register = 0; register < firstStep; register++)
        {
            bool fits = Array.IndexOf(Outputs, register) < 0;
            for (int i = 0; i < Steps.Length && fits; i++)
            {
                TileStep step = Steps[i];
                if (step.C == register) fits = false;
                if (step.A != register && step.B != register) continue;
                fits &= source[i] < 0 && step.A != step.B
                    && step.Kernel.TakesUniform(step.A == register ? 0 : 1);
            }
            mayBe[register] = fits;
            for (int i = 0; i < Steps.Length && fits; i++)
                if (Steps[i].A == register) source[i] = 0;
                else if (Steps[i].B == register) source[i] = 1;
        }
        return (mayBe, source);
    }

    // Slots of 4 and of 8 bytes an element are numbered apart. Inputs and constants keep theirs
    // (they may be filled once); a step takes a slot given up by a source read for the last time,
    // its own sources included.
    private int[] Allocate(TileProgram program, int firstStep, out int narrow, out int wide)
    {
        int registers = program.RegisterCount;
        int[] slots = new int[registers];
        int[] lastUse = new int[registers];
        for (int i = 0; i < Steps.Length; i++)
        {
            TileStep step = Steps[i];
            foreach (int source in (ReadOnlySpan<int>)[step.A, step.B, step.C])
                if (source >= 0) lastUse[source] = i;
        }

        foreach (int output in Outputs) lastUse[output] = int.MaxValue;
        int[] used = new int[2];
        Stack<int>[] free = [new(), new()];
        for (int i = 0; i < registers; i++)
        {
            int kind = Registers.Width(program.TypeOf(i)) == 4 ? 0 : 1;
            if (i >= firstStep)
            {
                TileStep step = Steps[i - firstStep];
                Release(step.A, i - firstStep);
                if (step.B != step.A) Release(step.B, i - firstStep);
                if (step.C != step.A && step.C != step.B) Release(step.C, i - firstStep);
            }

            if (DirectOutput[i] >= 0) continue;
            slots[i] = free[kind].TryPop(out int slot) ? slot : used[kind]++;
        }

        narrow = used[0];
        wide = used[1];
        return slots;

        void Release(int source, int step)
        {
            if (source < firstStep || lastUse[source] != step || DirectOutput[source] >= 0) return;
            free[Registers.Width(program.TypeOf(source)) == 4 ? 0 : 1].Push(slots[source]);
        }
    }
}
