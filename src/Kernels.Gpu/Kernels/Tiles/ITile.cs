// How large a piece of a product one group computes. Every thread has 4 x 4 of its results in
// registers, so a tile of R x C results has R C / 16 threads. The sizes are types: the compiler
// knows them.
namespace Engine.Kernels.Gpu;

/// <summary>
/// The sizes of a tile, all powers of two, the depth at least 4; Rows x Depth and Columns x Depth
/// are multiples of four times the number of threads.
/// </summary>
public interface ITile
{
    /// <summary>Rows of results, at least 4.</summary>
    static abstract int Rows { get; }

    /// <summary>Columns of results, at least 4.</summary>
    static abstract int Columns { get; }

    /// <summary>Products that are summed between two barriers.</summary>
    static abstract int Depth { get; }
}
