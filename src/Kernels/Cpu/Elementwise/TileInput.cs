// How one input of a tile program gets into its register: used where it lies, filled once, or
// loaded tile by tile from a strided view.
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>Where the elements of an input register come from.</summary>
internal enum TileSource : byte
{
    /// <summary>Contiguous numbers, used in place.</summary>
    InPlace,

    /// <summary>One element for all: filled once.</summary>
    Uniform,

    /// <summary>Strided, or bools: loaded for each tile.</summary>
    Loaded,

    /// <summary>Runs of equal elements: one element is read for each run.</summary>
    Runs,
}

/// <summary>One input of a running tile program.</summary>
internal unsafe struct TileInput
{
    // A tile costs some 50 ns apart from its elements: shorter runs are not worth one each.
    private const int ShortestRun = 128;

    public TileSource Source;
    public bool IsContiguous;
    public RegisterType Type;
    public int ElementSize;
    public byte* Pointer;

    /// <summary>The innermost axis of a strided view, and those around it.</summary>
    public long Inner, InnerStride;
    public StridedAxes Outer;

    /// <summary>For `Runs`: an earlier input with the same axes, or -1.</summary>
    public int Like;

    [MethodImpl(Compiled.Once)]
    public static TileInput Of(in Operand x, RegisterType type)
    {
        var input = new TileInput
        {
            Type = type,
            ElementSize = x.Type.Size(),
            Pointer = (byte*)CpuBackend.Pointer(x),
            IsContiguous = x.Layout.IsContiguous,
        };
        bool isMask = Registers.IsMask(type);
        if (x.Layout.IsUniform) input.Source = TileSource.Uniform;
        else if (input.IsContiguous && !isMask) input.Source = TileSource.InPlace;
        else input.Source = TileSource.Loaded;
        return input;
    }

    /// <summary>
    /// Finds the axes of a strided view; <paramref name="axes"/> has room for twice the rank and
    /// stays with this input.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public void Collapse(Layout layout, long* axes)
    {
        ReadOnlySpan<long> sizes = layout.Sizes, strides = layout.Strides;
        var all = new StridedAxes(axes, sizes.Length, 1);
        for (int i = 0; i < sizes.Length; i++) all.Add(sizes[i], strides[i], strides[i]);
        (Inner, InnerStride, _) = all.Pop();
        Outer = all;
    }

    /// <summary>Fills the register with the one element, in whole vectors.</summary>
    public readonly void Fill(void* register, nint n)
    {
        switch (Type)
        {
            case RegisterType.Mask32: TileMemory.Fill(register, n, -(int)*Pointer); break;
            case RegisterType.Mask64: TileMemory.Fill(register, n, -(long)*Pointer); break;
            default:
                if (ElementSize == 4) TileMemory.Fill(register, n, *(int*)Pointer);
                else TileMemory.Fill(register, n, *(long*)Pointer);
                break;
        }
    }

    /// <summary>Length of the runs of equal elements, if worth a tile each; else 0.</summary>
    public readonly long RunLength =>
        Source == TileSource.Loaded && !Registers.IsMask(Type) && InnerStride == 0
        && Inner >= ShortestRun ? Inner : 0;

    /// <summary>Whether two inputs have the same axes, so that their offsets are equal.</summary>
    public readonly bool LiesLike(in TileInput other) =>
        ElementSize == other.ElementSize && Inner == other.Inner
        && InnerStride == other.InnerStride && Outer.Equals(other.Outer);

    /// <summary>Where element i of a strided view is.</summary>
    [MethodImpl(Compiled.Once)]
    public readonly byte* At(long i)
    {
        (i, long at) = StridedAxes.DivRem(i, Inner);
        Outer.Find(i, out long offset, out _);
        return Pointer + (offset + at * InnerStride) * ElementSize;
    }

    /// <summary>
    /// Loads elements start .. start + n - 1; bools pass through <paramref name="bytes"/>.
    /// </summary>
    public readonly void Load(long start, nint n, void* register, byte* bytes)
    {
        if (ElementSize == 4) Load((int*)Pointer, start, n, (int*)register);
        else if (ElementSize == 8) Load((long*)Pointer, start, n, (long*)register);
        else
        {
            byte* source = Pointer + start;
            if (!IsContiguous)
            {
                Load(Pointer, start, n, bytes);
                source = bytes;
            }

            if (Type == RegisterType.Mask32) TileMemory.Expand32(source, (int*)register, n);
            else TileMemory.Expand64(source, (long*)register, n);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(Compiled.Once)]
    private readonly void Load<T>(T* source, long start, nint n, T* target) where T : unmanaged
    {
        long* at = stackalloc long[StridedAxes.MaxRank];
        long inner = Inner, stride = InnerStride;
        (long row, long column) = StridedAxes.DivRem(start, inner);
        StridedAxes outer = Outer;
        outer.Seek(row, at, out long offset, out _);
        T* x = source + offset + column * stride;
        nint left = (nint)Math.Min(inner - column, n);
        while (true)
        {
            // Whole vectors are written: what passes the row's end is overwritten by the next row
            // or lies in the slack.
            if (stride == 1) TileMemory.Copy(x, target, left);
            else if (stride == 0) TileMemory.Fill(target, left, *x);
            else TileMemory.Gather(x, (nint)stride, target, left);
            n -= left;
            if (n == 0) return;
            target += left;
            outer.Next(at, ref offset);
            x = source + offset;
            left = (nint)Math.Min(inner, n);
        }
    }
}
