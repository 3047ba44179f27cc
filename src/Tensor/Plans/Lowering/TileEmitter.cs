// Writes a fused group as a tile program: loads, constants, one instruction for each operation, and
// masks converted between widths where an operation needs another one.
using System.Collections.Immutable;
using Engine.Kernels;

namespace Engine;

/// <summary>Emits the tile program of one fused group.</summary>
internal sealed class TileEmitter
{
    // Inputs, constants and instructions are counted apart at first; Finish numbers them all.
    private const int ConstantBase = 1 << 20, InstructionBase = 2 << 20;

    private readonly Dictionary<PlanNode, int> registers = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<(PlanNode, RegisterType), int> converted = [];
    private readonly List<RegisterType> inputTypes = [];
    private readonly List<PlanNode> loads = [];
    private readonly List<TileConstant> constants = [];
    private readonly List<TileInstruction> instructions = [];
    private readonly FusedGroup group;

    private TileEmitter(FusedGroup group) => this.group = group;

    /// <summary>
    /// The program of a group and the nodes it loads. Register 0 of an epilogue is the result that
    /// it changes; that is not among the loads.
    /// </summary>
    public static (TileProgram Program, List<PlanNode> Loads) Emit(FusedGroup group)
    {
        var emitter = new TileEmitter(group);
        if (group.EpilogueOf is { } changed)
        {
            emitter.registers[changed] = 0;
            emitter.inputTypes.Add(TypeOf(changed.DType));
        }
        foreach (PlanNode node in emitter.Members())
        {
            var operation = (Elementwise)node.Primitive!;
            TileKernel kernel = operation.Kernel(node.Inputs[0].DType, node.DType);
            Span<int> sources = [-1, -1, -1];
            for (int i = 0; i < node.Inputs.Length; i++)
                sources[i] = emitter.Register(node.Inputs[i], kernel.Sources[i]);
            emitter.instructions.Add(
                new TileInstruction(kernel, sources[0], sources[1], sources[2]));
            emitter.registers[node] = InstructionBase + emitter.instructions.Count - 1;
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

    /// <summary>What the program gives: the outputs, or what is collected into them.</summary>
    private IEnumerable<PlanNode> Results() => group.Collector is null
        ? group.Outputs : group.Collected.Select(collected => collected.Inputs[0]);

    private List<PlanNode> Members()
    {
        var members = new List<PlanNode>();
        var walk = new GraphWalk<PlanNode>(Results().Select(result => result.Base));
        while (walk.Next(out PlanNode? node))
        {
            if (node.Primitive is not Elementwise || !node.IsIn(group)) continue;
            members.Add(node);
            foreach (PlanNode input in node.Inputs) walk.Add(input.Base);
        }
        members.Sort(static (a, b) => a.Tensor.Id.CompareTo(b.Tensor.Id));
        return members;
    }

    private int Register(PlanNode node, RegisterType wanted)
    {
        // A reshaped member is the member: its elements have the same order.
        if (registers.ContainsKey(node.Base)) node = node.Base;
        if (converted.TryGetValue((node, wanted), out int known)) return known;
        if (!registers.TryGetValue(node, out int register))
            register = node.ConstantBits is { } bits
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
        loads.Add(node);
        inputTypes.Add(wanted);
        return inputTypes.Count - 1;
    }

    private int Convert(int register, RegisterType from, RegisterType to)
    {
        instructions.Add(new TileInstruction(TileKernels.Cast(from, to), register));
        return InstructionBase + instructions.Count - 1;
    }

    private RegisterType TypeAt(int register) => register switch
    {
        >= InstructionBase => instructions[register - InstructionBase].Kernel.Result,
        >= ConstantBase => constants[register - ConstantBase].Type,
        _ => inputTypes[register],
    };

    private (TileProgram, List<PlanNode>) Finish()
    {
        // Before anything is numbered: a sum of what is only loaded adds that load.
        int[] outputs = [.. Results().Select(
            result => Register(result, TypeOf(result.DType)))];
        int Number(int register) => register switch
        {
            >= InstructionBase => inputTypes.Count + constants.Count + register - InstructionBase,
            >= ConstantBase => inputTypes.Count + register - ConstantBase,
            _ => register,
        };
        var numbered = ImmutableArray.CreateBuilder<TileInstruction>(instructions.Count);
        foreach (TileInstruction s in instructions)
            numbered.Add(s with { A = Number(s.A), B = Number(s.B), C = Number(s.C) });
        var program = new TileProgram(
            [.. inputTypes], [.. constants], numbered.MoveToImmutable(),
            [.. outputs.Select(Number)]);
        return (program, loads);
    }
}
