// Copies between views of any strides, and one value to every element.
namespace Engine.Kernels.Gpu;

/// <summary>Target[i] = Source[i].</summary>
public struct Copy<T, TFrom, TTo> : IGroupKernel<Copy<T, TFrom, TTo>>
    where T : unmanaged where TFrom : unmanaged, IIndex<TFrom> where TTo : unmanaged, IIndex<TTo>
{
    /// <summary>What is read.</summary>
    public View<T, TFrom> Source;

    /// <summary>What is written.</summary>
    public View<T, TTo> Target;

    /// <summary>Number of elements.</summary>
    public long Count;

    /// <inheritdoc/>
    public static void Run(Copy<T, TFrom, TTo> kernel)
    {
        for (long i = Thread.Number; i < kernel.Count; i += Thread.Count)
            View<T, TTo>.Store(kernel.Target, i, View<T, TFrom>.Load(kernel.Source, i));
    }
}

/// <summary>Target[i] = Value.</summary>
public struct Fill<T, TTo> : IGroupKernel<Fill<T, TTo>>
    where T : unmanaged where TTo : unmanaged, IIndex<TTo>
{
    /// <summary>What is written.</summary>
    public View<T, TTo> Target;

    /// <summary>The value.</summary>
    public T Value;

    /// <summary>Number of elements.</summary>
    public long Count;

    /// <inheritdoc/>
    public static void Run(Fill<T, TTo> kernel)
    {
        for (long i = Thread.Number; i < kernel.Count; i += Thread.Count)
            View<T, TTo>.Store(kernel.Target, i, kernel.Value);
    }
}
