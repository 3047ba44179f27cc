// Chains of adds and multiplies by single elements fused into one pass over a tile: normalisations,
// their gradients and steps of optimisers are such chains.
using System.Numerics;
using System.Runtime.CompilerServices;

namespace Engine.Kernels;

/// <summary>
/// ((x + a) b + (z + d) e) f + c, or ((x + a) b (z + d) e) f + c. x and z are tiles, z optional;
/// the letters are single elements, all optional. Results have the bits of the operators run one by
/// one: a missing letter is -0 (for sums) or 1 (for products), which change no number, and x - a is
/// computed as x + (-a).
/// </summary>
internal sealed unsafe class AffineForm
{
    /// <summary>Number of the letters: a, b, d, e, f, c.</summary>
    public const int Letters = 6;

    private const int A = 0, B = 1, D = 2, E = 3, F = 4, C = 5;

    private readonly RegisterType type;

    // The first letter still free: letters are taken in order.
    private int next;

    private AffineForm(RegisterType type, int x)
    {
        this.type = type;
        X = x;
        Array.Fill(Registers, -1);
    }

    /// <summary>The register of x.</summary>
    public int X { get; private set; }

    /// <summary>The register of z, or -1.</summary>
    public int Z { get; private set; } = -1;

    /// <summary>Whether the brackets are multiplied.</summary>
    public bool Multiplies { get; private set; }

    /// <summary>The registers of the letters, or -1.</summary>
    public int[] Registers { get; private set; } = new int[Letters];

    /// <summary>Which letters are negated.</summary>
    public bool[] Negative { get; private set; } = new bool[Letters];

    /// <summary>How many operators the form replaces.</summary>
    public int Operators { get; private set; }

    /// <summary>x alone.</summary>
    public static AffineForm Of(RegisterType type, int x) => new(type, x);

    /// <summary>
    /// The form with one more operator, whose other source is a single element; null if no letter
    /// is left for it.
    /// </summary>
    public AffineForm? With(AffineRole op, int letter, bool letterFirst) => op switch
    {
        AffineRole.Sum => Then(letter, false, [A, C]),
        AffineRole.Difference when letterFirst =>
            Then(-1, true, [B, F])?.Then(letter, false, [C])?.Counting(Operators + 1),
        AffineRole.Difference => Then(letter, true, [A, C]),
        AffineRole.Product => Then(letter, false, [B, F]),
        AffineRole.Negation => Then(-1, true, [B, F]),
        _ => null,
    };

    /// <summary>Two forms combined by an operator; null if either is too long.</summary>
    public AffineForm? With(AffineRole op, AffineForm other)
    {
        if (next > D || other.next > D) return null;
        AffineForm both = Copy();
        both.Z = other.X;
        both.Multiplies = op == AffineRole.Product;
        both.Registers[D] = other.Registers[A];
        both.Negative[D] = other.Negative[A];
        both.Registers[E] = other.Registers[B];
        both.Negative[E] = other.Negative[B] ^ (op == AffineRole.Difference);
        both.next = F;
        return both.Counting(Operators + other.Operators + 1);
    }

    private AffineForm? Then(int letter, bool negative, ReadOnlySpan<int> places)
    {
        foreach (int place in places)
        {
            if (place < next) continue;
            AffineForm form = Copy();
            form.Registers[place] = letter;
            form.Negative[place] = negative;
            form.next = place + 1;
            return form.Counting(Operators + 1);
        }
        return null;
    }

    private AffineForm Copy() => new(type, X)
    {
        Z = Z,
        Multiplies = Multiplies,
        Registers = [.. Registers],
        Negative = [.. Negative],
        next = next,
    };

    private AffineForm Counting(int operators)
    {
        Operators = operators;
        return this;
    }

    /// <summary>Runs on n elements in whole vectors.</summary>
    [MethodImpl(Compiled.Once)]
    public void Run(void** registers, void* result, nint n)
    {
        void* x = registers[X], z = Z < 0 ? null : registers[Z];
        if (type == RegisterType.Float32)
        {
            float* letters = stackalloc float[Letters];
            Read(registers, letters);
            Run(x, z, letters, result, n);
        }
        else
        {
            double* letters = stackalloc double[Letters];
            Read(registers, letters);
            Run(x, z, letters, result, n);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Read<T>(void** registers, T* letters) where T : unmanaged, INumber<T>
    {
        for (int i = 0; i < Letters; i++)
        {
            T value = Registers[i] >= 0 ? *(T*)registers[Registers[i]]
                : i is A or D or C ? -T.Zero : T.One;
            letters[i] = Negative[i] ? -value : value;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Run<T>(void* x, void* z, T* letters, void* result, nint n)
        where T : unmanaged, INumber<T>
    {
        var tile = new Tile<T>(x, z, Multiplies, letters, result, n);
        Widest.Run<Tile<T>, T>(ref tile);
    }

    private readonly struct Tile<T>(
        void* x, void* z, bool multiplies, T* letters, void* result, nint n)
        : IAnyWidth<T> where T : unmanaged
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Run<V>() where V : struct, IKernelLanes<V, T>
        {
            if (z == null) OfOne<V>(x, letters, result, n);
            else if (multiplies) ProductOfTwo<V>(x, z, letters, result, n);
            else SumOfTwo<V>(x, z, letters, result, n);
        }
    }

    [MethodImpl(Compiled.Once)]
    private static void OfOne<V>(void* x, void* letters, void* result, nint n)
        where V : struct, IFloatLanes<V>
    {
        V a = V.Broadcast(letters, A), b = V.Broadcast(letters, B);
        V f = V.Broadcast(letters, F), c = V.Broadcast(letters, C);
        for (nint i = 0; i < n; i += V.Count)
            V.Store((V.Load(x, i) + a) * b * f + c, result, i);
    }

    [MethodImpl(Compiled.Once)]
    private static void SumOfTwo<V>(void* x, void* z, void* letters, void* result, nint n)
        where V : struct, IFloatLanes<V>
    {
        V a = V.Broadcast(letters, A), b = V.Broadcast(letters, B);
        V d = V.Broadcast(letters, D), e = V.Broadcast(letters, E);
        V f = V.Broadcast(letters, F), c = V.Broadcast(letters, C);
        for (nint i = 0; i < n; i += V.Count)
            V.Store(
                ((V.Load(x, i) + a) * b + (V.Load(z, i) + d) * e) * f + c, result, i);
    }

    [MethodImpl(Compiled.Once)]
    private static void ProductOfTwo<V>(void* x, void* z, void* letters, void* result, nint n)
        where V : struct, IFloatLanes<V>
    {
        V a = V.Broadcast(letters, A), b = V.Broadcast(letters, B);
        V d = V.Broadcast(letters, D), e = V.Broadcast(letters, E);
        V f = V.Broadcast(letters, F), c = V.Broadcast(letters, C);
        for (nint i = 0; i < n; i += V.Count)
            V.Store(
                (V.Load(x, i) + a) * b * ((V.Load(z, i) + d) * e) * f + c, result, i);
    }
}
