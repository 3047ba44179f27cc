// A fused run of element-wise operations: a straight-line program over registers, each a tile of
// some hundred elements. It names operators and registers, never memory; a backend runs it over
// views (the CPU tile by tile in L1, a GPU as one composed kernel).
using System.Collections.Immutable;

namespace Engine.Kernels;

/// <summary>What a tile register holds. Masks are as wide as the lanes they select.</summary>
public enum RegisterType : byte
{
    /// <summary>float32 elements.</summary>
    Float32,

    /// <summary>float64 elements.</summary>
    Float64,

    /// <summary>int32 elements.</summary>
    Int32,

    /// <summary>int64 elements.</summary>
    Int64,

    /// <summary>Truth values, 32 bits each, all set or all clear.</summary>
    Mask32,

    /// <summary>Truth values, 64 bits each, all set or all clear.</summary>
    Mask64,
}

/// <summary>
/// One operator at one element type: reads up to three registers and writes one. Sources and result
/// have room for whole vectors past <c>n</c>; the result may be one of the sources.
/// </summary>
public abstract unsafe class TileKernel
{
    /// <summary>
    /// The operator body (or a stand-in for casts and selects), for a GPU to compose and for
    /// printing.
    /// </summary>
    public abstract Type Operator { get; }

    /// <summary>Types of the sources, in order.</summary>
    public abstract ImmutableArray<RegisterType> Sources { get; }

    /// <summary>Type of the result.</summary>
    public abstract RegisterType Result { get; }

    /// <summary>Runs on n elements; unused sources are null.</summary>
    public abstract void Run(void* a, void* b, void* c, void* result, nint n);

    /// <summary>What the operator is to a form of sums and products.</summary>
    internal virtual AffineRole Affine => AffineRole.None;

    /// <summary>Whether it is the mask of a &lt; b.</summary>
    internal virtual bool IsLess => false;

    /// <summary>
    /// Whether <see cref="RunUniform"/> takes one element in place of a tile for that source.
    /// </summary>
    internal virtual bool TakesUniform(int source) => false;

    /// <summary>
    /// As <see cref="Run"/> for two sources, of which the given one is a single element.
    /// </summary>
    internal virtual void RunUniform(int source, void* one, void* all, void* result, nint n) =>
        throw new NotSupportedException($"{Operator.Name} takes tiles only.");
}

/// <summary>One step: its result is register Inputs + Constants + (index of the step).</summary>
public readonly record struct TileInstruction(TileKernel Kernel, int A, int B = -1, int C = -1);

/// <summary>A constant register: the value in every element, by its bits.</summary>
public readonly record struct TileConstant(RegisterType Type, long Bits);

/// <summary>
/// Registers 0 .. Inputs-1 are loaded from views (a bool view into the mask type asked for), the
/// next are constants, then one a step. <paramref name="Outputs"/> are the registers stored, each
/// to a view of its own (masks as bytes of 0 or 1).
/// </summary>
public sealed record TileProgram(
    ImmutableArray<RegisterType> Inputs,
    ImmutableArray<TileConstant> Constants,
    ImmutableArray<TileInstruction> Instructions,
    ImmutableArray<int> Outputs)
{
    private CompiledTileProgram? cpuPlan;
    private AffineEpilogue? rowForm;
    private bool knowsRowForm;

    // A copy made by "with" is another program: it must not inherit the plan.
    private TileProgram(TileProgram other)
    {
        Inputs = other.Inputs;
        Constants = other.Constants;
        Instructions = other.Instructions;
        Outputs = other.Outputs;
    }

    /// <summary>How the CPU runs the program, worked out at the first run.</summary>
    internal CompiledTileProgram CpuPlan => cpuPlan ??= new CompiledTileProgram(this);

    /// <summary>What the program is as an epilogue, if it is of that form; else null.</summary>
    internal AffineEpilogue? AffineEpilogue
    {
        get
        {
            if (Volatile.Read(ref knowsRowForm)) return rowForm;
            rowForm = AffineEpilogue.Of(this);
            Volatile.Write(ref knowsRowForm, true);
            return rowForm;
        }
    }

    /// <summary>Number of registers.</summary>
    public int RegisterCount => Inputs.Length + Constants.Length + Instructions.Length;

    /// <summary>The type of a register.</summary>
    public RegisterType TypeOf(int register)
    {
        if (register < Inputs.Length) return Inputs[register];
        register -= Inputs.Length;
        return register < Constants.Length
            ? Constants[register].Type
            : Instructions[register - Constants.Length].Kernel.Result;
    }

    /// <summary>Whether inputs, constants, steps and outputs are equal, in order.</summary>
    public bool Equals(TileProgram? other) =>
        other is not null && Inputs.AsSpan().SequenceEqual(other.Inputs.AsSpan())
        && Constants.AsSpan().SequenceEqual(other.Constants.AsSpan())
        && Instructions.AsSpan().SequenceEqual(other.Instructions.AsSpan())
        && Outputs.AsSpan().SequenceEqual(other.Outputs.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        foreach (RegisterType input in Inputs) hash.Add(input);
        foreach (TileConstant constant in Constants) hash.Add(constant);
        foreach (TileInstruction step in Instructions) hash.Add(step);
        foreach (int output in Outputs) hash.Add(output);
        return hash.ToHashCode();
    }
}
