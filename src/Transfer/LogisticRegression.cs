// Multinomial logistic regression by Newton's method: the Hessian is never written down, its
// products come from the gradient's derivative and conjugate gradients solve with them.
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>Fits linear classifiers on fixed features.</summary>
public static class LogisticRegression
{
    /// <summary>
    /// The minimum of the mean cross-entropy of features (N, F) with integer labels (N) plus
    /// <paramref name="strength"/> / 2 times the weights' squared length: deterministic, in
    /// float64. The loss is strictly convex, so Newton steps with backtracking find it from zero.
    /// </summary>
    /// <param name="features">(N, F).</param>
    /// <param name="labels">(N), integers in 0..classes - 1.</param>
    /// <param name="classes">Classes of the result.</param>
    /// <param name="strength">Positive; the biases are not held.</param>
    /// <param name="steps">At most so many Newton steps.</param>
    /// <param name="tolerance">The gradient's length at which the search ends.</param>
    /// <exception cref="EngineException">
    /// Shapes do not fit, there are no samples, a feature is NaN or infinite, or the strength is
    /// none.
    /// </exception>
    public static Linear Fit(
        Tensor features, Tensor labels, int classes, double strength = 1e-3, int steps = 50,
        double tolerance = 1e-7)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(labels);
        if (features.Rank != 2 || labels.Rank != 1 || labels.Shape[0] != features.Shape[0])
            throw Errors.Fail("LogisticRegression", $"needs features (N, F) and labels (N), but "
                + $"got {features.Shape} and {labels.Shape}. Flatten other axes first.");
        if (features.Shape[0] == 0)
            throw Errors.Fail("LogisticRegression", "there are no samples to fit.");
        if (!(strength > 0))
            throw Errors.Fail("LogisticRegression", $"strength {strength} must be positive: "
                + "without it separable data have no minimum.");
        Tensor x = features.Cast(DType.Float64).Eval(), y = labels.Eval();
        if (!double.IsFinite(x.Abs().Sum().Item()))
            throw Errors.Fail("LogisticRegression", "a feature is NaN or infinite: the network "
                + "that made it has diverged.");
        Tensor Objective(Linear line, Tensor x, Tensor y) =>
            Loss.CrossEntropy(line.Forward(x), y) + strength / 2 * line.Weight.Square().Sum();
        var loss = Compile.Of((Linear line, Tensor x, Tensor y) => Objective(line, x, y));
        var newton = Compile.Of((Linear line, Tensor x, Tensor y) =>
        {
            var (slope, product) = Hessian.Linearized((Linear l) => Objective(l, x, y))(line);
            // The tiny damping holds the one direction in which the loss is flat: all biases alike.
            var (step, _) = ConjugateGradient.Solve(product, slope, 50, 1e-4, damping: 1e-9);
            return (step, Tree.Dot(slope, step), Tree.Dot(slope, slope).Sqrt());
        });
        var at = new Linear(
            Tensor.Zeros([classes, x.Shape[1]], DType.Float64).Eval(),
            Tensor.Zeros(classes, DType.Float64).Eval());
        double value = loss(at, x, y).Item();
        for (int i = 0; i < steps; i++)
        {
            var (step, descent, length) = newton(at, x, y);
            if (length.Item() < tolerance) break;
            double rate = 1;
            Linear next = at.Zip(step, (w, d) => w - rate * d);
            double reached = loss(next, x, y).Item();
            // Armijo's condition: a step must gain at least a part of what its slope promises.
            while (!(reached <= value - 1e-4 * rate * descent.Item()) && rate > 1e-8)
            {
                rate /= 2;
                next = at.Zip(step, (w, d) => w - rate * d);
                reached = loss(next, x, y).Item();
            }
            if (!(reached < value)) break;
            (at, value) = (next, reached);
        }
        return at;
    }
}
