// Rows of special functions, activations, rounding and bounds.
namespace Engine.OpTests;

internal static partial class OpTable
{
    private static IEnumerable<OpRow> Activations()
    {
        yield return Unary("Erf", x => x.Erf(), ErfOf, Draw.Normal) with
        {
            Errors = [(() => Ints(3).Erf(),
                "Erf: needs float32 or float64, but got int64 (3). Use .Cast(DType.Float32).")],
        };
        yield return Unary("Log1p", x => x.Log1p(), Log1pOf, Draw.Positive);
        yield return Unary("Expm1", x => x.Expm1(), Expm1Of, Draw.Normal);
        yield return Unary(
            "Gelu", x => x.Gelu(), x => 0.5 * x * (1 + ErfOf(x / Math.Sqrt(2))), Draw.Normal) with
        {
            Errors = [(() => Ints(3).Gelu(),
                "Gelu: needs float32 or float64, but got int64 (3). Use .Cast(DType.Float32).")],
        };
        yield return Unary(
            "GeluTanh", x => x.Gelu(approximate: true),
            x => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + 0.044715 * x * x * x))),
            Draw.Normal);
        yield return Unary(
            "Silu", x => x.Silu(), x => x * (1 / (1 + Math.Exp(-x))), Draw.Normal) with
        {
            Errors = [(() => Ints(3).Silu(),
                "Silu: needs float32 or float64, but got int64 (3). Use .Cast(DType.Float32).")],
        };
        yield return Unary(
            "Elu", x => x.Elu(1.5), x => x > 0 ? x : 1.5 * Expm1Of(x), Draw.AwayFromZero) with
        {
            Errors = [(() => Ints(3).Elu(),
                "Elu: needs float32 or float64, but got int64 (3). Use .Cast(DType.Float32).")],
        };
        yield return Unary(
            "LeakyRelu", x => x.LeakyRelu(0.2), x => x > 0 ? x : 0.2 * x, Draw.AwayFromZero) with
        {
            Errors = [(() => Ints(3).LeakyRelu(),
                "LeakyRelu: needs float32 or float64, but got int64 (3). Use "
                + ".Cast(DType.Float32).")],
        };
        yield return Unary("Reciprocal", x => x.Reciprocal(), x => 1 / x, Draw.Positive) with
        {
            Errors = [(() => Ints(3).Reciprocal(),
                "Reciprocal: needs float32 or float64, but got int64 (3). Use "
                + ".Cast(DType.Float32).")],
        };
        foreach (var (name, f, reference) in (
            (string, Func<Tensor, Tensor>, Func<double, double>)[])
            [
                ("Floor", x => x.Floor(), Math.Floor), ("Ceiling", x => x.Ceiling(), Math.Ceiling),
                ("Round", x => x.Round(), Math.Round),
                ("RoundTies", x => ((2 * x).Round() * 0.5).Round(),
                    x => Math.Round(Math.Round(2 * x) * 0.5)),
                ("IsNaN", x => x.IsNaN(), x => Truth(double.IsNaN(x))),
                ("IsFinite", x => x.IsFinite(), x => Truth(double.IsFinite(x))),
            ])
            yield return Unary(name, f, reference, Draw.AwayFromZero) with
            {
                Differentiable = false,
            };
        yield return Binary(
            "Atan2", Tensor.Atan2, Math.Atan2, Draw.AwayFromZero, Draw.Positive) with
        {
            Errors = [(() => Tensor.Atan2(Ints(2), Ints(2)),
                "Atan2: needs float32 or float64, but got int64 (2). Use .Cast(DType.Float32).")],
        };
        yield return Unary(
            "Clip", x => x.Clip(-0.5, 0.75),
            x => double.IsNaN(x) ? x : Math.Min(Math.Max(x, -0.5), 0.75), Draw.Normal) with
        {
            Errors = [(() => Of(2).Clip((double?)null),
                "Clip: no bound given for (2). Give a minimum, a maximum or both.")],
        };
        yield return Unary(
            "ClipBelow", x => x.Clip(min: 0.1), x => double.IsNaN(x) ? x : Math.Max(x, 0.1),
            Draw.Normal);
        yield return Binary(
            "ClipAbove", (x, y) => x.Clip(null, y),
            (x, y) => double.IsNaN(x) ? x : double.IsNaN(y) ? y : Math.Min(x, y), Draw.Normal,
            Draw.Positive);
    }

    /// <summary>Error function: Kummer's series of positive terms below 2.</summary>
    private static double ErfOf(double x)
    {
        double a = Math.Abs(x);
        if (double.IsNaN(x) || x == 0) return x;
        if (a >= 2) return Math.CopySign(1 - Special.Erfc(Math.Min(a, 10)), x);
        double term = 2 / Math.Sqrt(Math.PI) * x * Math.Exp(-x * x), sum = term;
        for (int n = 1; n < 60; n++) sum += term *= 2 * x * x / (2 * n + 1);
        return sum;
    }

    /// <summary>Kahan's: the errors of u cancel.</summary>
    private static double Expm1Of(double x)
    {
        double u = Math.Exp(x);
        if (u == 1) return x;
        return Math.Abs(x) > 40 ? u - 1 : (u - 1) * x / Math.Log(u);
    }

    private static double Log1pOf(double x)
    {
        double u = 1 + x;
        if (u == 1) return x;
        return u <= 0 || u > 1e16 ? Math.Log(u) : Math.Log(u) * x / (u - 1);
    }
}
