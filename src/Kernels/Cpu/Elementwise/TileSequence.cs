// The calls that run a tile program once it is known which inputs are a single element in each
// tile, and where in scratch each register lies. Worked out once for each set of such inputs, and
// kept with the compiled program.
namespace Engine.Kernels;

/// <summary>One call: a kernel, an affine form, or a single element to repeat.</summary>
internal readonly record struct TileCall(int Result, TileKernel? Kernel, AffineForm? Form = null)
{
    /// <summary>Registers read by a kernel; -1 for none.</summary>
    public int A { get; init; } = -1;

    /// <inheritdoc cref="A"/>
    public int B { get; init; } = -1;

    /// <inheritdoc cref="A"/>
    public int C { get; init; } = -1;

    /// <summary>Which of the first two sources is a single element, or -1.</summary>
    public int Single { get; init; } = -1;

    /// <summary>Whether the result is a single element.</summary>
    public bool Once { get; init; }

    /// <summary>Whether the call only repeats its result's single element over the tile.</summary>
    public bool Repeats => Kernel is null && Form is null;

    /// <summary>Calls <paramref name="read"/> with each register that the call reads.</summary>
    public void ForSources(Action<int> read)
    {
        foreach (int source in (ReadOnlySpan<int>)[A, B, C])
            if (source >= 0) read(source);
        if (Form is null) return;
        read(Form.X);
        if (Form.Z >= 0) read(Form.Z);
        foreach (int letter in Form.Registers)
            if (letter >= 0) read(letter);
    }
}

/// <summary>The calls of a program, in order, and the scratch memory of its registers.</summary>
internal sealed class TileSequence
{
    // Bytes added to each slot: slots of a power-of-two size would compete for the same L1 sets.
    private const int Skew = 320;

    private readonly TileProgram program;
    private readonly CompiledTileProgram compiled;

    public TileSequence(
        TileProgram program, CompiledTileProgram compiled, ulong uniform, ulong runs)
    {
        this.program = program;
        this.compiled = compiled;
        Uniform = uniform;
        Runs = runs;
        var folding = new TileFolding(program, compiled, uniform | runs);
        Repeated = new bool[compiled.FirstResult];
        for (int i = 0; i < compiled.FirstResult; i++) Repeated[i] = folding.IsRepeated(i);
        // Inputs of runs change from tile to tile, so each tile repeats them anew.
        Calls =
        [
            .. Enumerable.Range(0, Math.Min(64, compiled.Inputs.Length))
                .Where(i => (runs >> i & 1) != 0 && Repeated[i])
                .Select(i => new TileCall(i, null)),
            .. folding.Calls,
        ];

        int[] slots = Allocate(out int narrow, out int wide);
        // Single elements use one vector of their slot and leave the rest of L1 free.
        int singles = Enumerable.Range(0, slots.Length).Count(i =>
            folding.IsSingle(i) && !folding.IsRepeated(i));
        Tile = wide > 0 || narrow - singles > 6 ? 512 : 1024;
        int narrowBytes = Tile * 4 + Skew, wideBytes = Tile * 8 + Skew;
        Offsets = new int[slots.Length];
        for (int i = 0; i < slots.Length; i++)
            Offsets[i] = Registers.Width(program.TypeOf(i)) == 4
                ? slots[i] * narrowBytes
                : narrow * narrowBytes + slots[i] * wideBytes;
        BytesOffset = narrow * narrowBytes + wide * wideBytes;
        ScratchBytes = BytesOffset + Tile + Skew;
        TileBytes = Tile * sizeof(double) + Skew;
    }

    /// <summary>A bit for each input: whether it is one element throughout.</summary>
    public ulong Uniform { get; }

    /// <summary>A bit for each input: whether it is one element in each tile.</summary>
    public ulong Runs { get; }

    public TileCall[] Calls { get; }

    /// <summary>The type of a register.</summary>
    public RegisterType TypeOf(int register) => program.TypeOf(register);

    /// <summary>
    /// By input or constant: whether its single element must be repeated over a tile.
    /// </summary>
    public bool[] Repeated { get; }

    /// <summary>By register: where in scratch it lies, in bytes.</summary>
    public int[] Offsets { get; }

    /// <summary>Where in scratch bools are gathered before they become masks.</summary>
    public int BytesOffset { get; }

    /// <summary>Bytes of scratch that a run needs.</summary>
    public int ScratchBytes { get; }

    /// <summary>Bytes of any output's tile, with room for whole vectors.</summary>
    public int TileBytes { get; }

    /// <summary>Elements of a tile; chosen so that scratch fits L1 for common programs.</summary>
    public int Tile { get; }

    // Slots of 4-byte and of 8-byte elements are numbered separately. Inputs and constants keep
    // their slots, because they may be filled once for all tiles, and so do single elements, which
    // many calls read. Any other result takes a slot whose register has been
    // read for the last time, be it by the very call that writes the result.
    private int[] Allocate(out int narrow, out int wide)
    {
        int[] slots = new int[program.RegisterCount];
        int[] lastUse = new int[slots.Length];
        for (int i = 0; i < Calls.Length; i++)
        {
            int call = i;
            Calls[i].ForSources(source => lastUse[source] = call);
        }
        foreach (int output in compiled.Outputs) lastUse[output] = int.MaxValue;
        foreach (TileCall call in Calls)
            if (call.Once) lastUse[call.Result] = int.MaxValue;

        int[] used = new int[2];
        Stack<int>[] free = [new(), new()];
        int Kind(int register) => Registers.Width(program.TypeOf(register)) == 4 ? 0 : 1;
        for (int i = 0; i < compiled.FirstResult; i++) slots[i] = used[Kind(i)]++;
        var released = new HashSet<int>();
        for (int i = 0; i < Calls.Length; i++)
        {
            int at = i, result = Calls[i].Result;
            if (result < compiled.FirstResult) continue;
            Calls[i].ForSources(source =>
            {
                if (source >= compiled.FirstResult && lastUse[source] == at
                    && compiled.DirectOutput[source] < 0 && released.Add(source))
                    free[Kind(source)].Push(slots[source]);
            });
            if (compiled.DirectOutput[result] >= 0 || Calls[i].Repeats) continue;
            slots[result] = free[Kind(result)].TryPop(out int slot) ? slot : used[Kind(result)]++;
        }
        narrow = used[0];
        wide = used[1];
        return slots;
    }
}
