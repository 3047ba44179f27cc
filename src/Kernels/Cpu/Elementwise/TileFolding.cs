// Turns the instructions of a program into calls: what depends on single elements alone is computed
// once in a tile, and chains of adds and multiplies become one call (AffineForm).
namespace Engine.Kernels;

/// <summary>The calls of a program when some inputs are known to be single elements.</summary>
internal sealed class TileFolding
{
    private readonly TileProgram program;
    private readonly CompiledTileProgram plan;
    private readonly bool[] single, repeated;
    private readonly int[] uses;

    // By register: the form that computes it, as long as no call has been emitted for it.
    private readonly AffineForm?[] forms;
    private readonly List<TileCall> calls = [];

    public TileFolding(TileProgram program, CompiledTileProgram plan, ulong singles)
    {
        this.program = program;
        this.plan = plan;
        int registers = program.RegisterCount;
        single = new bool[registers];
        repeated = new bool[registers];
        uses = new int[registers];
        forms = new AffineForm?[registers];
        for (int i = 0; i < plan.FirstStep; i++)
            single[i] = i >= plan.Inputs.Length || (i < 64 && (singles >> i & 1) != 0);
        foreach (TileInstruction step in plan.Instructions)
            foreach (int source in Sources(step))
                uses[source]++;
        // Outputs are stored, so they are never folded into another form.
        foreach (int output in plan.Outputs) uses[output] += 2;

        for (int i = 0; i < plan.Instructions.Length; i++)
            Add(plan.FirstStep + i, plan.Instructions[i]);
        foreach (int output in plan.Outputs) Need(output);
        Calls = WithRepeats();
    }

    public IReadOnlyList<TileCall> Calls { get; }

    /// <summary>Whether a register holds a single element in each tile.</summary>
    public bool IsSingle(int register) => single[register];

    /// <summary>
    /// Whether a single element must be repeated: a call or an output needs a tile.
    /// </summary>
    public bool IsRepeated(int register) => repeated[register];

    private static int[] Sources(TileInstruction step) =>
        [.. ((int[])[step.A, step.B, step.C]).Where(source => source >= 0)];

    private void Add(int result, TileInstruction step)
    {
        var call = new TileCall(result, step.Kernel) { A = step.A, B = step.B, C = step.C };
        if (Array.TrueForAll(Sources(step), source => single[source]))
        {
            single[result] = true;
            calls.Add(call with { Once = true });
        }
        else if (Form(step) is { } form)
        {
            forms[result] = form;
            // A register with one use may yet become part of a longer form: its call waits.
            if (uses[result] != 1) Emit(result, step);
        }
        else Emit(result, step);
    }

    /// <summary>
    /// The form that computes an instruction, grown from the forms of its sources; null if the
    /// operator has no role in one.
    /// </summary>
    private AffineForm? Form(TileInstruction step)
    {
        AffineRole op = step.Kernel.Affine;
        if (op is AffineRole.None or AffineRole.Rectifier or AffineRole.Less) return null;
        if (op == AffineRole.Negation || single[step.B])
            return Operand(step.A).With(op, step.B, false) ?? Alone(step.A).With(op, step.B, false);
        if (single[step.A])
            return Operand(step.B).With(op, step.A, true) ?? Alone(step.B).With(op, step.A, true);
        AffineForm a = Operand(step.A), b = Operand(step.B);
        return a.With(op, b) ?? Alone(step.A).With(op, b) ?? a.With(op, Alone(step.B))
            ?? Alone(step.A).With(op, Alone(step.B));
    }

    /// <summary>The form that a register waits to be computed by, or the register alone.</summary>
    private AffineForm Operand(int register) => forms[register] ?? Alone(register);

    private AffineForm Alone(int register) => AffineForm.Of(program.TypeOf(register), register);

    private void Need(int register)
    {
        if (single[register]) repeated[register] = true;
        else if (forms[register] is not null)
            Emit(register, plan.Instructions[register - plan.FirstStep]);
    }

    /// <summary>The call that computes a register as a tile.</summary>
    private void Emit(int result, TileInstruction step)
    {
        AffineForm? form = forms[result];
        forms[result] = null;
        if (form is { Operators: > 1 })
        {
            NeedOf(form);
            calls.Add(new TileCall(result, null, form));
            return;
        }
        int one = OneOf(step);
        for (int i = 0; i < 3; i++)
        {
            int source = i == 0 ? step.A : i == 1 ? step.B : step.C;
            if (source >= 0 && i != one) Need(source);
        }
        calls.Add(new TileCall(result, step.Kernel)
        {
            A = step.A,
            B = step.B,
            C = step.C,
            Single = one,
        });
    }

    private void NeedOf(AffineForm form)
    {
        Need(form.X);
        if (form.Z >= 0) Need(form.Z);
    }

    /// <summary>The source that the kernel reads as a single element, or -1.</summary>
    private int OneOf(TileInstruction step)
    {
        if (step.C >= 0 || step.B < 0) return -1;
        if (!step.Kernel.TakesUniform) return -1;
        return single[step.A] ? 0 : single[step.B] ? 1 : -1;
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
