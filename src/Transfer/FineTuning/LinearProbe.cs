// The linear probe: how well a linear classifier does on features that stay as they are. They are
// computed once; what is left is logistic regression, a convex problem for Newton's method.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>Logistic regression on the features of a network.</summary>
public static class LinearProbe
{
    private const string Op = "LinearProbe";

    // Armijo's: the part of the promised decrease that a step must bring, and how often it is
    // halved until it does.
    private const double Sufficient = 1e-4;
    private const int Halvings = 30;

    // Products with the Hessian for one Newton step.
    private const int Products = 40;

    // Near the minimum a step brings less than rounding takes.
    private const double Rounding = 1e-14;

    /// <summary>
    /// Inputs (N, ...) to features (N, F) by running statistics, that many inputs at a time.
    /// </summary>
    public static Tensor Features<N>(
        N network, NormStatistics statistics, Tensor x, int chunk = 256) where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(x);
        if (chunk < 1) throw Errors.Fail(Op, $"a chunk of {chunk} inputs; give at least 1.");
        var run = Compile.Of((N network, NormStatistics statistics, Tensor x) =>
            network.Features(x, statistics));
        var parts = new List<Tensor>();
        for (int from = 0; from < x.Shape[0]; from += chunk)
            parts.Add(run(network, statistics, x[from..Math.Min(from + chunk, x.Shape[0])].Eval()));
        return parts.Count == 1 ? parts[0] : Tensor.Concat([.. parts]).Eval();
    }

    /// <summary>
    /// The head with the least mean cross-entropy plus l2 / 2 |weight|² on features (N, F), by
    /// Newton steps with conjugate gradients, in float64; of the features' dtype. It is the same
    /// from wherever one starts: for l2 above 0 the problem has one minimum.
    /// </summary>
    /// <param name="features">(N, F).</param>
    /// <param name="labels">(N), integers in 0 .. classes - 1.</param>
    /// <param name="classes">Classes to tell apart, at least 2.</param>
    /// <param name="l2">How strongly weights are held at zero; biases are free.</param>
    /// <param name="tolerance">Largest norm of the gradient at the end.</param>
    /// <param name="iterations">Newton steps at most.</param>
    /// <exception cref="EngineException">
    /// Shapes or numbers are out of range, or so many steps did not reach the tolerance.
    /// </exception>
    public static Linear Fit(
        Tensor features, Tensor labels, int classes, double l2 = 1e-4, double tolerance = 1e-4,
        int iterations = 100)
    {
        Check(features, labels, classes, l2);
        Tensor x = features.Cast(DType.Float64).Eval();
        Tensor Objective(Linear head, Tensor x, Tensor y) =>
            Loss.CrossEntropy(head.Forward(x), y) + l2 / 2 * head.Weight.Square().Sum();
        var value = Compile.Of((Linear head, Tensor x, Tensor y) => Objective(head, x, y));
        // A rough solution will do: Newton's method with steps that are right to a hundredth
        // comes a hundred times closer with each near the minimum.
        var newton = Compile.Of((Linear head, Tensor x, Tensor y) =>
        {
            var (gradient, product) = Hessian.Linearized((Linear h) => Objective(h, x, y))(head);
            var (step, _) = ConjugateGradient.Solve(product, gradient, Products, tolerance: 0.01);
            return (step, Tree.Dot(gradient, step), Tree.Dot(gradient, gradient).Sqrt());
        });
        var head = new Linear(
            Tensor.Zeros([classes, x.Shape[1]], DType.Float64).Eval(),
            Tensor.Zeros([classes], DType.Float64).Eval());
        double loss = value(head, x, labels).Item(), norm = double.NaN;
        for (int i = 0; i <= iterations; i++)
        {
            var (step, slope, length) = newton(head, x, labels);
            norm = length.Item();
            if (norm <= tolerance)
                return head.Map((Tensor leaf) => leaf.Cast(features.DType));
            (Linear Head, double Loss)? next = Search(
                h => value(h, x, labels), head, step, loss, slope.Item());
            if (next is null) break;
            (head, loss) = next.Value;
        }
        throw Errors.Fail(Op, $"the gradient's norm is still {norm:G3} after {iterations} "
            + "Newton steps. Scale the features, raise l2 or the tolerance.");
    }

    /// <summary>The longest of the halved steps that brings enough; null if none does.</summary>
    private static (Linear, double)? Search(
        Func<Linear, Tensor> objective, Linear head, Linear step, double loss, double slope)
    {
        double length = 1;
        for (int i = 0; i < Halvings; i++, length /= 2)
        {
            Linear next = head.Zip(step, (w, s) => w - length * s);
            double then = objective(next).Item();
            if (then <= loss - Sufficient * length * slope + Rounding * Math.Abs(loss))
                return (next, then);
        }
        return null;
    }

    private static void Check(Tensor features, Tensor labels, int classes, double l2)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        if (features.Rank != 2 || labels.Rank != 1 || labels.Shape[0] != features.Shape[0])
            throw Errors.Fail(Op, $"needs features (N, F) and labels (N), but got "
                + $"{features.Shape} and {labels.Shape}.");
        if (classes < 2 || !(l2 >= 0 && double.IsFinite(l2)))
            throw Errors.Fail(Op, $"{classes} classes and l2 {l2}: give at least 2 classes, and "
                + "an l2 of 0 or more.");
    }
}
