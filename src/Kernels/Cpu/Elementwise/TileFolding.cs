// Turns the instructions of a program into calls: what depends on single elements alone is computed
// once in a tile, and chains of adds and multiplies become one call (AffineForm).
namespace Engine.Kernels;

/// <summary>The calls of a program when some inputs are known to be single elements.</summary>
internal sealed class TileFolding
{
    private readonly TileProgram program;
    private readonly CompiledTileProgram compiled;
    private readonly bool[] single, repeated;
    private readonly int[] uses;

    // By register: the form that computes it, as long as no call has been emitted for it.
    private readonly AffineForm?[] forms;
    private readonly List<TileCall> calls = [];

    public TileFolding(TileProgram program, CompiledTileProgram compiled, ulong singles)
    {
        this.program = program;
        this.compiled = compiled;
        int registers = program.RegisterCount;
        single = new bool[registers];
        repeated = new bool[registers];
        uses = new int[registers];
        forms = new AffineForm?[registers];
        for (int i = 0; i < compiled.FirstResult; i++)
            single[i] = i >= compiled.Inputs.Length || (i < 64 && (singles >> i & 1) != 0);
        foreach (TileInstruction instruction in compiled.Instructions)
            foreach (int source in Sources(instruction))
                uses[source]++;
        // Outputs are stored, so they are never folded into another form.
        foreach (int output in compiled.Outputs) uses[output] += 2;

        for (int i = 0; i < compiled.Instructions.Length; i++)
            Add(compiled.FirstResult + i, compiled.Instructions[i]);
        foreach (int output in compiled.Outputs) Need(output);
        Calls = WithRepeats();
    }

    public IReadOnlyList<TileCall> Calls { get; }

    /// <summary>Whether a register holds a single element in each tile.</summary>
    public bool IsSingle(int register) => single[register];

    /// <summary>
    /// Whether a single element must be repeated: a call or an output needs a tile.
    /// </summary>
    public bool IsRepeated(int register) => repeated[register];

    private static int[] Sources(TileInstruction instruction) =>
        [.. ((int[])[instruction.A, instruction.B, instruction.C]).Where(source => source >= 0)];

    private void Add(int result, TileInstruction instruction)
    {
        var call = new TileCall(result, instruction.Kernel)
        {
            A = instruction.A,
            B = instruction.B,
            C = instruction.C,
        };
        if (Array.TrueForAll(Sources(instruction), source => single[source]))
        {
            single[result] = true;
            calls.Add(call with { Once = true });
        }
        else if (Form(instruction) is { } form)
        {
            forms[result] = form;
            // A register with one use may yet become part of a longer form: its call waits.
            if (uses[result] != 1) Emit(result, instruction);
        }
        else Emit(result, instruction);
    }

    /// <summary>
    /// The form that computes an instruction, grown from the forms of its sources; null if the
    /// operator has no role in one.
    /// </summary>
    private AffineForm? Form(TileInstruction instruction)
    {
        AffineRole op = instruction.Kernel.Affine;
        if (op is AffineRole.None or AffineRole.Rectifier or AffineRole.Less) return null;
        if (op == AffineRole.Negation || single[instruction.B])
            return Operand(instruction.A).With(op, instruction.B, false)
                ?? Alone(instruction.A).With(op, instruction.B, false);
        if (single[instruction.A])
            return Operand(instruction.B).With(op, instruction.A, true)
                ?? Alone(instruction.B).With(op, instruction.A, true);
        AffineForm a = Operand(instruction.A), b = Operand(instruction.B);
        return a.With(op, b) ?? Alone(instruction.A).With(op, b) ?? a.With(op, Alone(instruction.B))
            ?? Alone(instruction.A).With(op, Alone(instruction.B));
    }

    /// <summary>The form that a register waits to be computed by, or the register alone.</summary>
    private AffineForm Operand(int register) => forms[register] ?? Alone(register);

    private AffineForm Alone(int register) => AffineForm.Of(program.TypeOf(register), register);

    private void Need(int register)
    {
        if (single[register]) repeated[register] = true;
        else if (forms[register] is not null)
            Emit(register, compiled.Instructions[register - compiled.FirstResult]);
    }

    /// <summary>The call that computes a register as a tile.</summary>
    private void Emit(int result, TileInstruction instruction)
    {
        AffineForm? form = forms[result];
        forms[result] = null;
        if (form is { Operators: > 1 })
        {
            NeedOf(form);
            calls.Add(new TileCall(result, null, form));
            return;
        }
        int one = OneOf(instruction);
        for (int i = 0; i < 3; i++)
        {
            int source = i == 0 ? instruction.A : i == 1 ? instruction.B : instruction.C;
            if (source >= 0 && i != one) Need(source);
        }
        calls.Add(new TileCall(result, instruction.Kernel)
        {
            A = instruction.A,
            B = instruction.B,
            C = instruction.C,
            Single = one,
        });
    }

    private void NeedOf(AffineForm form)
    {
        Need(form.X);
        if (form.Z >= 0) Need(form.Z);
    }

    /// <summary>The source that the kernel reads as a single element, or -1.</summary>
    private int OneOf(TileInstruction instruction)
    {
        if (instruction.C >= 0 || instruction.B < 0) return -1;
        if (!instruction.Kernel.TakesUniform) return -1;
        return single[instruction.A] ? 0 : single[instruction.B] ? 1 : -1;
    }

    private List<TileCall> WithRepeats()
    {
        var all = new List<TileCall>();
        foreach (TileCall call in calls)
        {
            all.Add(call);
            if (call.Once && repeated[call.Result]) all.Add(new TileCall(call.Result, null));
        }
        return all;
    }
}
