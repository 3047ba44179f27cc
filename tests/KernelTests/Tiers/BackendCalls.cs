// A call of every family of kernels behind the backend, in the shapes that choose between them.
using Engine;
using Engine.Kernels;

namespace KernelTests.Tiers;

internal static class BackendCalls
{
    private static readonly CpuBackend Backend = new(1);
    private static readonly DType[] Floats = [DType.Float32, DType.Float64];
    private static readonly DType[] Numbers =
        [DType.Float32, DType.Float64, DType.Int32, DType.Int64];

    public static IEnumerable<Action> All() =>
    [
        .. Numbers.SelectMany(Reductions), .. Numbers.SelectMany(Moves), .. Random(),
        .. Floats.SelectMany(Forms), .. Floats.SelectMany(Products),
        .. Floats.SelectMany(Convolutions), .. Floats.SelectMany(Pooling),
        .. Floats.SelectMany(Factors),
    ];

    /// <summary>
    /// A call that takes long, of what is compiled once and settles at its first call: a weight
    /// gradient of so many tiles that sums of them are summed.
    /// </summary>
    public static void Large()
    {
        var s = new ConvolutionShape(8, 1, 16, 132, 190, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1);
        Operand x = New(DType.Float32, 8, 1, 16, 132, 190);
        Operand dw = New(DType.Float32, 8, 16, 16, 3, 3);
        Backend.WeightGradient(s, x, x, dw);
    }

    private static Operand New(DType type, params long[] sizes) =>
        Views.Random(Backend, new Random(1), type, sizes, contiguous: true);

    private static Operand View(Operand x, long[] sizes, long[] strides) =>
        x with { Layout = new Layout(sizes, strides) };

    /// <summary>Rows, rows that lie together, and columns, few and many; alone and fused.</summary>
    private static IEnumerable<Action> Reductions(DType type)
    {
        long[][] shapes =
            [[3, 700], [3, 5, 40], [4, 3, 40], [3, 700], [130, 50], [200, 3], [300, 300]];
        long[][] results =
            [[3, 1], [1, 5, 1], [4, 1, 1], [1, 1], [1, 50], [1, 3], [300, 1]];
        RegisterType register = Registers.Of(type);
        TileProgram program = new(
            [register, register], [],
            [new(TileKernels.NumberBinary<Plus>(type), 0, 1)], [2]);
        foreach (ReduceKind kind in Enum.GetValues<ReduceKind>())
            for (int i = 0; i < shapes.Length; i++)
            {
                Operand x = New(type, shapes[i]), y = New(type, results[i]);
                yield return () => Backend.Reduce(kind, x, y);
                yield return () => Backend.Reduce(kind, program, x.Layout, [x, x], [y]);
            }
    }

    /// <summary>Copies, fills, rows by index, order and running sums.</summary>
    private static IEnumerable<Action> Moves(DType type)
    {
        Operand x = New(type, 40, 50), y = New(type, 40, 50), z = New(type, 50, 40);
        Operand transposed = View(x, [50, 40], [1, 50]), rows = View(x, [40, 50], [0, 1]);
        Operand columns = View(x, [40, 50], [50, 0]), half = View(x, [40, 25], [50, 2]);
        Operand packed = New(type, 40, 25), order = New(DType.Int64, 40, 50);
        yield return () => Backend.Copy(x, y);
        yield return () => Backend.Copy(transposed, z);
        yield return () => Backend.Copy(rows, y);
        yield return () => Backend.Copy(columns, y);
        yield return () => Backend.Copy(half, packed);
        yield return () => Backend.Copy(packed, half);
        yield return () => Backend.Fill(y, 1);
        foreach (DType of in (DType[])[DType.Int32, DType.Int64])
        {
            Operand index = Views.New(Backend, of, 2, 7);
            Backend.Fill(index, 1);
            foreach (long inner in (long[])[1, 3, 100])
            {
                Operand table = New(type, 2, 5, inner), chosen = New(type, 2, 7, inner);
                yield return () => Backend.Gather(table, index, chosen);
                yield return () => Backend.ScatterAdd(chosen, index, table);
            }
        }
        Operand best = New(DType.Int64, 40);
        yield return () => Backend.ArgMax(x, best);
        yield return () => Backend.ArgMax(View(x, [40, 25], [50, 2]), best);
        yield return () => Backend.ArgSort(x, order);
        foreach (bool reverse in (bool[])[false, true])
        {
            foreach (long[] sizes in (long[][])[[40, 50, 1], [4, 10, 50]])
            {
                Layout layout = Layout.Contiguous(sizes);
                Operand from = x with { Layout = layout }, to = y with { Layout = layout };
                yield return () => Backend.CumSum(from, to, reverse);
            }
        }
    }

    private static IEnumerable<Action> Random()
    {
        Operand key = Views.New(Backend, DType.Int32, 2, 2);
        Backend.Fill(key, 5);
        foreach (DType type in (DType[])[DType.Int32, DType.Int64])
        {
            Operand y = Views.New(Backend, type, 2, 203);
            yield return () => Backend.RandomBits(key, y);
        }
    }

    /// <summary>Sums and products of single elements, and inputs loaded in every way.</summary>
    private static IEnumerable<Action> Forms(DType type)
    {
        RegisterType f = Registers.Of(type), mask = Registers.MaskFor(f);
        TileKernel plus = TileKernels.NumberBinary<Plus>(type);
        TileKernel times = TileKernels.NumberBinary<Times>(type);
        Operand x = New(type, 3, 200), y = New(type, 3, 200), z = New(type, 3, 200);
        Operand one = View(New(type, 1), [3, 200], [0, 0]), row = View(x, [3, 200], [0, 1]);
        Operand column = View(x, [3, 200], [200, 0]);
        Operand gaps = View(New(type, 1200), [3, 200], [400, 2]);
        Operand bools = New(DType.Bool, 3, 200), bits = View(bools, [3, 200], [1, 3]);
        // (x + a) b, and two such brackets added or multiplied.
        var single = new TileProgram(
            [f, f], [], [new(plus, 0, 1), new(times, 2, 1)], [3]);
        var sum = new TileProgram(
            [f, f, f], [],
            [new(plus, 0, 2), new(times, 1, 2), new(plus, 3, 4), new(times, 5, 2)], [6]);
        var product = new TileProgram(
            [f, f, f], [],
            [new(plus, 0, 2), new(plus, 1, 2), new(times, 3, 4), new(times, 5, 2)], [6]);
        yield return () => Backend.Elementwise(single, [x, one], [z]);
        yield return () => Backend.Elementwise(sum, [x, y, one], [z]);
        yield return () => Backend.Elementwise(product, [x, y, one], [z]);
        foreach (Operand input in (Operand[])[row, column, gaps])
            yield return () => Backend.Elementwise(single, [input, x], [z]);
        var select = new TileProgram(
            [mask, f, f], [],
            [new(TileKernels.Select(f), 0, 1, 2), new(TileKernels.Compare<Below>(type), 1, 2)],
            [3, 4]);
        Operand masks = New(DType.Bool, 3, 200);
        foreach (Operand input in (Operand[])[bools, bits, View(bools, [3, 200], [0, 0])])
            yield return () => Backend.Elementwise(select, [input, x, y], [z, masks]);
    }

    /// <summary>Small, packed and transposed products; epilogues of all forms.</summary>
    private static IEnumerable<Action> Products(DType type)
    {
        long[][] sizes =
        [
            [1, 3, 4, 5], [2, 8, 8, 8], [3, 17, 30, 33], [1, 64, 64, 64], [1, 130, 140, 150],
            [1, 300, 40, 1], [1, 1, 300, 40], [1, 40, 300, 2], [4, 2, 500, 3], [1, 7, 1, 60],
        ];
        foreach (long[] s in sizes)
        {
            (long batch, long m, long k, long n) = (s[0], s[1], s[2], s[3]);
            Operand a = New(type, batch, m, k), b = New(type, batch, k, n);
            Operand at = View(a, [batch, m, k], [m * k, 1, m]);
            Operand bt = View(b, [batch, k, n], [k * n, 1, k]);
            Operand c = New(type, batch, m, n);
            yield return () => Backend.MatMul(a, b, c);
            yield return () => Backend.MatMul(at, b, c);
            yield return () => Backend.MatMul(a, bt, c);
            yield return () => Backend.MatMul(at, bt, c);
        }
        foreach (long width in (long[])[8, 16, 40])
        {
            Operand a = New(type, 2, 9, 20), b = New(type, 2, 20, width);
            Operand c = New(type, 2, 9, width), y = New(type, 2, 9, width);
            foreach (TileProgram program in Epilogues(type))
            {
                Operand[] others = [.. program.Inputs.Skip(1).Select(_ => y)];
                yield return () => Backend.MatMul(a, b, c, new Epilogue(program, others));
            }
        }
    }

    private static IEnumerable<TileProgram> Epilogues(DType type)
    {
        RegisterType f = Registers.Of(type);
        TileKernel plus = TileKernels.NumberBinary<Plus>(type);
        TileKernel relu = TileKernels.NumberUnary<Rectified>(type);
        TileKernel less = TileKernels.Compare<Below>(type);
        for (int added = 0; added < 3; added++)
            for (int end = 0; end < 3; end++)
            {
                int inputs = 1 + added + (end == 2 ? 1 : 0), last = inputs + 1;
                TileKernel opposite = TileKernels.NumberUnary<Opposite>(type);
                var steps = new List<TileInstruction> { new(opposite, 0) };
                for (int i = 0; i < added; i++) steps.Add(new(plus, last++, i + 1));
                if (end == 1) steps.Add(new(relu, last++));
                if (end == 2)
                {
                    steps.Add(new(less, inputs, inputs - 1));
                    steps.Add(new(TileKernels.Select(f), last + 1, last, inputs));
                    last += 2;
                }
                yield return new TileProgram(
                    [.. Enumerable.Repeat(f, inputs)], [new(f, 0)], [.. steps], [last]);
            }
        // Of no row form: register by register.
        yield return new TileProgram([f, f], [], [new(relu, 0), new(plus, 2, 1)], [3]);
    }

    /// <summary>
    /// Winograd's method for many and few images and transposed, shifted planes and flat ones.
    /// </summary>
    private static IEnumerable<Action> Convolutions(DType type)
    {
        RegisterType f = Registers.Of(type);
        var bias = new TileProgram(
            [f, f], [], [new(TileKernels.NumberBinary<Plus>(type), 0, 1)], [2]);
        ConvolutionShape[] shapes =
        [
            new(1, 2, 16, 10, 210, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1),
            new(1, 5, 16, 14, 13, 17, 3, 3, 1, 1, 1, 1, 1, 1, 1),
            new(2, 3, 16, 3, 3, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1),
            new(1, 26, 17, 12, 11, 18, 5, 5, 1, 1, 2, 2, 1, 1, 1),
            new(2, 26, 16, 8, 9, 16, 5, 5, 1, 1, 0, 0, 1, 1, 1),
            new(1, 3, 1, 12, 12, 8, 3, 3, 1, 1, 1, 1, 1, 1, 1),
            new(2, 2, 4, 9, 11, 17, 3, 3, 1, 1, 1, 1, 1, 1, 1),
            new(1, 3, 8, 9, 11, 6, 3, 3, 2, 2, 1, 1, 1, 1, 1),
            new(1, 2, 6, 12, 10, 4, 5, 3, 1, 2, 2, 3, 2, 1, 2),
            new(1, 2, 8, 6, 6, 20, 1, 1, 1, 1, 0, 0, 1, 1, 1),
        ];
        foreach (ConvolutionShape s in shapes)
        {
            Operand x = New(type, s.Tasks, s.Batch, s.Channels, s.Height, s.Width);
            Operand w = New(
                type, s.Tasks, s.Filters, s.GroupChannels, s.KernelHeight, s.KernelWidth);
            long[] sizes = [s.Tasks, s.Batch, s.Filters, s.OutHeight, s.OutWidth];
            Operand y = New(type, sizes);
            Operand b = View(New(type, s.Filters), sizes, [0, 0, 1, 0, 0]);
            Operand[] others = [b];
            yield return () => Backend.Convolution(s, x, w, y);
            yield return () => Backend.Convolution(s, x, w, y, new Epilogue(bias, others));
            yield return () => Backend.InputGradient(s, y, w, x);
            yield return () => Backend.WeightGradient(s, x, y, w);
        }
    }

    private static IEnumerable<Action> Pooling(DType type)
    {
        RegisterType f = Registers.Of(type);
        var program = new TileProgram(
            [f, f], [], [new(TileKernels.NumberBinary<Plus>(type), 0, 1)], [2]);
        foreach (PoolShape s in (PoolShape[])[
            new(14, 14, 2, 2, 0), new(15, 7, 2, 2, 0), new(4, 40, 2, 2, 0), new(9, 9, 3, 2, 1)])
        {
            Operand x = New(type, 3, s.Height, s.Width), g = New(type, 3, s.OutHeight, s.OutWidth);
            Operand positions = New(DType.Int32, 3, s.OutHeight, s.OutWidth);
            Backend.MaxPoolIndices(s, x, positions);
            yield return () => Backend.MaxPoolIndices(s, x, positions);
            yield return () => Backend.MaxPool(
                s, program, x.Layout, [x, x], g, positions);
            yield return () => Backend.MaxUnpool(s, g, positions, x);
        }
    }

    /// <summary>Factorisations and triangular systems.</summary>
    private static IEnumerable<Action> Factors(DType type)
    {
        const int n = 12;
        Operand x = New(type, 2, n, n), y = New(type, 2, n, n), f = New(type, 2, n + 1, n);
        // Symmetric and positive definite.
        for (int i = 0; i < 2 * n * n; i++)
            Views.Set(x, i, i % n == i / n % n ? n : 0.1 * (i % n + i / n % n));
        Operand right = New(type, 2, n, 5), result = New(type, 2, n, 5);
        yield return () => Backend.Cholesky(x, y);
        yield return () => Backend.Lu(x, f);
        yield return () => Backend.Eigh(x, f);
        for (int i = 0; i < 8; i++)
        {
            var triangle = new Triangle((i & 1) != 0, (i & 2) != 0, (i & 4) != 0);
            yield return () => Backend.TriangularSolve(x, right, result, triangle);
        }
    }
}
