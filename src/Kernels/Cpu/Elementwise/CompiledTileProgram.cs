// A tile program as the CPU keeps it: facts about the program alone, and the sequences of calls
// made so far for the kinds of inputs it has met.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>The compiled form of one program, kept by the program.</summary>
internal sealed class CompiledTileProgram
{
    private readonly TileProgram program;

    // Replaced as a whole, so that threads may read it at any time.
    private TileSequence[] sequences = [];

    private CompiledTileProgram(TileProgram program)
    {
        this.program = program;
        Instructions = [.. program.Instructions];
        Inputs = [.. program.Inputs];
        Constants = [.. program.Constants];
        Outputs = [.. program.Outputs];
        SinglesHelp = new bool[Inputs.Length];
        foreach (TileInstruction instruction in Instructions)
        {
            bool unary = instruction.B < 0;
            bool helps = instruction.Kernel.TakesUniform;
            if (instruction.A < Inputs.Length) SinglesHelp[instruction.A] |= unary || helps;
            if (!unary && instruction.B < Inputs.Length) SinglesHelp[instruction.B] |= helps;
        }
        OutputTypes = [.. Outputs.Select(program.TypeOf)];
        DirectOutput = new int[program.RegisterCount];
        Array.Fill(DirectOutput, -1);
        for (int output = Outputs.Length - 1; output >= 0; output--)
        {
            int register = Outputs[output];
            if (register >= FirstResult && !Registers.IsMask(program.TypeOf(register)))
                DirectOutput[register] = output;
        }
        Epilogue = AffineEpilogue.Of(program);
    }

    /// <summary>The program as an epilogue in one affine pass, if it is one; else null.</summary>
    public AffineEpilogue? Epilogue { get; }

    public RegisterType[] Inputs { get; }

    public TileConstant[] Constants { get; }

    public TileInstruction[] Instructions { get; }

    public int[] Outputs { get; }

    public RegisterType[] OutputTypes { get; }

    /// <summary>By input: whether some instruction is faster if the input is one element.</summary>
    public bool[] SinglesHelp { get; }

    /// <summary>The register of the first instruction's result.</summary>
    public int FirstResult => Inputs.Length + Constants.Length;

    /// <summary>By register: the output that its instruction writes directly, or -1.</summary>
    public int[] DirectOutput { get; }

    /// <summary>Pointers that a run keeps: one for each register, and the run's number.</summary>
    public int FrameLength => DirectOutput.Length + 1;

    /// <summary>The compiled form of a program, made at its first run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static CompiledTileProgram Of(TileProgram program) =>
        program.CompiledAs(static p => new CompiledTileProgram(p));

    /// <summary>
    /// The calls for inputs that are (bit by bit) one element throughout, or one in each tile.
    /// </summary>
    public TileSequence For(ulong uniform, ulong runs)
    {
        foreach (TileSequence known in sequences)
            if (known.Uniform == uniform && known.Runs == runs) return known;
        var made = new TileSequence(program, this, uniform, runs);
        sequences = [made, .. sequences];
        return made;
    }
}
