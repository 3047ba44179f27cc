// Gather and scatter-add of single elements of planes by int32 positions, as pooling gives them. A
// plane is checked, zeroed and filled while it lies in L1.
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Engine.Kernels;

/// <summary>
/// One call: rows of <see cref="Indices"/> positions in planes of <see cref="Rows"/> elements.
/// </summary>
internal unsafe struct PlaneIndexing<T> where T : unmanaged, INumber<T>
{
    private const long PartElements = 1 << 16;

    public T* Values;
    public long ValuesStride;
    public int* Index;
    public T* Result;
    public long Planes;
    public int Indices;
    public int Rows;

    private int* outside;

    /// <summary>
    /// Runs the gather (or scatter) over all planes; false if a position lies outside its plane,
    /// and then the result is undefined.
    /// </summary>
    public static bool Run(CpuBackend backend, PlaneIndexing<T> job, bool gather)
    {
        int plane = Math.Max(1, Math.Max(job.Rows, job.Indices));
        int outside = 0;
        job.outside = &outside;
        delegate*<in PlaneIndexing<T>, long, long, void> body = gather ? &Gather : &Scatter;
        backend.Workers.Run(job.Planes, Math.Max(1, PartElements / plane), body, job);
        return outside == 0;
    }

    [MethodImpl(Compiled.Once)]
    private static void Gather(in PlaneIndexing<T> job, long first, long last)
    {
        for (long plane = first; plane < last; plane++)
        {
            int* index = job.Index + plane * job.Indices;
            if (!Inside(index, job.Indices, job.Rows))
            {
                *job.outside = 1;
                continue;
            }
            T* from = job.Values + plane * job.ValuesStride, to = job.Result + plane * job.Indices;
            for (int i = 0; i < job.Indices; i++) to[i] = from[index[i]];
        }
    }

    [MethodImpl(Compiled.Once)]
    private static void Scatter(in PlaneIndexing<T> job, long first, long last)
    {
        for (long plane = first; plane < last; plane++)
        {
            int* index = job.Index + plane * job.Indices;
            if (!Inside(index, job.Indices, job.Rows))
            {
                *job.outside = 1;
                continue;
            }
            T* from = job.Values + plane * job.ValuesStride, to = job.Result + plane * job.Rows;
            new Span<T>(to, job.Rows).Clear();
            for (int i = 0; i < job.Indices; i++) to[index[i]] += from[i];
        }
    }

    /// <summary>
    /// Whether all positions lie in 0 .. rows-1; read as unsigned, negative ones are large.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Inside(int* index, int count, int rows)
    {
        uint largest = 0;
        int i = 0;
        if (Vector256.IsHardwareAccelerated && count >= 8)
        {
            var most = Vector256<uint>.Zero;
            for (; i <= count - 8; i += 8)
                most = Vector256.Max(most, Vector256.Load((uint*)index + i));
            for (int k = 0; k < 8; k++) largest = Math.Max(largest, most[k]);
        }
        for (; i < count; i++) largest = Math.Max(largest, (uint)index[i]);
        return count == 0 || largest < (uint)rows;
    }
}
