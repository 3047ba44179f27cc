// Implicit derivatives: how the solution of a problem changes with what the problem is given. They
// need the solution alone and not the way to it, so any solver serves, however many steps it takes.
namespace Engine;

/// <summary>
/// Solves A x = <paramref name="right"/> for a symmetric A, where <paramref name="product"/> is
/// v -> A v; exactly or nearly, as a tensor program.
/// </summary>
public delegate T LinearSolver<T>(Func<T, T> product, T right);

/// <summary>Solutions as differentiable functions, by the implicit function theorem.</summary>
public static class Implicit
{
    /// <summary>
    /// The minimum x of an objective f(x, h) as a function of h. Its derivative is that of the
    /// equation df/dx (x, h) = 0: for a cotangent g of x it is -u d²f/dx dh, where u solves
    /// d²f/dx² u = g (Bengio, 2000, "Gradient-based optimization of hyper-parameters", equation 6).
    /// It is as good as the solution and the linear solver are. Memory does not grow with the steps
    /// of <paramref name="solve"/>, which may also be no tensor program at all, outside of
    /// transforms.
    /// </summary>
    /// <param name="objective">
    /// f(x, h), a scalar; twice differentiable, and with a positive definite Hessian at its
    /// minimum.
    /// </param>
    /// <param name="solve">h to the minimum x, or nearly; never differentiated.</param>
    /// <param name="linear">
    /// The linear solver; <see cref="ConjugateGradient"/> with its defaults if there is none.
    /// </param>
    /// <returns>
    /// h to x. All that varies must be in h: a tensor, a tree or a tuple of these.
    /// </returns>
    public static Func<H, X> Minimum<H, X>(
        Func<X, H, Tensor> objective, Func<H, X> solve, LinearSolver<X>? linear = null)
    {
        ArgumentNullException.ThrowIfNull(objective);
        ArgumentNullException.ThrowIfNull(solve);
        linear ??= static (product, right) => ConjugateGradient.Solve(product, right).Solution;
        X Gradient(X x, H h) => Grad.Of((X at) => objective(at, h))(x);
        X Solved(X x, H h, X right) => linear(
            Hessian.Linearized((X at) => objective(at, h))(x).Product, WithZeros(right));
        // Both rules are given: a solver of few steps is not linear in the right side, so that the
        // one cannot be had by transposing the other.
        return CustomRule.Of(
            solve,
            vjp: (H h, X x, X g) => Negative(
                Vjp.Of((H given) => Gradient(x, given))(h).Pullback(Solved(x, h, g))),
            jvp: (H h, X x, H v) => Negative(Solved(
                x, h, Jvp.Of((H given) => Gradient(x, given))(h, v).Tangent)));
    }

    /// <summary>
    /// The same with zeros for float leaves that are symbolic ones: what has no cotangent is still
    /// an unknown of the system.
    /// </summary>
    private static T WithZeros<T>(T value) => Structure.WithLeaves(
        value, Structure.Leaves(value).ConvertAll(leaf =>
            leaf.IsSymbolicZero && leaf.DType.IsFloat()
                ? Tensor.Zeros(leaf.Shape, leaf.DType).To(leaf.Device) : leaf));

    private static T Negative<T>(T value) => Structure.WithLeaves(
        value, Structure.Leaves(value).ConvertAll(leaf =>
            leaf.IsSymbolicZero || !leaf.DType.IsFloat() ? leaf : -leaf));
}
