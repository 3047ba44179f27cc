// Draws from distributions made of uniform numbers.
namespace Engine;

public sealed partial record Key
{
    /// <summary>
    /// True with probability <paramref name="p"/>, else false, independently for each element.
    /// </summary>
    public Tensor Bernoulli(Shape shape, double p = 0.5)
    {
        if (!(p >= 0 && p <= 1))
            throw Errors.Fail("Bernoulli", $"p = {p} is not a probability. Give one in 0 .. 1.");
        return Unit(shape, DType.Float64) < p;
    }

    /// <summary>True with the probability that each element of <paramref name="p"/> says.</summary>
    public Tensor Bernoulli(Tensor p)
    {
        Errors.Float("Bernoulli", p);
        return Unit(p.Shape, p.DType) < p;
    }

    /// <summary>Exponentially distributed numbers of mean 1.</summary>
    public Tensor Exponential(Shape shape, DType type = DType.Float32)
    {
        CheckFloat("Exponential", type);
        return -Unit(shape, type).Log();
    }

    /// <summary>
    /// Numbers of the standard Gumbel distribution, of mean 0.5772 (Euler's constant) and variance
    /// pi^2 / 6.
    /// </summary>
    public Tensor Gumbel(Shape shape, DType type = DType.Float32)
    {
        CheckFloat("Gumbel", type);
        return -Exponential(shape, type).Log();
    }

    /// <summary>
    /// Positions along an axis, int64, drawn with probabilities softmax(<paramref name="logits"/>)
    /// by the Gumbel-max trick (Gumbel, 1954); the axis is dropped. One draw a distribution:
    /// broadcast the logits for more.
    /// </summary>
    public Tensor Categorical(Tensor logits, int axis = -1)
    {
        Errors.Float("Categorical", logits);
        axis = Errors.Axis("Categorical", axis, logits.Shape);
        ReducedAxes.NotEmpty("Categorical", logits.Shape, axis);
        return (logits + Gumbel(logits.Shape, logits.DType)).ArgMax(axis);
    }

    /// <summary>
    /// Numbers drawn from 0 .. n-1, int64: each as likely as any other, with replacement or all
    /// different.
    /// </summary>
    public Tensor Choice(int n, Shape shape, bool replace = true)
    {
        if (n < 1 || (!replace && shape.Count > n))
            throw Errors.Fail("Choice", $"cannot draw {shape} different numbers below {n}. Draw "
                + "fewer, or with replacement.");
        return replace
            ? Integers(shape, 0, n)
            : Permutation(n).SliceAxis(0, 0, (int)shape.Count).Reshape(shape);
    }

    /// <summary>
    /// Inverted dropout (Srivastava et al., 2014): each element is zero with probability <paramref
    /// name="rate"/>, the others are divided by 1 - rate, so that the mean stays.
    /// </summary>
    public Tensor Dropout(Tensor x, double rate)
    {
        Errors.Float("Dropout", x);
        if (!(rate >= 0 && rate <= 1))
            throw Errors.Fail("Dropout", $"rate {rate} for {x.Shape} is not a probability. Give "
                + "one in 0 .. 1.");
        if (rate == 0) return x;
        if (rate == 1) return x.Like("Dropout", 0);
        return Tensor.Where(Unit(x.Shape, DType.Float32) < rate, 0, x * (1 / (1 - rate)));
    }

    private static void CheckFloat(string op, DType type)
    {
        if (!type.IsFloat())
            throw Errors.Fail(op, $"needs a float dtype, but got {type.Name()}.");
    }
}
