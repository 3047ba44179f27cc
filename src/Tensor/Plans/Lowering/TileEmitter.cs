// Writes a fused group as a tile program: loads, constants, one step an operation, masks converted
// between widths where an operation needs another one.
using System.Collections.Immutable;
using Engine.Kernels;

namespace Engine;

/// <summary>Emits the tile program of one fused group.</summary>
internal sealed class TileEmitter
{
    // While emitting, inputs, constants and steps are counted apart; Finish numbers them through.
    private const int ConstantBase = 1 << 20, StepBase = 2 << 20;

    private readonly Dictionary<PlanNode, int> registers = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(PlanNode, RegisterType), int> converted = [];
    private readonly List<RegisterType> inputTypes = [];
    private readonly List<PlanView> inputs = [];
    private readonly List<TileConstant> constants = [];
    private readonly List<TileInstruction> steps = [];
    private readonly FusedGroup group;
    private readonly Lowering lowering;

    private TileEmitter(FusedGroup group, Lowering lowering)
    {
        this.group = group;
        this.lowering = lowering;
    }

    /// <summary>
    /// The program of a group and the views it loads; the result of its product, if it has one, is
    /// register 0 and no view.
    /// </summary>
    public static (TileProgram Program, PlanView[] Inputs) Emit(
        FusedGroup group, Lowering lowering)
    {
        var emitter = new TileEmitter(group, lowering);
        if (group.EpilogueOf is { } product)
        {
            emitter.registers[product] = 0;
            emitter.inputTypes.Add(TypeOf(product.DType));
        }
        foreach (PlanNode node in emitter.Members())
        {
            var operation = (Elementwise)node.Primitive!;
            TileKernel kernel = operation.Kernel(node.Inputs[0].DType, node.DType);
            Span<int> sources = [-1, -1, -1];
            for (int i = 0; i < node.Inputs.Length; i++)
                sources[i] = emitter.Register(node.Inputs[i], kernel.Sources[i]);
            emitter.steps.Add(new TileInstruction(kernel, sources[0], sources[1], sources[2]));
            emitter.registers[node] = StepBase + emitter.steps.Count - 1;
        }
        return emitter.Finish();
    }

    /// <summary>
    /// The register type that holds a dtype; bools are 32-bit masks unless made wider.
    /// </summary>
    public static RegisterType TypeOf(DType type) => type switch
    {
        DType.Float32 => RegisterType.Float32,
        DType.Float64 => RegisterType.Float64,
        DType.Int32 => RegisterType.Int32,
        DType.Int64 => RegisterType.Int64,
        _ => RegisterType.Mask32,
    };

    private List<PlanNode> Members()
    {
        var members = new List<PlanNode>();
        var seen = new HashSet<PlanNode>(ReferenceEqualityComparer.Instance);
        var stack = new Stack<PlanNode>();
        foreach (PlanNode output in group.Outputs)
            stack.Push(group.Collects ? FusedGroup.Base(output.Inputs[0]) : output);
        while (stack.TryPop(out PlanNode? node))
        {
            if (node.Primitive is not Elementwise || Array.IndexOf(node.Groups, group) < 0
                || !seen.Add(node))
                continue;
            members.Add(node);
            foreach (PlanNode input in node.Inputs) stack.Push(FusedGroup.Base(input));
        }
        members.Sort(static (a, b) => a.Tensor.Id.CompareTo(b.Tensor.Id));
        return members;
    }

    private int Register(PlanNode node, RegisterType wanted)
    {
        // A reshaped member is the member: its elements have the same order.
        if (FusedGroup.Base(node) is var member && registers.ContainsKey(member)) node = member;
        if (converted.TryGetValue((node, wanted), out int known)) return known;
        if (!registers.TryGetValue(node, out int register))
            register = node.Constant is { } bits
                ? Constant(bits, node.DType, wanted)
                : Load(node, wanted);
        else if (TypeAt(register) is var have && have != wanted)
            register = Convert(register, have, wanted);
        converted[(node, wanted)] = register;
        return register;
    }

    private int Constant(long bits, DType type, RegisterType wanted)
    {
        if (type == DType.Bool) bits = bits == 0 ? 0 : -1;
        var constant = new TileConstant(wanted, bits);
        int index = constants.IndexOf(constant);
        if (index < 0)
        {
            index = constants.Count;
            constants.Add(constant);
        }
        return ConstantBase + index;
    }

    private int Load(PlanNode node, RegisterType wanted)
    {
        inputs.Add(lowering.ViewOf(node));
        inputTypes.Add(wanted);
        return inputTypes.Count - 1;
    }

    private int Convert(int register, RegisterType from, RegisterType to)
    {
        steps.Add(new TileInstruction(TileKernels.Cast(from, to), register));
        return StepBase + steps.Count - 1;
    }

    private RegisterType TypeAt(int register) => register switch
    {
        >= StepBase => steps[register - StepBase].Kernel.Result,
        >= ConstantBase => constants[register - ConstantBase].Type,
        _ => inputTypes[register],
    };

    private (TileProgram, PlanView[]) Finish()
    {
        // The outputs first: a reduction of what is only loaded adds that load. Positions are of
        // the values, which come last.
        IEnumerable<PlanNode> results = group.Pooling is null ? group.Outputs : [group.Outputs[^1]];
        int[] outputs = [.. results.Select(output => group.Collects
            ? Register(output.Inputs[0], TypeOf(output.DType))
            : registers[output])];
        int Number(int register) => register switch
        {
            >= StepBase => inputTypes.Count + constants.Count + register - StepBase,
            >= ConstantBase => inputTypes.Count + register - ConstantBase,
            _ => register,
        };
        var numbered = ImmutableArray.CreateBuilder<TileInstruction>(steps.Count);
        foreach (TileInstruction s in steps)
            numbered.Add(s with { A = Number(s.A), B = Number(s.B), C = Number(s.C) });
        var program = new TileProgram(
            [.. inputTypes], [.. constants], numbered.MoveToImmutable(),
            [.. outputs.Select(Number)]);
        return (program, [.. inputs]);
    }
}
