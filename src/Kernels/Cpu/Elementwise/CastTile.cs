// Conversions between register types, and random bits to uniform numbers. Pairs of types that are
// common have vector loops (CastLoops.cs); the rest are scalar.
using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.CompilerServices;
using R = Engine.Kernels.RegisterType;

namespace Engine.Kernels;

/// <summary>Conversion from one register type to another.</summary>
public sealed unsafe class CastTile : TileKernel
{
    private const int Types = 6;
    private static readonly CastTile?[] All = new CastTile?[Types * Types];

    private readonly delegate*<void*, void*, nint, void> loop;

    private CastTile(RegisterType from, RegisterType to)
    {
        Sources = [from];
        Result = to;
        loop = Choose(from, to);
    }

    /// <inheritdoc/>
    public override Type Operator => typeof(CastTile);

    /// <inheritdoc/>
    public override ImmutableArray<RegisterType> Sources { get; }

    /// <inheritdoc/>
    public override RegisterType Result { get; }

    /// <summary>The instance for a pair of types.</summary>
    public static CastTile For(RegisterType from, RegisterType to)
    {
        ref CastTile? slot = ref All[(int)from * Types + (int)to];
        if (slot is null) Interlocked.CompareExchange(ref slot, new CastTile(from, to), null);
        return slot;
    }

    /// <inheritdoc/>
    public override void Run(void* a, void* b, void* c, void* result, nint n) =>
        loop(a, result, n);

    private static delegate*<void*, void*, nint, void> Choose(RegisterType from, RegisterType to)
    {
        if (from == to) return Registers.Width(from) == 4 ? &Same<int> : &Same<long>;
        return (from, to) switch
        {
            (R.Float32, R.Int32) => &CastLoops.Float32ToInt32,
            (R.Int32, R.Float32) => &CastLoops.Int32ToFloat32,
            (R.Float64, R.Int64) => &CastLoops.Float64ToInt64,
            (R.Int64, R.Float64) => &CastLoops.Int64ToFloat64,
            (R.Float32, R.Float64) => &CastLoops.Float32ToFloat64,
            (R.Float64, R.Float32) => &CastLoops.Float64ToFloat32,
            (R.Int32, R.Int64) or (R.Mask32, R.Mask64) => &CastLoops.Int32ToInt64,
            (R.Int64, R.Int32) or (R.Mask64, R.Mask32) => &CastLoops.Int64ToInt32,
            (R.Float32, R.Int64) => &Number<float, long>,
            (R.Int64, R.Float32) => &Number<long, float>,
            (R.Float64, R.Int32) => &Number<double, int>,
            (R.Int32, R.Float64) => &Number<int, double>,
            (R.Float32, R.Mask32) => &NotZero<float>,
            (R.Float64, R.Mask64) => &NotZero<double>,
            (R.Int32, R.Mask32) => &NotZero<int>,
            (R.Int64, R.Mask64) => &NotZero<long>,
            (R.Float32, R.Mask64) => &ToMask<float, long>,
            (R.Float64, R.Mask32) => &ToMask<double, int>,
            (R.Int32, R.Mask64) => &ToMask<int, long>,
            (R.Int64, R.Mask32) => &ToMask<long, int>,
            (R.Mask32, R.Float32) => &OneWhere<float>,
            (R.Mask64, R.Float64) => &OneWhere<double>,
            (R.Mask32, R.Int32) => &OneWhere<int>,
            (R.Mask64, R.Int64) => &OneWhere<long>,
            (R.Mask64, R.Float32) => &FromMask<long, float>,
            (R.Mask32, R.Float64) => &FromMask<int, double>,
            (R.Mask64, R.Int32) => &FromMask<long, int>,
            (R.Mask32, R.Int64) => &FromMask<int, long>,
            _ => throw new ArgumentException($"CastTile: no cast from {from} to {to}."),
        };
    }

    private static void Same<T>(void* x, void* y, nint n) where T : unmanaged
    {
        if (x != y) Buffer.MemoryCopy(x, y, n * sizeof(T), n * sizeof(T));
    }

    private static void NotZero<T>(void* x, void* y, nint n) where T : unmanaged, INumber<T> =>
        TileLoop.Run<NotZeroBody, T>(x, null, null, y, n);

    private static void OneWhere<T>(void* x, void* y, nint n) where T : unmanaged, INumber<T> =>
        TileLoop.Run<OneWhereBody, T>(x, null, null, y, n);

    [MethodImpl(Compiled.Once)]
    private static void Number<TFrom, TTo>(void* x, void* y, nint n)
        where TFrom : unmanaged, INumber<TFrom> where TTo : unmanaged, INumber<TTo>
    {
        for (nint i = 0; i < n; i++) ((TTo*)y)[i] = TTo.CreateSaturating(((TFrom*)x)[i]);
    }

    [MethodImpl(Compiled.Once)]
    private static void ToMask<TFrom, TMask>(void* x, void* y, nint n)
        where TFrom : unmanaged, INumber<TFrom> where TMask : unmanaged, INumber<TMask>
    {
        for (nint i = 0; i < n; i++)
            ((TMask*)y)[i] = ((TFrom*)x)[i] != TFrom.Zero ? -TMask.One : TMask.Zero;
    }

    [MethodImpl(Compiled.Once)]
    private static void FromMask<TMask, TTo>(void* x, void* y, nint n)
        where TMask : unmanaged, INumber<TMask> where TTo : unmanaged, INumber<TTo>
    {
        for (nint i = 0; i < n; i++)
            ((TTo*)y)[i] = ((TMask*)x)[i] != TMask.Zero ? TTo.One : TTo.Zero;
    }
}

/// <summary>
/// Uniform numbers in (0, 1) from random bits: (bits >>> 8) * 2^-24 + 2^-25 in float32 and
/// (bits >>> 11) * 2^-53 + 2^-54 in float64. The largest of each would round up to 1, so it is
/// held at the number below.
/// </summary>
public sealed unsafe class UnitFromBitsTile : TileKernel
{
    private static readonly UnitFromBitsTile Single = new(R.Int32, R.Float32);
    private static readonly UnitFromBitsTile Double = new(R.Int64, R.Float64);

    private UnitFromBitsTile(RegisterType from, RegisterType to)
    {
        Sources = [from];
        Result = to;
    }

    /// <inheritdoc/>
    public override Type Operator => typeof(UnitFromBitsTile);

    /// <inheritdoc/>
    public override ImmutableArray<RegisterType> Sources { get; }

    /// <inheritdoc/>
    public override RegisterType Result { get; }

    /// <summary>The instance whose results are of a float type.</summary>
    public static UnitFromBitsTile For(DType type) => type switch
    {
        DType.Float32 => Single,
        DType.Float64 => Double,
        _ => throw new ArgumentException($"UnitFromBitsTile: no {type.Name()} kernel."),
    };

    /// <inheritdoc/>
    public override void Run(void* a, void* b, void* c, void* result, nint n)
    {
        if (Result == R.Float32) CastLoops.UnitFloat32(a, result, n);
        else CastLoops.UnitFloat64(a, result, n);
    }
}
