// The properties of an op, each a function that throws when it does not hold. The generated tests
// call them on every row and device; the tests of the tests call them on planted bugs.
namespace Engine.OpTests;

/// <summary>What must hold of every op.</summary>
internal static class OpProperties
{
    /// <summary>
    /// Values in float64 and float32 against the naive reference, on every kind of view.
    /// </summary>
    public static void Value(OpRow row, Device device)
    {
        foreach (Case c in row.Cases)
        {
            Tensor[] x = row.Inputs(c, device);
            NArray expected = row.Reference([.. x.Select(NArray.From)]);
            Near(row, expected, row.Apply(x), row.Tolerance64, $"float64 {Text(c)}");
            foreach (var (kind, view) in OpViews.All)
                Near(row, expected, row.Apply([.. x.Select(view)]), row.Tolerance64,
                    $"float64 {kind} {Text(c)}");

            Tensor[] single = [.. x.Select(t => To(t, DType.Float32))];
            NArray rounded = row.Reference([.. single.Select(NArray.From)]);
            Near(row, rounded, row.Apply(single), row.Tolerance32, $"float32 {Text(c)}");
        }
    }

    /// <summary>NaN, infinities and signed zeros pass as the reference passes them.</summary>
    public static void SpecialValues(OpRow row, Device device)
    {
        if (!row.ElementWise) return;
        double[] special = [0.0, -0.0, 1, -1, double.NaN, double.PositiveInfinity,
            double.NegativeInfinity, 1e-300, -1e-300, 1e300];
        var inputs = new Tensor[row.Draws.Length];
        for (int i = 0; i < inputs.Length; i++)
        {
            Tensor values = Tensor.From(special).To(device);
            inputs[i] = i == 0 && inputs.Length > 1
                ? values.ExpandDims(1).BroadcastTo([special.Length, special.Length])
                : values;
        }
        NArray expected = row.Reference([.. inputs.Select(NArray.From)]);
        double tolerance = Math.Max(row.Tolerance64, 1e-15);
        Near(row, expected, row.Apply(inputs), tolerance, "special values", elementwise: true);
    }

    /// <summary>
    /// Vjp (order 1) or the gradient of the gradient (order 2) against central differences.
    /// </summary>
    public static void Gradient(OpRow row, Device device, int order)
    {
        if (!row.Differentiable) return;
        foreach (Case c in row.Cases)
        {
            Tensor[] x = row.Inputs(c, device, seed: order);
            if (x.All(t => t.Count == 0 || !t.DType.IsFloat())) continue;
            GradCheckResult result =
                GradCheck.Run((Leaves t) => row.Apply(t.Items), new Leaves(x), order, 1e-3);
            if (!(result.Error <= row.GradientTolerance))
                throw new OpFailure(row, $"{Text(c)}: {result}");
        }
    }

    /// <summary>Rules of piecewise constant ops say that nothing flows.</summary>
    public static void NoGradient(OpRow row, Device device)
    {
        if (row.Differentiable) return;
        foreach (Case c in row.Cases)
        {
            Tensor[] x = row.Inputs(c, device);
            if (!x.Any(t => t.DType.IsFloat()) || !row.Apply(x).DType.IsFloat()) continue;
            foreach (Tensor g in Grad.Of((Leaves t) => row.Apply(t.Items).Sum())(new(x)).Items)
                if (g.ToDoubles().Any(v => v != 0))
                    throw new OpFailure(row, $"{Text(c)}: a derivative flows through it");
        }
    }

    /// <summary>The dot-product identity of the two modes: u . (J v) = (J' u) . v.</summary>
    public static void DotProduct(OpRow row, Device device)
    {
        if (!row.Differentiable) return;
        foreach (Case c in row.Cases)
        {
            Tensor[] x = row.Inputs(c, device);
            var (y, pullback) = Vjp.Of((Leaves t) => row.Apply(t.Items))(new(x));
            Key[] keys = Key.From(7).Split(x.Length + 1);
            Tensor u = keys[^1].Normal(y.Shape, DType.Float64);
            Tensor[] v = [.. x.Select(
                (t, i) => t.DType.IsFloat() ? keys[i].Normal(t.Shape, DType.Float64) : t)];
            Tensor tangent = Jvp.Of((Leaves t) => row.Apply(t.Items))(new(x), new(v)).Tangent;
            double forward = (u * tangent).Sum().Item(), reverse = 0, size = 1e-3;
            foreach (var (g, w) in pullback(u).Items.Zip(v))
                if (w.DType.IsFloat())
                {
                    reverse += (g * w).Sum().Item();
                    size += (g * w).Abs().Sum().Item();
                }
            if (!(Math.Abs(forward - reverse) <= 1e-11 * size))
                throw new OpFailure(row, $"{Text(c)}: u.Jv = {forward:R}, J'u.v = {reverse:R}");
        }
    }

    /// <summary>
    /// Vmap equals a loop and Stack, for every place of the batch axis and none, and of the
    /// result's.
    /// </summary>
    public static void Batched(OpRow row, Device device)
    {
        foreach (Case c in row.Cases)
            foreach (int size in (int[])[3, 1, 0])
                foreach (int[] axes in Placements(row, c))
                    Batched(row, device, c, size, axes);
    }

    private static void Batched(OpRow row, Device device, Case c, int size, int[] axes)
    {
        // axes[i] is where the batch stands in input i, -1 for shared.
        Tensor[] one = row.Inputs(c, device);
        Tensor[][] elements = [.. Enumerable.Range(0, Math.Max(size, 1)).Select(
            k => row.Inputs(c, device, seed: 10 + k)
                .Select((t, i) => axes[i] < 0 ? one[i] : t).ToArray())];
        Tensor single = row.Apply(elements[0]);
        var batch = new Tensor[one.Length];
        for (int i = 0; i < batch.Length; i++)
            batch[i] = axes[i] < 0 ? one[i] : size == 0
                ? Tensor.Zeros(one[i].Shape.Insert(axes[i], 0), one[i].DType)
                : Tensor.Stack([.. elements.Select(e => e[i])], axes[i]);
        for (int outAxis = 0; outAxis <= single.Rank; outAxis += Math.Max(1, single.Rank))
        {
            Tensor result = Map(row, batch, axes, outAxis);
            string place = $"{Text(c)}, {size} at axes [{string.Join(", ", axes)}] to {outAxis}";
            if (size == 0)
            {
                if (result.Shape != single.Shape.Insert(outAxis, 0))
                    throw new OpFailure(row, $"{place}: an empty batch gave {result.Shape}");
                result.Eval();
                continue;
            }
            Tensor expected = Tensor.Stack([.. elements.Select(row.Apply)], outAxis);
            Near(row, NArray.From(expected), result, Math.Max(row.Tolerance64, 1e-13), place);
        }
    }

    private static Tensor Map(OpRow row, Tensor[] x, int[] axes, int outAxis)
    {
        Axis At(int i) => (int?)(axes[i] < 0 ? null : axes[i]);
        Axis result = (int?)outAxis;
        return x.Length switch
        {
            1 => Vmap.Of((Tensor a) => row.Apply([a]), At(0), result)(x[0]),
            2 => Vmap.Of(
                (Tensor a, Tensor b) => row.Apply([a, b]), (At(0), At(1)), result)(x[0], x[1]),
            _ => Vmap.Of(
                (Tensor a, Tensor b, Tensor d) => row.Apply([a, b, d]), (At(0), At(1), At(2)),
                result)(x[0], x[1], x[2]),
        };
    }

    private static IEnumerable<int[]> Placements(OpRow row, Case c)
    {
        int n = row.Draws.Length;
        int[] choices = [.. c.Shapes.Select(s => s.Length + 2)];
        foreach (int[] at in NArray.Places(choices))
        {
            int[] axes = [.. at.Select(i => i - 1)];
            // First, last and middle axes of every input, but no full product of three inputs.
            bool edges = n < 3 || axes.All(a => a <= 0);
            if (edges && axes.Any(a => a >= 0)) yield return axes;
        }
    }

    /// <summary>
    /// The device gives what the backend of plain loops gives, forwards and backwards.
    /// </summary>
    public static void Devices(OpRow row, Device device)
    {
        var reference = new Device(new ReferenceBackend());
        foreach (Case c in row.Cases)
        {
            Tensor[] x = row.Inputs(c, device);
            Tensor[] moved = [.. x.Select(t => t.To(reference))];
            Tensor y = row.Apply(x), z = row.Apply(moved);
            Near(row, NArray.From(z.Eval().To(Device.Cpu)), y, row.Tolerance64,
                $"devices {Text(c)}");
            if (!row.Differentiable) continue;
            Tensor[] g = Grad.Of((Leaves t) => row.Apply(t.Items).Square().Sum())(new(x)).Items;
            Tensor[] h = Grad.Of((Leaves t) => row.Apply(t.Items).Square().Sum())(new(moved)).Items;
            for (int i = 0; i < g.Length; i++)
                if (!g[i].IsSymbolicZero)
                    Near(row, NArray.From(h[i].Eval().To(Device.Cpu)), g[i],
                        Math.Max(1e-12, row.Tolerance64), $"gradient on devices {Text(c)}");
        }
    }

    /// <summary>
    /// Compiled, the op and its gradient give the same bits as without, and do so when replayed
    /// with other values.
    /// </summary>
    public static void Compiled(OpRow row, Device device)
    {
        foreach (Case c in row.Cases)
        {
            var compiled = Compile.Of((Leaves t) => row.Apply(t.Items));
            var gradient = Grad.Of((Leaves t) => row.Apply(t.Items).Square().Sum());
            var compiledGradient = Compile.Of(gradient);
            for (int seed = 0; seed < 2; seed++)
            {
                var x = new Leaves(row.Inputs(c, device, seed));
                string where = seed == 0 ? Text(c) : $"replayed {Text(c)}";
                Same(row, row.Apply(x.Items), compiled(x), where);
                if (!row.Differentiable) continue;
                Leaves plain = gradient(x), replayed = compiledGradient(x);
                for (int i = 0; i < plain.Items.Length; i++)
                    Same(row, plain.Items[i], replayed.Items[i], $"gradient {where}");
            }
        }
    }

    private static void Same(OpRow row, Tensor a, Tensor b, string where)
    {
        if (a.Shape != b.Shape || !a.ToRaw().AsSpan().SequenceEqual(b.ToRaw()))
            throw new OpFailure(row, $"compiled {where}: {b} is not {a}");
    }

    /// <summary>Wrong uses throw, with the texts the row gives.</summary>
    public static void ErrorTexts(OpRow row)
    {
        foreach (var (call, message) in row.Errors)
        {
            string? text = null;
            try
            {
                call();
            }
            catch (EngineException e)
            {
                text = e.Message;
            }
            if (text != message)
                throw new OpFailure(
                    row, $"expected error\n  {message}\nbut got\n  {text ?? "none"}");
        }
    }

    private static void Near(
        OpRow row, NArray expected, Tensor result, double tolerance, string where,
        bool elementwise = false)
    {
        if (!result.Shape.Sizes.SequenceEqual(expected.Sizes))
            throw new OpFailure(
                row, $"{where}: shape {result.Shape}, not ({string.Join(", ", expected.Sizes)})");
        double[] values = result.ToDoubles();
        double scale = expected.Values.Where(double.IsFinite).Select(Math.Abs)
            .DefaultIfEmpty(0).Max();
        for (int i = 0; i < values.Length; i++)
        {
            double a = expected.Values[i], b = values[i];
            double size = elementwise ? Math.Abs(a) : scale;
            bool same = a.Equals(b) || a == b || Math.Abs(a - b) <= tolerance * size
                || (elementwise && Math.Abs(a - b) <= 1e-300);
            if (!same) throw new OpFailure(row, $"{where}: element {i} is {b:R}, not {a:R}");
        }
    }

    private static Tensor To(Tensor x, DType type) =>
        x.DType == DType.Float64 ? x.Cast(type).Eval() : x;

    private static string Text(Case c) =>
        string.Join(" ", c.Shapes.Select(s => $"({string.Join(",", s)})"));
}

/// <summary>An op lacks a property.</summary>
internal sealed class OpFailure(OpRow row, string message) : Exception($"{row.Name}: {message}");

/// <summary>A list of tensors as a tree.</summary>
internal sealed record Leaves(Tensor[] Items) : ITree
{
    public ITree Rebuild(TreeMap map)
    {
        var items = new Tensor[Items.Length];
        for (int i = 0; i < items.Length; i++) items[i] = map.Leaf($"{i}", Items[i]);
        return new Leaves(items);
    }
}
