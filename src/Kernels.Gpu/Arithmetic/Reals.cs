// What factorisations need of floats beyond the arithmetic of all numbers.
using System.Runtime.CompilerServices;
using ILGPU;

namespace Engine.Kernels.Gpu;

/// <summary>Arithmetic on floats of type T.</summary>
public interface IReals<TSelf, T> : INumbers<TSelf, T>
    where TSelf : unmanaged, IReals<TSelf, T> where T : unmanaged
{
    /// <summary>1.</summary>
    static abstract T One { get; }

    /// <summary>Not a number.</summary>
    static abstract T NaN { get; }

    /// <summary>Distance from 1 to the next number.</summary>
    static abstract T Epsilon { get; }

    /// <summary>An integer as T, to nearest.</summary>
    static abstract T Of(int a);

    /// <summary>a / b, correctly rounded.</summary>
    static abstract T Div(T a, T b);

    /// <summary>Square root, correctly rounded.</summary>
    static abstract T Sqrt(T a);

    /// <summary>Magnitude.</summary>
    static abstract T Abs(T a);

    /// <summary>Whether it is 0 or -0.</summary>
    static abstract bool IsZero(T a);

    /// <summary>Whether it is neither infinite nor NaN.</summary>
    static abstract bool IsFinite(T a);
}

public readonly partial struct Float32Numbers : IReals<Float32Numbers, float>
{
    /// <inheritdoc/>
    public static float One
    {
        [MethodImpl(Inline)]
        get => 1;
    }

    /// <inheritdoc/>
    public static float NaN
    {
        [MethodImpl(Inline)]
        get => float.NaN;
    }

    /// <inheritdoc/>
    public static float Epsilon
    {
        [MethodImpl(Inline)]
        get => 1.1920929e-7f;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Of(int a) => a;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Div(float a, float b) => Ieee.Div(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Sqrt(float a) => Ieee.Sqrt(a);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Abs(float a) =>
        Interop.IntAsFloat(Interop.FloatAsInt(a) & 0x7fffffffu);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool IsZero(float a) => Ieee.Equal(a, 0) != 0;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool IsFinite(float a) => Ieee.Less(Abs(a), float.PositiveInfinity) != 0;
}

public readonly partial struct Float64Numbers : IReals<Float64Numbers, double>
{
    /// <inheritdoc/>
    public static double One
    {
        [MethodImpl(Inline)]
        get => 1;
    }

    /// <inheritdoc/>
    public static double NaN
    {
        [MethodImpl(Inline)]
        get => double.NaN;
    }

    /// <inheritdoc/>
    public static double Epsilon
    {
        [MethodImpl(Inline)]
        get => 2.220446049250313e-16;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Of(int a) => a;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Div(double a, double b) => Ieee.Div(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Sqrt(double a) => Ieee.Sqrt(a);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Abs(double a) =>
        Interop.IntAsFloat(Interop.FloatAsInt(a) & 0x7fffffffffffffffUL);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool IsZero(double a) => Ieee.Equal(a, 0) != 0;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool IsFinite(double a) => Ieee.Less(Abs(a), double.PositiveInfinity) != 0;
}
