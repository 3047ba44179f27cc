// Gradients of scalar losses by trees of parameters: the transform everything here is built on.
namespace Engine;

/// <summary>
/// Gradients: each method takes a loss and returns a function with the loss's arguments that gives
/// its gradient by the first, shaped like it: a tensor, a tree, or a tuple of these to
/// differentiate by several things at once. <c>where</c> chooses leaves by path, at least one;
/// the gradients of other leaves, and of integer ones, are symbolic zeros. Gradients are tensors
/// like any other: they can be differentiated, batched and differentiated again.
/// </summary>
public static class Grad
{
    /// <summary>The gradient of f.</summary>
    public static Func<T, T> Of<T>(Func<T, Tensor> f, Func<string, bool>? where = null)
    {
        var gradient = WithValue(f, where);
        return x => gradient(x).Gradient;
    }

    /// <summary>The gradient of f by its first argument.</summary>
    public static Func<T, A, T> Of<T, A>(Func<T, A, Tensor> f, Func<string, bool>? where = null)
    {
        var gradient = WithValue(f, where);
        return (x, a) => gradient(x, a).Gradient;
    }

    /// <summary>The gradient of f by its first argument.</summary>
    public static Func<T, A, B, T> Of<T, A, B>(
        Func<T, A, B, Tensor> f, Func<string, bool>? where = null)
    {
        var gradient = WithValue(f, where);
        return (x, a, b) => gradient(x, a, b).Gradient;
    }

    /// <summary>The value of f and its gradient.</summary>
    public static Func<T, (Tensor Value, T Gradient)> WithValue<T>(
        Func<T, Tensor> f, Func<string, bool>? where = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        return x => Run(f, x, where, static loss => loss);
    }

    /// <summary>The value of f and its gradient by the first argument.</summary>
    public static Func<T, A, (Tensor Value, T Gradient)> WithValue<T, A>(
        Func<T, A, Tensor> f, Func<string, bool>? where = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        return (x, a) => Run(p => f(p, a), x, where, static loss => loss);
    }

    /// <summary>The value of f and its gradient by the first argument.</summary>
    public static Func<T, A, B, (Tensor Value, T Gradient)> WithValue<T, A, B>(
        Func<T, A, B, Tensor> f, Func<string, bool>? where = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        return (x, a, b) => Run(p => f(p, a, b), x, where, static loss => loss);
    }

    /// <summary>For f that returns (loss, aux): both, and the gradient of the loss.</summary>
    public static Func<T, ((Tensor Value, X Aux) Result, T Gradient)> WithAux<T, X>(
        Func<T, (Tensor Loss, X Aux)> f, Func<string, bool>? where = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        return x => Run(f, x, where, static r => r.Loss);
    }

    /// <summary>
    /// For f that returns (loss, aux): both, and the loss's gradient by the first argument.
    /// </summary>
    public static Func<T, A, ((Tensor Value, X Aux) Result, T Gradient)> WithAux<T, A, X>(
        Func<T, A, (Tensor Loss, X Aux)> f, Func<string, bool>? where = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        return (x, a) => Run(p => f(p, a), x, where, static r => r.Loss);
    }

    /// <summary>
    /// For f that returns (loss, aux): both, and the loss's gradient by the first argument.
    /// </summary>
    public static Func<T, A, B, ((Tensor Value, X Aux) Result, T Gradient)> WithAux<T, A, B, X>(
        Func<T, A, B, (Tensor Loss, X Aux)> f, Func<string, bool>? where = null)
    {
        ArgumentNullException.ThrowIfNull(f);
        return (x, a, b) => Run(p => f(p, a, b), x, where, static r => r.Loss);
    }

    private static (R Value, T Gradient) Run<T, R>(
        Func<T, R> f, T x, Func<string, bool>? where, Func<R, Tensor> lossOf)
    {
        ArgumentNullException.ThrowIfNull(x);
        if (x is not ITree && !Structure.Leaves(x).Exists(leaf => leaf.DType.IsFloat()))
            throw Errors.Fail("Grad", $"the argument {x.GetType().Name} holds no float tensor to "
                + "differentiate by. Pass a tensor, a tree or a tuple of them.");
        var run = Recording.OnAliases("Grad", f, x, where);
        Tensor loss = lossOf(run.Result);
        if (loss.Rank != 0 || !loss.DType.IsFloat())
            throw Errors.Fail("Grad", $"the function must return a scalar float loss, but returned "
                + $"{loss.DType.Name()} {loss.Shape}. Reduce it with .Mean() or .Sum(), or use "
                + "Vjp.Of for other results.");
        Tensor[] gradients = run.ForAllLeaves(run.Tape.Reverse([loss], [loss.Like("Grad", 1)]));
        Evaluator.EvaluateResults([.. run.Outputs, .. gradients], run.Home);
        return (run.Result, Structure.WithLeaves(x, gradients));
    }
}
