// Rows of element-wise ops.
namespace Engine.OpTests;

internal static partial class OpTable
{
    private static double Truth(bool value) => value ? 1 : 0;

    private static IEnumerable<OpRow> Elementwise()
    {
        yield return Unary("Neg", x => -x, x => -x, Draw.Normal) with
        {
            Errors = [(() => -Tensor.Zeros(2, DType.Bool),
                "Neg: needs a number type, but got bool (2). Use .Cast(DType.Float32), or Where to "
                + "choose by a mask.")],
        };
        yield return Unary("Exp", x => x.Exp(), Math.Exp, Draw.Normal) with
        {
            Errors = [(() => Ints(3).Exp(),
                "Exp: needs float32 or float64, but got int64 (3). Use .Cast(DType.Float32).")],
        };
        yield return Unary("Log", x => x.Log(), Math.Log, Draw.Positive);
        yield return Unary("Sqrt", x => x.Sqrt(), Math.Sqrt, Draw.Positive);
        yield return Unary("Rsqrt", x => x.Rsqrt(), x => 1 / Math.Sqrt(x), Draw.Positive);
        yield return Unary("Square", x => x.Square(), x => x * x, Draw.Normal);
        yield return Unary("Tanh", x => x.Tanh(), Math.Tanh, Draw.Normal);
        yield return Unary("Sigmoid", x => x.Sigmoid(), x => 1 / (1 + Math.Exp(-x)), Draw.Normal);
        yield return Unary(
            "Softplus", x => x.Softplus(),
            x => Math.Max(x, 0) + Math.Log(1 + Math.Exp(-Math.Abs(x))), Draw.Normal);
        yield return Unary("Sin", x => x.Sin(), Math.Sin, Draw.Normal);
        yield return Unary("Cos", x => x.Cos(), Math.Cos, Draw.Normal);
        yield return Unary(
            "Relu", x => x.Relu(), x => double.IsNaN(x) ? x : Math.Max(x, 0), Draw.AwayFromZero);
        yield return Unary("Abs", x => x.Abs(), Math.Abs, Draw.AwayFromZero);
        yield return Unary(
            "Sign", x => x.Sign(), x => double.IsNaN(x) ? x : Math.Sign(x), Draw.AwayFromZero) with
        {
            Differentiable = false,
        };
        yield return Unary(
            "NormalQuantile", x => x.NormalQuantile(), Quantile, Draw.Probability) with
        {
            Tolerance64 = 1e-9,
            GradientTolerance = 1e-5, // third derivatives grow like the cube of the reciprocal tail
            ElementWise = false,
        };
        yield return Unary("Cast", x => x.Cast(DType.Int64).Cast(DType.Float64),
            x => double.IsNaN(x) ? 0 : (long)x, Draw.Normal) with
        {
            Differentiable = false,
        };
        yield return Unary(
            "StopGradient", x => x.StopGradient(), x => x, Draw.Normal) with
        {
            Differentiable = false,
        };

        yield return Binary("Add", (x, y) => x + y, (x, y) => x + y) with
        {
            Errors =
            [
                (() => Of(2, 3) + Of(4, 3),
                    "Add: shapes (2, 3) and (4, 3) do not broadcast: aligned at the right, sizes "
                    + "must be equal or 1. Reshape or transpose one operand."),
                (() => Of(2) + Ints(2),
                    "Add: dtypes float32 (2) and int64 (2) differ. Cast one operand, for example "
                    + "with .Cast(DType.Float32)."),
                (() => Ints(2) + 0.5,
                    "Add: the scalar 0.5 has no int64 value. Cast the tensor to float32 first."),
            ],
        };
        yield return Binary("Sub", (x, y) => x - y, (x, y) => x - y);
        yield return Binary("Mul", (x, y) => x * y, (x, y) => x * y);
        yield return Binary(
            "Div", (x, y) => x / y, (x, y) => x / y, Draw.Normal, Draw.Positive) with
        {
            Errors = [(() => Ints(2) / Ints(2),
                "Div: needs float32 or float64, but got int64 (2). Use .Cast(DType.Float32).")],
        };
        yield return Binary("Pow", (x, y) => x.Pow(y), Math.Pow, Draw.Positive) with
        {
            Tolerance32 = 4e-6,
        };
        yield return Binary(
            "Maximum", Tensor.Maximum,
            (x, y) => double.IsNaN(x) ? x : double.IsNaN(y) ? y : Math.Max(x, y),
            Draw.Normal, Draw.Positive);
        yield return Binary(
            "Minimum", Tensor.Minimum,
            (x, y) => double.IsNaN(x) ? x : double.IsNaN(y) ? y : Math.Min(x, y),
            Draw.Normal, Draw.Positive);
        yield return Predicate("Less", (x, y) => x < y, (x, y) => Truth(x < y));
        yield return Predicate("Greater", (x, y) => x > y, (x, y) => Truth(x > y));
        yield return Predicate("LessOrEqual", (x, y) => x <= y, (x, y) => Truth(x <= y));
        yield return Predicate("GreaterOrEqual", (x, y) => x >= y, (x, y) => Truth(x >= y));
        yield return Predicate("EqualTo", (x, y) => x.Sign().EqualTo(y.Sign()),
            (x, y) => Truth(
                double.IsNaN(x) ? false : Math.Sign(x) == (double.IsNaN(y) ? 9 : Math.Sign(y))));
        yield return Predicate("NotEqualTo", (x, y) => x.Sign().NotEqualTo(y.Sign()),
            (x, y) => Truth(double.IsNaN(x) || double.IsNaN(y) || Math.Sign(x) != Math.Sign(y)));
        yield return Masks("And", (x, y) => x & y, (x, y) => Truth(x != 0 && y != 0)) with
        {
            Errors = [(() => Of(2) & Of(2),
                "And: needs a bool mask, but got float32 (2). Compare first, for example x > 0.")],
        };
        yield return Masks("Or", (x, y) => x | y, (x, y) => Truth(x != 0 || y != 0));
        yield return new(
            "Not", x => !x[0], x => x[0].Map(v => Truth(v == 0)), [Draw.Mask], UnaryCases)
        {
            Differentiable = false,
        };
        yield return new(
            "Where", x => Tensor.Where(x[0], x[1], x[2]),
            x => NArray.Zip(
                NArray.Zip(x[0], x[1], (m, a) => m != 0 ? a : double.NaN),
                NArray.Zip(x[0], x[2], (m, b) => m != 0 ? double.NaN : b),
                (a, b) => double.IsNaN(a) ? b : a),
            [Draw.Mask, Draw.Normal, Draw.Normal],
            [new([3, 5], [3, 5], [3, 5]), new([2, 1], [3], []), new([], [], []),
                new([4], [2, 1], [4]), new([0], [1], [])])
        {
            Errors = [(() => Tensor.Where(Of(2), Of(2), Of(2)),
                "Where: needs a bool mask, but got float32 (2). Compare first, for example "
                + "x > 0.")],
        };
    }

    private static OpRow Predicate(
        string name, Func<Tensor, Tensor, Tensor> f, Func<double, double, double> reference) =>
        Binary(name, f, reference) with { Differentiable = false };

    private static OpRow Masks(
        string name, Func<Tensor, Tensor, Tensor> f, Func<double, double, double> reference) =>
        Binary(name, f, reference, Draw.Mask, Draw.Mask) with
        {
            Differentiable = false,
            ElementWise = false,
        };

    /// <summary>The normal quantile by bisection on the distribution function.</summary>
    private static double Quantile(double p)
    {
        double low = -10, high = 10;
        for (int i = 0; i < 200; i++)
        {
            double x = (low + high) / 2;
            double below = x < 0
                ? 0.5 * Special.Erfc(-x / Math.Sqrt(2))
                : 1 - 0.5 * Special.Erfc(x / Math.Sqrt(2));
            if (below < p) low = x;
            else high = x;
        }
        return (low + high) / 2;
    }
}
