// Folds of other folds: of several outputs at once, and of the parts that a first launch left.
using System.Runtime.CompilerServices;

namespace Engine.Kernels.Gpu;

/// <summary>Folds parts as values.</summary>
public readonly struct OfParts<TFold, TValue, TPart>
    : IFold<OfParts<TFold, TValue, TPart>, TPart, TPart>
    where TFold : unmanaged, IFold<TFold, TValue, TPart>
    where TValue : unmanaged where TPart : unmanaged
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <inheritdoc/>
    public static TPart Start
    {
        [MethodImpl(Inline)]
        get => TFold.Part(TFold.Start);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static TPart Take(TPart block, TPart value) => TFold.Join(block, value);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static TPart Part(TPart block) => block;

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static TPart Join(TPart a, TPart b) => TFold.Join(a, b);

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static TPart Result(TPart part) => part;
}

/// <summary>Folds two outputs.</summary>
public readonly struct Fold2<TFold, TValue, TPart>
    : IFold<Fold2<TFold, TValue, TPart>, Pack2<TValue>, Pack2<TPart>>
    where TFold : unmanaged, IFold<TFold, TValue, TPart>
    where TValue : unmanaged where TPart : unmanaged
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <inheritdoc/>
    public static Pack2<TValue> Start
    {
        [MethodImpl(Inline)]
        get => new(TFold.Start, TFold.Start);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Pack2<TValue> Take(Pack2<TValue> block, Pack2<TValue> value) =>
        new(TFold.Take(block.A, value.A), TFold.Take(block.B, value.B));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Pack2<TPart> Part(Pack2<TValue> block) =>
        new(TFold.Part(block.A), TFold.Part(block.B));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Pack2<TPart> Join(Pack2<TPart> a, Pack2<TPart> b) =>
        new(TFold.Join(a.A, b.A), TFold.Join(a.B, b.B));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Pack2<TValue> Result(Pack2<TPart> part) =>
        new(TFold.Result(part.A), TFold.Result(part.B));
}

/// <summary>Folds three outputs.</summary>
public readonly struct Fold3<TFold, TValue, TPart>
    : IFold<Fold3<TFold, TValue, TPart>, Pack3<TValue>, Pack3<TPart>>
    where TFold : unmanaged, IFold<TFold, TValue, TPart>
    where TValue : unmanaged where TPart : unmanaged
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <inheritdoc/>
    public static Pack3<TValue> Start
    {
        [MethodImpl(Inline)]
        get => new(TFold.Start, TFold.Start, TFold.Start);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Pack3<TValue> Take(Pack3<TValue> block, Pack3<TValue> value) => new(
        TFold.Take(block.A, value.A), TFold.Take(block.B, value.B), TFold.Take(block.C, value.C));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Pack3<TPart> Part(Pack3<TValue> block) =>
        new(TFold.Part(block.A), TFold.Part(block.B), TFold.Part(block.C));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Pack3<TPart> Join(Pack3<TPart> a, Pack3<TPart> b) =>
        new(TFold.Join(a.A, b.A), TFold.Join(a.B, b.B), TFold.Join(a.C, b.C));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Pack3<TValue> Result(Pack3<TPart> part) =>
        new(TFold.Result(part.A), TFold.Result(part.B), TFold.Result(part.C));
}

/// <summary>Folds four outputs.</summary>
public readonly struct Fold4<TFold, TValue, TPart>
    : IFold<Fold4<TFold, TValue, TPart>, Pack4<TValue>, Pack4<TPart>>
    where TFold : unmanaged, IFold<TFold, TValue, TPart>
    where TValue : unmanaged where TPart : unmanaged
{
    private const MethodImplOptions Inline = MethodImplOptions.AggressiveInlining;

    /// <inheritdoc/>
    public static Pack4<TValue> Start
    {
        [MethodImpl(Inline)]
        get => new(TFold.Start, TFold.Start, TFold.Start, TFold.Start);
    }

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Pack4<TValue> Take(Pack4<TValue> block, Pack4<TValue> value) => new(
        TFold.Take(block.A, value.A), TFold.Take(block.B, value.B), TFold.Take(block.C, value.C),
        TFold.Take(block.D, value.D));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Pack4<TPart> Part(Pack4<TValue> block) => new(
        TFold.Part(block.A), TFold.Part(block.B), TFold.Part(block.C), TFold.Part(block.D));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Pack4<TPart> Join(Pack4<TPart> a, Pack4<TPart> b) => new(
        TFold.Join(a.A, b.A), TFold.Join(a.B, b.B), TFold.Join(a.C, b.C), TFold.Join(a.D, b.D));

    /// <inheritdoc/>
    [MethodImpl(Inline)]
    public static Pack4<TValue> Result(Pack4<TPart> part) => new(
        TFold.Result(part.A), TFold.Result(part.B), TFold.Result(part.C), TFold.Result(part.D));
}
