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

    /// <summary>Runs of equal elements, as long as the job's: one element is read a run.</summary>
    Runs,
}

/// <summary>One input of a running tile program.</summary>
internal unsafe struct TileInput
{
    /// <summary>Axes a view may have.</summary>
    public const int MaxRank = Layout.MaxRank;

    // A tile costs some 50 ns beside its elements.
    private const int ShortestRun = 128;

    public TileSource Source;
    public bool IsContiguous;
    public RegisterType Type;
    public int ElementSize;
    public byte* Pointer;
    public int Rank;

    /// <summary>Sizes, then strides, of the collapsed axes.</summary>
    public long* Axes;

    /// <summary>Of runs: an earlier input whose runs lie in the same way, or -1.</summary>
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
    /// Drops axes of size 1 and merges those that lie as one; <paramref name="axes"/> has room for
    /// twice the rank and stays with this input.
    /// </summary>
    [MethodImpl(Compiled.Once)]
    public void Collapse(Layout layout, long* axes)
    {
        ReadOnlySpan<long> sizes = layout.Sizes, strides = layout.Strides;
        long* kept = axes + sizes.Length;
        Axes = axes;
        Rank = 0;
        for (int i = 0; i < sizes.Length; i++)
        {
            if (sizes[i] == 1) continue;
            if (Rank > 0 && kept[Rank - 1] == strides[i] * sizes[i])
            {
                axes[Rank - 1] *= sizes[i];
                kept[Rank - 1] = strides[i];
                continue;
            }

            axes[Rank] = sizes[i];
            kept[Rank++] = strides[i];
        }

        for (int i = 0; i < Rank; i++) axes[Rank + i] = kept[i];
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
        Source == TileSource.Loaded && !Registers.IsMask(Type) && Rank > 0
        && Axes[2 * Rank - 1] == 0 && Axes[Rank - 1] >= ShortestRun ? Axes[Rank - 1] : 0;

    /// <summary>Of numbers that are not negative: narrow divisions take half the time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (long Quotient, long Remainder) DivRem(long a, long b) =>
        (a | b) <= uint.MaxValue ? Math.DivRem((uint)a, (uint)b) : Math.DivRem(a, b);

    /// <summary>Whether two inputs' elements lie alike from their first ones on.</summary>
    public readonly bool LiesLike(in TileInput other) =>
        Rank == other.Rank && ElementSize == other.ElementSize
        && new ReadOnlySpan<long>(Axes, 2 * Rank).SequenceEqual(new(other.Axes, 2 * Rank));

    /// <summary>Where element i is, of a view with an axis at least.</summary>
    [MethodImpl(Compiled.Once)]
    public readonly byte* At(long i)
    {
        long offset = 0;
        for (int axis = Rank - 1; axis > 0; axis--)
        {
            (i, long at) = DivRem(i, Axes[axis]);
            offset += at * Axes[Rank + axis];
        }
        // What is left lies on the first axis.
        offset += i * Axes[Rank];
        return Pointer + offset * ElementSize;
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
        long* strides = Axes + Rank;
        long* at = stackalloc long[MaxRank];
        int last = Rank - 1;
        for (int axis = last; axis >= 0; axis--)
        {
            (start, at[axis]) = Math.DivRem(start, Axes[axis]);
            source += at[axis] * strides[axis];
        }

        long inner = Axes[last], stride = strides[last];
        nint left = (nint)Math.Min(inner - at[last], n);
        while (true)
        {
            // Runs may write whole vectors past their end: the next run, or the slack, covers that.
            if (stride == 1) TileMemory.Copy(source, target, left);
            else if (stride == 0) TileMemory.Fill(target, left, *source);
            else TileMemory.Gather(source, (nint)stride, target, left);
            n -= left;
            if (n == 0) return;
            target += left;
            source -= at[last] * stride;
            at[last] = 0;
            for (int axis = last - 1; axis >= 0; axis--)
            {
                source += strides[axis];
                if (++at[axis] < Axes[axis]) break;
                source -= Axes[axis] * strides[axis];
                at[axis] = 0;
            }

            left = (nint)Math.Min(inner, n);
        }
    }
}
