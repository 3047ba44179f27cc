// One int32 of one GPU thread: numbers, and masks of 32-bit lanes. ThreadInt64 is the like.
using System.Runtime.CompilerServices;

namespace Engine.Kernels.Gpu;

/// <summary>An integer of one thread.</summary>
public readonly unsafe struct ThreadInt32(int value) : ILanes<ThreadInt32>
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <summary>The number.</summary>
    public readonly int Value = value;

    /// <inheritdoc/>
    public static int Count
    {
        [MethodImpl(Inline)]
        get => 1;
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 Const(double c) => new((int)c);

    /// <inheritdoc/>
    public static ThreadInt32 Load(void* p, nint i) => throw Thread.NoPointers();

    /// <inheritdoc/>
    public static void Store(ThreadInt32 v, void* p, nint i) => throw Thread.NoPointers();

    /// <inheritdoc/>
    public static ThreadInt32 Broadcast(void* p, nint i) => throw Thread.NoPointers();

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 operator +(ThreadInt32 a, ThreadInt32 b) => new(a.Value + b.Value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 operator -(ThreadInt32 a, ThreadInt32 b) => new(a.Value - b.Value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 operator *(ThreadInt32 a, ThreadInt32 b) => new(a.Value * b.Value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 operator -(ThreadInt32 a) => new(-a.Value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 operator &(ThreadInt32 a, ThreadInt32 b) => new(a.Value & b.Value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 operator |(ThreadInt32 a, ThreadInt32 b) => new(a.Value | b.Value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 operator ^(ThreadInt32 a, ThreadInt32 b) => new(a.Value ^ b.Value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 operator ~(ThreadInt32 a) => new(~a.Value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 Abs(ThreadInt32 a) => a.Value < 0 ? -a : a;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 Min(ThreadInt32 a, ThreadInt32 b) => a.Value < b.Value ? a : b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 Max(ThreadInt32 a, ThreadInt32 b) => a.Value > b.Value ? a : b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 Equal(ThreadInt32 a, ThreadInt32 b) => Mask(a.Value == b.Value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 Less(ThreadInt32 a, ThreadInt32 b) => Mask(a.Value < b.Value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 LessOrEqual(ThreadInt32 a, ThreadInt32 b) => Mask(a.Value <= b.Value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static ThreadInt32 Select(ThreadInt32 mask, ThreadInt32 a, ThreadInt32 b) =>
        mask.Value != 0 ? a : b;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static bool Any(ThreadInt32 mask) => mask.Value != 0;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static double Sum(ThreadInt32 a) => a.Value;

    /// <summary>All bits set, or none.</summary>
    [MethodImpl(Inline)]
    public static ThreadInt32 Mask(bool set) => new(set ? -1 : 0);
}
