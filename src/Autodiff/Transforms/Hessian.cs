// Second derivatives of scalar losses: whole, or as a product with a vector.
namespace Engine;

/// <summary>
/// Hessians of losses, by forward mode over the reverse mode of <see cref="Grad"/>.
/// </summary>
public static class Hessian
{
    /// <summary>The Hessian of a loss of one tensor (a...): its shape is (a..., a...).</summary>
    public static Func<Tensor, Tensor> Of(Func<Tensor, Tensor> f, int chunk = 0) =>
        Jacobian.Of(Grad.Of(f), JacobianMode.Forward, chunk);

    /// <summary>
    /// The Hessian of a loss of a tree, in blocks: <c>hessian["Weight"].Bias</c> is the derivative
    /// by Weight and Bias, shaped (weight..., bias...). <c>chunk</c> products at a time go through
    /// together; 0 is all.
    /// </summary>
    public static Func<T, JacobianBlocks<T>> Of<T>(Func<T, Tensor> f, int chunk = 0)
        where T : ITree =>
        Jacobian.Of<T, T>(Grad.Of(f), JacobianMode.Forward, chunk);

    /// <summary>
    /// (x, v) -> H v, shaped like x, where H is the Hessian of f at x, for a direction v shaped
    /// like x (Pearlmutter, 1994, "Fast exact multiplication by the Hessian"). It takes the time of
    /// two or three gradients and never makes H. Integer leaves give symbolic zeros.
    /// </summary>
    public static Func<T, T, T> Product<T>(Func<T, Tensor> f)
    {
        var gradient = Grad.Of(f);
        return (x, v) =>
        {
            var (run, tangents) = Jvp.Push("Hessian.Product", gradient, x, v);
            Evaluator.EvaluateResults(tangents, run.Home);
            return Structure.WithLeaves(run.Result, tangents);
        };
    }

    /// <summary>
    /// x -> (gradient of f, v -> H v): as <see cref="Product"/>, but what the products share, the
    /// loss and its gradient, is computed once, for solvers that ask for many products at one
    /// point. <paramref name="where"/> chooses leaves by path: H is their block, and the others
    /// have symbolic zeros. See <see cref="Linearize"/>.
    /// </summary>
    public static Func<T, (T Gradient, Func<T, T> Product)> Linearized<T>(
        Func<T, Tensor> f, Func<string, bool>? where = null)
    {
        var gradient = Grad.Of(f, where);
        return x => Linearize.Run("Hessian.Linearized", gradient, x, where);
    }
}
