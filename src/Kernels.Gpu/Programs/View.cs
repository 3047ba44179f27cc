// An operand as a kernel sees it: the buffer, and how to find an element of the view in it.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>Elements of type T, found by TIndex.</summary>
public struct View<T, TIndex> where T : unmanaged where TIndex : unmanaged, IIndex<TIndex>
{
    /// <summary>The whole buffer.</summary>
    public ArrayView<T> Data;

    /// <summary>Where elements lie.</summary>
    public TIndex Index;

    /// <summary>Element i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static T Load(View<T, TIndex> view, long i) => view.Data[TIndex.At(view.Index, i)];

    /// <summary>Writes element i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Store(View<T, TIndex> view, long i, T value) =>
        view.Data[TIndex.At(view.Index, i)] = value;
}
