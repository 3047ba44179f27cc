// A fused run of element-wise operations: a straight-line program over registers, each a tile of
// some hundred elements. It names operators and registers, never memory; a backend runs it over
// views (the CPU tile by tile in L1; a GPU could as one composed kernel).
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

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
/// have room for a whole vector past their n elements; the result may be one of the sources.
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

    /// <summary>
    /// Runs on n elements in the host's memory; unused sources are null. It is the CPU's loop, and
    /// what plans compute constants with whatever the device: another device compiles <see
    /// cref="Operator"/> into a form of its own (<see cref="TileProgram.CompiledAs"/>).
    /// </summary>
    public abstract void Run(void* a, void* b, void* c, void* result, nint n);

    /// <summary>
    /// The operator's role when adds and multiplies fuse into one affine pass; only float kernels
    /// have one.
    /// </summary>
    public virtual AffineRole Affine => AffineRole.None;

    /// <summary>Whether <see cref="RunUniform"/> is implemented.</summary>
    internal virtual bool TakesUniform => false;

    /// <summary>
    /// As <see cref="Run"/> with two sources, one of which is a single element instead of a tile:
    /// the first if <paramref name="source"/> is 0, the second if it is 1.
    /// </summary>
    internal virtual void RunUniform(int source, void* one, void* all, void* result, nint n) =>
        throw new NotSupportedException($"{Operator.Name} reads tiles, not single elements.");
}

/// <summary>
/// An operator and the registers it reads (-1 where it reads fewer). Its result is register
/// Inputs + Constants + (index of the instruction).
/// </summary>
public readonly record struct TileInstruction(TileKernel Kernel, int A, int B = -1, int C = -1);

/// <summary>A constant register: the value in every element, by its bits.</summary>
public readonly record struct TileConstant(RegisterType Type, long Bits);

/// <summary>
/// Registers 0 .. Inputs-1 are loaded from views (a bool view into the mask type asked for), the
/// next hold constants, and the rest the results of the instructions, in order.
/// <paramref name="Outputs"/> are the registers that are stored, each to a view of its own (masks
/// as bytes of 0 or 1).
/// </summary>
public sealed record TileProgram(
    ImmutableArray<RegisterType> Inputs,
    ImmutableArray<TileConstant> Constants,
    ImmutableArray<TileInstruction> Instructions,
    ImmutableArray<int> Outputs)
{
    // Replaced as a whole, so that threads may read it at any time.
    private object[] forms = [];

    // A copy made by "with" is another program: it must not inherit what was compiled for this one.
    private TileProgram(TileProgram other)
    {
        Inputs = other.Inputs;
        Constants = other.Constants;
        Instructions = other.Instructions;
        Outputs = other.Outputs;
        forms = [];
    }

    /// <summary>
    /// The program in a backend's own form, which the program keeps for that backend: made at the
    /// first call for the type <typeparamref name="TForm"/> and returned by all later ones. Threads
    /// that make the first call at the same time may get different instances.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TForm CompiledAs<TForm>(Func<TileProgram, TForm> compile) where TForm : class
    {
        foreach (object form in forms)
            if (form is TForm known) return known;
        return Compile(compile);
    }

    private TForm Compile<TForm>(Func<TileProgram, TForm> compile) where TForm : class
    {
        TForm form = compile(this);
        forms = [.. forms, form];
        return form;
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

    /// <summary>Whether inputs, constants, instructions and outputs are equal, in order.</summary>
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
        foreach (TileInstruction instruction in Instructions) hash.Add(instruction);
        foreach (int output in Outputs) hash.Add(output);
        return hash.ToHashCode();
    }
}
