// What a kernel does to its result before the result leaves the cache: bias, scale, rectifier,
// accumulation.
namespace Engine.Kernels;

/// <summary>
/// An element-wise program over a kernel's result, in place: register 0 is the result, the others
/// are loaded from <paramref name="operands"/>, of the result's sizes, any strides. Its one output
/// has the result's type. The default does nothing.
/// </summary>
public readonly ref struct Epilogue(TileProgram program, ReadOnlySpan<Operand> operands)
{
    /// <summary>The program; null where there is none.</summary>
    public TileProgram? Program { get; } = program;

    /// <summary>Views of its inputs from register 1 on.</summary>
    public ReadOnlySpan<Operand> Operands { get; } = operands;
}
