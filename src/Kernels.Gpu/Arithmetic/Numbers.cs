// The arithmetic of each number type, as a type: kernels that are no element-wise programs are
// generic over it. Floats go through Ieee.
using System.Runtime.CompilerServices;

namespace Engine.Kernels.Gpu;

/// <summary>Arithmetic on numbers of type T.</summary>
public interface INumbers<TSelf, T> where TSelf : unmanaged, INumbers<TSelf, T> where T : unmanaged
{
    /// <summary>0.</summary>
    static abstract T Zero { get; }

    /// <summary>What any number is the maximum of with it: -infinity, or the smallest.</summary>
    static abstract T Lowest { get; }

    /// <summary>What any number is the minimum of with it: infinity, or the largest.</summary>
    static abstract T Highest { get; }

    /// <summary>a + b.</summary>
    static abstract T Add(T a, T b);

    /// <summary>a - b.</summary>
    static abstract T Sub(T a, T b);

    /// <summary>a b.</summary>
    static abstract T Mul(T a, T b);

    /// <summary>a b + c, in one rounding.</summary>
    static abstract T Fma(T a, T b, T c);

    /// <summary>Smaller of two, NaN if either is NaN.</summary>
    static abstract T Min(T a, T b);

    /// <summary>Larger of two, NaN if either is NaN.</summary>
    static abstract T Max(T a, T b);

    /// <summary>Whether a &lt; b; never with a NaN.</summary>
    static abstract bool Less(T a, T b);

    /// <summary>Whether it is NaN.</summary>
    static abstract bool IsNaN(T a);
}

/// <summary>float32.</summary>
public readonly partial struct Float32Numbers : INumbers<Float32Numbers, float>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <inheritdoc/>
    public static float Zero
    {
        [MethodImpl(Inline)]
        get => 0;
    }

    /// <inheritdoc/>
    public static float Lowest
    {
        [MethodImpl(Inline)]
        get => float.NegativeInfinity;
    }

    /// <inheritdoc/>
    public static float Highest
    {
        [MethodImpl(Inline)]
        get => float.PositiveInfinity;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Add(float a, float b) => Ieee.Add(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Sub(float a, float b) => Ieee.Sub(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Mul(float a, float b) => Ieee.Mul(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Fma(float a, float b, float c) => Ieee.Fma(a, b, c);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Min(float a, float b) => Ieee.Min(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static float Max(float a, float b) => Ieee.Max(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool Less(float a, float b) => Ieee.Less(a, b) != 0;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool IsNaN(float a) => Ieee.Equal(a, a) == 0;
}

/// <summary>float64.</summary>
public readonly partial struct Float64Numbers : INumbers<Float64Numbers, double>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <inheritdoc/>
    public static double Zero
    {
        [MethodImpl(Inline)]
        get => 0;
    }

    /// <inheritdoc/>
    public static double Lowest
    {
        [MethodImpl(Inline)]
        get => double.NegativeInfinity;
    }

    /// <inheritdoc/>
    public static double Highest
    {
        [MethodImpl(Inline)]
        get => double.PositiveInfinity;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Add(double a, double b) => Ieee.Add(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Sub(double a, double b) => Ieee.Sub(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Mul(double a, double b) => Ieee.Mul(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Fma(double a, double b, double c) => Ieee.Fma(a, b, c);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Min(double a, double b) => Ieee.Min(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Max(double a, double b) => Ieee.Max(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool Less(double a, double b) => Ieee.Less(a, b) != 0;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool IsNaN(double a) => Ieee.Equal(a, a) == 0;
}

/// <summary>int32.</summary>
public readonly struct Int32Numbers : INumbers<Int32Numbers, int>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <inheritdoc/>
    public static int Zero
    {
        [MethodImpl(Inline)]
        get => 0;
    }

    /// <inheritdoc/>
    public static int Lowest
    {
        [MethodImpl(Inline)]
        get => int.MinValue;
    }

    /// <inheritdoc/>
    public static int Highest
    {
        [MethodImpl(Inline)]
        get => int.MaxValue;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static int Add(int a, int b) => a + b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static int Sub(int a, int b) => a - b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static int Mul(int a, int b) => a * b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static int Fma(int a, int b, int c) => a * b + c;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static int Min(int a, int b) => a < b ? a : b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static int Max(int a, int b) => a > b ? a : b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool Less(int a, int b) => a < b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool IsNaN(int a) => false;
}

/// <summary>int64.</summary>
public readonly struct Int64Numbers : INumbers<Int64Numbers, long>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <inheritdoc/>
    public static long Zero
    {
        [MethodImpl(Inline)]
        get => 0;
    }

    /// <inheritdoc/>
    public static long Lowest
    {
        [MethodImpl(Inline)]
        get => long.MinValue;
    }

    /// <inheritdoc/>
    public static long Highest
    {
        [MethodImpl(Inline)]
        get => long.MaxValue;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static long Add(long a, long b) => a + b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static long Sub(long a, long b) => a - b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static long Mul(long a, long b) => a * b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static long Fma(long a, long b, long c) => a * b + c;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static long Min(long a, long b) => a < b ? a : b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static long Max(long a, long b) => a > b ? a : b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool Less(long a, long b) => a < b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool IsNaN(long a) => false;
}
