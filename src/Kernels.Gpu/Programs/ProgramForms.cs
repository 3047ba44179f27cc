// What hand-written kernels ask of a program. They are generic over it, so that its code stands
// where it is called, whether it is a map, the input of a reduction or what becomes of a result.
namespace Engine.Kernels.Gpu;

/// <summary>A program that loads, computes and stores.</summary>
public interface IMap<TSelf> where TSelf : struct, IMap<TSelf>
{
    /// <summary>Runs on element i.</summary>
    static abstract void Run(TSelf program, long i);
}

/// <summary>A program that loads and computes; its outputs, one to four, in a TValue.</summary>
public interface ISource<TSelf, TValue>
    where TSelf : struct, ISource<TSelf, TValue> where TValue : unmanaged
{
    /// <summary>Element i of the outputs.</summary>
    static abstract TValue Value(TSelf program, long i);
}

/// <summary>A program over a kernel's result: an epilogue.</summary>
public interface IAfter<TSelf, T> where TSelf : struct, IAfter<TSelf, T> where T : unmanaged
{
    /// <summary>What becomes of element i of the result.</summary>
    static abstract T Value(TSelf program, T result, long i);
}

/// <summary>The epilogue that does nothing.</summary>
public struct Same<T> : IAfter<Same<T>, T> where T : unmanaged
{
    /// <summary>A kernel's parameter must not be empty.</summary>
    public int Unused;

    /// <inheritdoc/>
    [System.Runtime.CompilerServices.MethodImpl(
        System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)]
    public static T Value(Same<T> program, T result, long i) => result;
}

/// <summary>Two outputs.</summary>
public struct Pack2<T>(T a, T b) where T : unmanaged
{
    /// <summary>The outputs.</summary>
    public T A = a, B = b;
}

/// <summary>Three outputs.</summary>
public struct Pack3<T>(T a, T b, T c) where T : unmanaged
{
    /// <summary>The outputs.</summary>
    public T A = a, B = b, C = c;
}

/// <summary>Four outputs.</summary>
public struct Pack4<T>(T a, T b, T c, T d) where T : unmanaged
{
    /// <summary>The outputs.</summary>
    public T A = a, B = b, C = c, D = d;
}
