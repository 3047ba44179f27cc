// The fields of the two float formats, so that one text serves both: the project file makes
// ThreadFloat64 of ThreadFloat32.cs.
namespace Engine.Kernels.Gpu;

internal static class Float32Bits
{
    public const uint Sign = 0x80000000;
    public const uint Mantissa = 0x7fffff;
    public const uint One = 0x3f800000;
    public const int MantissaWidth = 23;
    public const int Bias = 127;
}

internal static class Float64Bits
{
    public const ulong Sign = 0x8000000000000000;
    public const ulong Mantissa = 0xfffffffffffff;
    public const ulong One = 0x3ff0000000000000;
    public const int MantissaWidth = 52;
    public const int Bias = 1023;
}
