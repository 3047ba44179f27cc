// Packing of matrix operands: A into panels [k][rows] and B into panels [k][columns], so that the
// register block reads both from front to back, whatever the strides of the sources.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Copies of strided matrices in the order in which register blocks read them.</summary>
internal static unsafe class GemmPack<T> where T : unmanaged
{
    /// <summary>
    /// target[k * rows + i] = source[i * row + k * step], i below rows, k below depth.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public static void Rows(T* source, nint row, nint step, int rows, nint depth, T* target)
    {
        if (rows == 4) Rows4(source, row, step, depth, target, 4);
        else if (rows == 8)
        {
            Rows4(source, row, step, depth, target, 8);
            Rows4(source + 4 * row, row, step, depth, target + 4, 8);
        }
        else
            for (nint k = 0; k < depth; k++)
                for (int i = 0; i < rows; i++) *target++ = source[i * row + k * step];
    }

    /// <summary>
    /// target[k * pitch + j] = source[k * row + j * column], j below columns, k below depth;
    /// zeros for j from there to the pitch.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public static void Columns(
        T* source, nint row, nint column, nint depth, int columns, T* target, int pitch)
    {
        if (columns < pitch)
            for (nint k = 0; k < depth; k++)
                new Span<T>(target + k * pitch + columns, pitch - columns).Clear();
        if (column == 1)
        {
            for (nint k = 0; k < depth; k++, target += pitch, source += row)
                Unsafe.CopyBlockUnaligned(target, source, (uint)(columns * sizeof(T)));
            return;
        }
        int j = 0;
        if (row == 1 && typeof(T) == typeof(float) && Transpose8.IsSupported)
            for (; j + 8 <= columns; j += 8)
                Columns8((float*)(source + j * column), column, depth, (float*)target + j, pitch);
        for (; j + 4 <= columns; j += 4)
            Rows4(source + j * column, column, row, depth, target + j, pitch);
        for (; j < columns; j++)
            for (nint k = 0; k < depth; k++) target[k * pitch + j] = source[k * row + j * column];
    }

    [MethodImpl(Compiled.Once)]
    private static void Columns8(
        float* source, nint column, nint depth, float* target, int pitch)
    {
        nint k = 0;
        for (; k + 8 <= depth; k += 8)
            Transpose8.Run(source + k, column, target + k * pitch, pitch);
        for (; k < depth; k++)
            for (int j = 0; j < 8; j++) target[k * pitch + j] = source[j * column + k];
    }

    [MethodImpl(Compiled.Once)]
    private static void Rows4(T* source, nint row, nint step, nint depth, T* target, nint pitch)
    {
        T* a = source, b = source + row, c = b + row, d = c + row;
        for (nint k = 0; k < depth; k++)
        {
            target[0] = *a;
            target[1] = *b;
            target[2] = *c;
            target[3] = *d;
            a += step;
            b += step;
            c += step;
            d += step;
            target += pitch;
        }
    }
}
