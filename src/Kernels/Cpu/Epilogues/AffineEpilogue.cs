// Recognises what most epilogues are: a scale, a bias or another result added, then perhaps the
// rectifier or its derivative. Such a program can run in one pass over rows.
namespace Engine.Kernels;

/// <summary>What an <see cref="AffineEpilogue"/> does last.</summary>
internal enum AffineEnd : byte
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>max(v, 0).</summary>
    Rectified,

    /// <summary>v where another input is above 0, and 0 elsewhere.</summary>
    Kept,
}

/// <summary>
/// v = ±r s ± y ± z, then an ending. r is register 0, s a single element, y and z are views; all
/// but r are optional. Results have the bits of the operators run one by one: signs change no
/// rounding.
/// </summary>
internal sealed class AffineEpilogue
{
    private readonly TileProgram program;

    private AffineEpilogue(TileProgram program) => this.program = program;

    /// <summary>The register of s, an input or a constant, or -1 for 1.</summary>
    public int Scale { get; private set; } = -1;

    /// <summary>Whether r s is negated.</summary>
    public bool IsNegative { get; private set; }

    /// <summary>The inputs y and z, or -1, and whether they are subtracted.</summary>
    public int Y { get; private set; } = -1;

    /// <inheritdoc cref="Y"/>
    public int Z { get; private set; } = -1;

    /// <inheritdoc cref="Y"/>
    public bool SubtractsY { get; private set; }

    /// <inheritdoc cref="Y"/>
    public bool SubtractsZ { get; private set; }

    /// <summary>The ending.</summary>
    public AffineEnd End { get; private set; }

    /// <summary>The input that decides which results are kept, or -1.</summary>
    public int Mask { get; private set; } = -1;

    /// <summary>Whether it is r + y and no more.</summary>
    public bool IsSum =>
        Scale < 0 && !IsNegative && Y >= 0 && !SubtractsY && Z < 0 && End == AffineEnd.None;

    /// <summary>The program as an affine epilogue; null if it is not one.</summary>
    public static AffineEpilogue? Of(TileProgram program)
    {
        if (program.Inputs.Length == 0 || program.Outputs.Length != 1) return null;
        RegisterType type = program.Inputs[0];
        if (type is not (RegisterType.Float32 or RegisterType.Float64)) return null;
        foreach (RegisterType input in program.Inputs)
            if (input != type) return null;
        var form = new AffineEpilogue(program);
        var masks = new Dictionary<int, int>();
        int value = 0;
        for (int i = 0; i < program.Instructions.Length; i++)
        {
            TileInstruction instruction = program.Instructions[i];
            int result = program.Inputs.Length + program.Constants.Length + i;
            if (instruction.Kernel.Affine == AffineRole.Less
                && form.IsZero(instruction.A) && form.IsInput(instruction.B))
            {
                masks[result] = instruction.B;
                continue;
            }
            if (form.End != AffineEnd.None || !form.Takes(instruction, value, masks)) return null;
            value = result;
        }
        return value == program.Outputs[0] && value != 0 ? form : null;
    }

    private bool Takes(TileInstruction instruction, int value, Dictionary<int, int> masks)
    {
        bool first = instruction.A == value;
        int other = first ? instruction.B : instruction.A;
        switch (instruction.Kernel.Affine)
        {
            case AffineRole.Negation:
                IsNegative = !IsNegative;
                return first && Y < 0;
            case AffineRole.Product:
                bool free = Y < 0 && Scale < 0 && !IsNegative;
                Scale = other;
                return free && first != (instruction.B == value)
                    && (IsInput(other) || IsConstant(other));
            case AffineRole.Sum:
                return first != (instruction.B == value) && Adds(other, false);
            case AffineRole.Difference:
                // y - v becomes -v + y, which turns the sign of r s; too late once something has
                // been added to it.
                if (!first)
                {
                    IsNegative = !IsNegative;
                    return Y < 0 && instruction.B == value && Adds(other, false);
                }
                return instruction.B != value && Adds(other, true);
            case AffineRole.Rectifier:
                End = AffineEnd.Rectified;
                return first;
        }
        if (instruction.Kernel is not SelectTile
            || !masks.TryGetValue(instruction.A, out int mask))
            return false;
        (End, Mask) = (AffineEnd.Kept, mask);
        return instruction.B == value && IsZero(instruction.C);
    }

    private bool Adds(int input, bool subtracts)
    {
        if (!IsInput(input) || Z >= 0) return false;
        if (Y < 0) (Y, SubtractsY) = (input, subtracts);
        else (Z, SubtractsZ) = (input, subtracts);
        return true;
    }

    private bool IsInput(int register) => register > 0 && register < program.Inputs.Length;

    private bool IsConstant(int register) =>
        register >= program.Inputs.Length
        && register < program.Inputs.Length + program.Constants.Length;

    private bool IsZero(int register) =>
        IsConstant(register) && program.Constants[register - program.Inputs.Length].Bits == 0;
}
