// One element through a tile kernel: how a plan computes an operation on constants, with the bits
// that the operation gives in a program.
namespace Engine.Kernels;

/// <summary>Runs a tile kernel on one element of each source.</summary>
public static unsafe class OneElement
{
    // Kernels load and store whole vectors: up to 16 elements of 8 bytes.
    private const int Register = 128;

    /// <summary>
    /// The bits of the result for sources given by their bits, as in a scalar of that dtype: int32
    /// sign-extended, float32 zero-extended, truth values 0 or 1.
    /// </summary>
    public static long Run(TileKernel kernel, ReadOnlySpan<long> sources)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        byte* memory = stackalloc byte[4 * Register];
        new Span<byte>(memory, 4 * Register).Clear();
        for (int i = 0; i < sources.Length; i++)
            *(long*)(memory + i * Register) =
                Registers.IsMask(kernel.Sources[i]) ? -sources[i] : sources[i];
        byte* result = memory + 3 * Register;
        kernel.Run(
            memory, sources.Length > 1 ? memory + Register : null,
            sources.Length > 2 ? memory + 2 * Register : null, result, 1);
        return kernel.Result switch
        {
            RegisterType.Mask32 or RegisterType.Mask64 => *(int*)result & 1,
            RegisterType.Int32 => *(int*)result,
            RegisterType.Float32 => *(uint*)result,
            _ => *(long*)result,
        };
    }
}
