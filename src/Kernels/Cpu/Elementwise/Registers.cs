// Facts about register types.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Facts about the types of tile registers.</summary>
public static class Registers
{
    /// <summary>Bytes an element takes in a register.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Width(RegisterType type) =>
        type is RegisterType.Float32 or RegisterType.Int32 or RegisterType.Mask32 ? 4 : 8;

    /// <summary>Whether the register holds truth values.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool IsMask(RegisterType type) =>
        type is RegisterType.Mask32 or RegisterType.Mask64;

    /// <summary>The mask type as wide as a type.</summary>
    public static RegisterType MaskFor(RegisterType type) =>
        Width(type) == 4 ? RegisterType.Mask32 : RegisterType.Mask64;

    /// <summary>The register type of an element type; bool has two, so it throws.</summary>
    public static RegisterType Of(DType type) => type switch
    {
        DType.Float32 => RegisterType.Float32,
        DType.Float64 => RegisterType.Float64,
        DType.Int32 => RegisterType.Int32,
        DType.Int64 => RegisterType.Int64,
        _ => throw new ArgumentException("Registers: bool is a Mask32 or a Mask64; name which."),
    };

    /// <summary>The element type a register is stored as.</summary>
    public static DType Stored(RegisterType type) => type switch
    {
        RegisterType.Float32 => DType.Float32,
        RegisterType.Float64 => DType.Float64,
        RegisterType.Int32 => DType.Int32,
        RegisterType.Int64 => DType.Int64,
        _ => DType.Bool,
    };

    internal static RegisterType Of<T>() where T : unmanaged => Of(DTypes.Of<T>());
}
