// What must hold of every program, whatever it does. Each check throws a RandomFailure that prints
// the program, shrunk to what fails.
namespace Engine.OpTests;

/// <summary>A program lacks a property.</summary>
internal sealed class RandomFailure(string message) : Exception(message);

/// <summary>The properties of programs.</summary>
internal static class RandomChecks
{
    private const double Tolerance = 1e-11;

    // Central differences of fourth order: truncation h^4, rounding 1e-16 / h.
    private const double Step = 1e-4, DifferenceTolerance = 2e-7;

    private static readonly Device Reference = new(new ReferenceBackend());
    private static long slopes, kinks;

    /// <summary>The share of slopes that a kink nearby left undecided.</summary>
    public static double Undecided => slopes == 0 ? 0 : (double)kinks / slopes;

    /// <summary>All checks on one program; what fails is shrunk and printed.</summary>
    public static void Run(RandomProgram program, params ReadOnlySpan<string> only)
    {
        foreach (var (name, check) in All)
        {
            if ((only.Length > 0 && !only.Contains(name)) || Complaint(check, program) is null)
                continue;
            RandomProgram small = program.Shrunk(p => Complaint(check, p) is not null);
            throw new RandomFailure($"{name}: {Complaint(check, small)}\n{small}");
        }
    }

    private static (string Name, Action<RandomProgram> Check)[] All { get; } =
    [
        ("Compiled", Compiled), ("Batched", Batched), ("Devices", Devices),
        ("Gradient", Gradient), ("SecondOrder", SecondOrder), ("Transforms", Transforms),
    ];

    private static string? Complaint(Action<RandomProgram> check, RandomProgram program)
    {
        try
        {
            check(program);
            return null;
        }
        catch (RandomFailure failure)
        {
            return failure.Message;
        }
    }

    /// <summary>
    /// Compiled, values and gradients have the bits they have when evaluated as one, in float64
    /// and float32, and replayed with other inputs too: no value of the first is left in the plan.
    /// </summary>
    private static void Compiled(RandomProgram program)
    {
        foreach (DType type in (DType[])[DType.Float64, DType.Float32])
        {
            if (type == DType.Float32 && !IsSingle(program)) return;
            Func<Leaves, Leaves> run = t => new(program.Run(t.Items));
            Func<Leaves, Leaves> compiled = Compile.Of(run);
            // With the value: what is computed together decides which sums are.
            var gradient = Grad.WithValue((Leaves t) => program.Loss(t.Items));
            var compiledGradient = Compile.Of(gradient);
            for (int k = 0; k < 2; k++)
            {
                var x = new Leaves(Array.ConvertAll(program.Inputs, t =>
                    t.DType.IsFloat() ? Varied(t, k).Cast(type).Eval() : Varied(t, k)));
                string where = $"{(k == 0 ? "" : "and replayed ")}{type.Name()}";
                Leaves plain = run(x);
                Tree.Eval(plain);
                Near($"compiled {where} values", plain.Items, compiled(x).Items, 0);
                Near($"compiled {where} gradients",
                    Flat(gradient(x)), Flat(compiledGradient(x)), 0);
            }
        }
    }

    private static Tensor[] Flat((Tensor Value, Leaves Gradient) result) =>
        [result.Value, .. result.Gradient.Items];

    /// <summary>Programs with constants of float64 run in that type alone.</summary>
    private static bool IsSingle(RandomProgram program) =>
        !program.Lines.Any(line => line.Text.Contains("Float64", StringComparison.Ordinal));

    /// <summary>
    /// A batch gives what its elements give one by one, with some inputs shared by all.
    /// </summary>
    private static void Batched(RandomProgram program)
    {
        const int size = 3;
        var random = new Random((int)program.Seed);
        bool[] batched = Array.ConvertAll(program.Inputs, _ => random.Next(3) > 0);
        batched[random.Next(batched.Length)] = true;
        Tensor[][] elements = [.. Enumerable.Range(0, size).Select(k =>
            program.Inputs.Select((t, i) => batched[i] ? Varied(t, k) : t).ToArray())];
        Tensor[] stacked = [.. program.Inputs.Select((t, i) => batched[i]
            ? Tensor.Stack([.. elements.Select(e => e[i])])
            : t)];
        Axis axes = Axis.By(path => batched[int.Parse(path)] ? 0 : null);
        Tensor[] values = Vmap.Of((Tensor[] x) => program.Run(x), axes)(stacked);
        var gradient = Grad.Of((Leaves t) => program.Loss(t.Items));
        Leaves gradients = Vmap.Of(gradient, axes, chunk: program.Seed % 2 == 0 ? 2 : 0)(
            new Leaves(stacked));
        for (int k = 0; k < size; k++)
        {
            int element = k;
            Near("batched values", program.Run(elements[k]),
                Array.ConvertAll(values, y => y[element]));
            Near("batched gradients", gradient(new(elements[k])).Items,
                Array.ConvertAll(gradients.Items, y => y[element]));
        }
    }

    /// <summary>
    /// Element k of a batch; where a number decides (an index, an order), it stays in its range.
    /// </summary>
    private static Tensor Varied(Tensor x, int k) =>
        x.DType == DType.Float64 ? (x * (1 + 0.31 * k) - 0.17 * k).Eval()
        : k == 1 ? x.Flip().Eval() : x;

    /// <summary>The CPU computes what plain loops compute, backwards too.</summary>
    private static void Devices(RandomProgram program)
    {
        Tensor[] moved = Array.ConvertAll(program.Inputs, x => x.To(Reference));
        Near("values of plain loops", Back(program.Run(moved)), program.Run(program.Inputs));
        var gradient = Grad.Of((Leaves t) => program.Loss(t.Items));
        Near("gradients of plain loops", Back(gradient(new(moved)).Items),
            gradient(new(program.Inputs)).Items);
    }

    private static Tensor[] Back(Tensor[] tensors) => Array.ConvertAll(
        tensors, x => x.IsSymbolicZero ? x : x.Eval().To(Device.Cpu));

    /// <summary>The gradient along a direction is the slope along it.</summary>
    private static void Gradient(RandomProgram program) =>
        Slope(program, t => program.Loss(t), 1);

    /// <summary>So is the gradient of the gradient along another direction.</summary>
    private static void SecondOrder(RandomProgram program)
    {
        Tensor[] w = Direction(program, 2);
        Slope(program, x => Dot(Grad.Of((Leaves t) => program.Loss(t.Items))(new(x)).Items, w), 2);
    }

    private static void Slope(RandomProgram program, Func<Tensor[], Tensor> loss, int order)
    {
        if (!program.Inputs.Any(x => x.DType.IsFloat() && x.Count > 0)) return;
        Tensor[] v = Direction(program, 1);
        Leaves gradient = Grad.Of((Leaves t) => loss(t.Items))(new(program.Inputs));
        double analytic = Dot(gradient.Items, v).Item();
        var at = Compile.Of((Tensor h) => loss([.. program.Inputs.Zip(v, (x, d) =>
            x.DType.IsFloat() ? x + h * d : x)]));
        double At(double h) => at(Tensor.Scalar(h)).Item();
        double Difference(double h) => (8 * (At(h) - At(-h)) - (At(2 * h) - At(-2 * h))) / (12 * h);
        double wide = Difference(Step), narrow = Difference(Step / 2), here = At(0);
        double left = (here - At(-Step)) / Step, right = (At(Step) - here) / Step;
        double size = Math.Max(0.1, Math.Max(Math.Abs(analytic), Math.Abs(wide)));
        Interlocked.Increment(ref slopes);
        if (Math.Abs(wide - narrow) > DifferenceTolerance * size
            || Math.Abs(right - left) > 0.02 * size)
        {
            Interlocked.Increment(ref kinks);
            return;
        }
        if (!(Math.Abs(analytic - narrow) <= 10 * DifferenceTolerance * size))
            throw new RandomFailure($"the derivative of order {order} is {analytic:R}, but "
                + $"differences give {narrow:R}");
    }

    private static Tensor[] Direction(RandomProgram program, int seed)
    {
        var random = new Random((int)program.Seed + 1000 * seed);
        return Array.ConvertAll(program.Inputs, x => x.DType.IsFloat()
            ? Tensor.From([.. Enumerable.Range(0, (int)x.Count).Select(
                _ => 2 * random.NextDouble() - 1)], x.Shape)
            : x);
    }

    private static Tensor Dot(Tensor[] gradient, Tensor[] direction)
    {
        Tensor sum = Tensor.Zeros(Shape.Of(), DType.Float64);
        for (int i = 0; i < gradient.Length; i++)
            if (!gradient[i].IsSymbolicZero)
                sum += (gradient[i] * direction[i]).Sum();
        return sum;
    }

    /// <summary>
    /// Forward mode gives the slope that reverse mode gives; computing again changes nothing.
    /// </summary>
    private static void Transforms(RandomProgram program)
    {
        var x = new Leaves(program.Inputs);
        var v = new Leaves(Direction(program, 1));
        var loss = (Leaves t) => program.Loss(t.Items);
        Leaves g = Grad.Of(loss)(x);
        Tensor slope = Dot(g.Items, v.Items);
        Near("forward mode", [slope], [Jvp.Of(loss)(x, v).Tangent]);
        Leaves again = Grad.Of(Remat.Of(loss))(x);
        Near("gradients computed again", g.Items, again.Items);
    }

    /// <summary>
    /// Within a tolerance of the largest element, or bit for bit for a tolerance of 0.
    /// </summary>
    private static void Near(
        string what, Tensor[] expected, Tensor[] actual, double tolerance = Tolerance)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            if (expected[i].IsSymbolicZero && actual[i].IsSymbolicZero) continue;
            bool near = expected[i].Shape == actual[i].Shape && (tolerance == 0
                ? expected[i].ToRaw().AsSpan().SequenceEqual(actual[i].ToRaw())
                : Close(expected[i].ToDoubles(), actual[i].ToDoubles(), tolerance));
            if (!near)
                throw new RandomFailure($"{what}: result {i} is\n{actual[i]}, not\n{expected[i]}");
        }
    }

    private static bool Close(double[] a, double[] b, double tolerance)
    {
        double scale = a.Select(Math.Abs).DefaultIfEmpty(0).Max() + 1e-2;
        return a.Zip(b).All(pair => Math.Abs(pair.First - pair.Second) <= tolerance * scale);
    }
}
