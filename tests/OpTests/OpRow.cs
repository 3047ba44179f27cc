// One row of the op table: how to call an op, what it must give, and on what inputs. Every property
// test is generated from it.
namespace Engine.OpTests;

/// <summary>How an input's values are drawn.</summary>
internal enum Draw
{
    /// <summary>Normal numbers.</summary>
    Normal,

    /// <summary>Uniform in 0.3 .. 2.3.</summary>
    Positive,

    /// <summary>Normal numbers at least 0.05 from zero: off the kinks.</summary>
    AwayFromZero,

    /// <summary>Uniform in 0.05 .. 0.95.</summary>
    Probability,

    /// <summary>Numbers all at least 0.05 apart: off the kinks of order.</summary>
    Distinct,

    /// <summary>Integers 0 .. 2.</summary>
    Index,

    /// <summary>Truth values.</summary>
    Mask,
}

/// <summary>Shapes of the inputs of one case.</summary>
internal sealed record Case(params int[][] Shapes);

/// <summary>A row of the op table.</summary>
internal sealed record OpRow(
    string Name, Func<Tensor[], Tensor> Apply, Func<NArray[], NArray> Reference, Draw[] Draws,
    Case[] Cases)
{
    /// <summary>
    /// Largest relative error of values in float32 (of the largest value) and float64.
    /// </summary>
    public double Tolerance32 { get; init; } = 2e-6;

    public double Tolerance64 { get; init; } = 1e-13;

    /// <summary>
    /// Whether the result depends on the inputs smoothly (else it is piecewise constant).
    /// </summary>
    public bool Differentiable { get; init; } = true;

    /// <summary>
    /// Whether elements pass through one by one, so that special values are checked too.
    /// </summary>
    public bool ElementWise { get; init; }

    /// <summary>
    /// Whether a batch can be laid over every input (an op with only shared inputs cannot).
    /// </summary>
    public bool Batches { get; init; } = true;

    /// <summary>Relative error allowed of derivatives against finite differences.</summary>
    public double GradientTolerance { get; init; } = 1e-7;

    /// <summary>Calls that must fail, with the message they must give.</summary>
    public (Func<object> Call, string Message)[] Errors { get; init; } = [];

    public override string ToString() => Name;

    /// <summary>Inputs of a case, in float64, from a seed, the same on every device.</summary>
    public Tensor[] Inputs(Case c, Device device, long seed = 0)
    {
        Key[] keys = Key.From(seed * 1000 + Name.Length).Split(Math.Max(1, Draws.Length));
        return [.. Draws.Select((draw, i) => Values(draw, keys[i], c.Shapes[i]).To(device))];
    }

    public static Tensor Values(Draw draw, Key key, Shape shape) => (draw switch
    {
        Draw.Positive => key.Uniform(shape, 0.3, 2.3, DType.Float64),
        Draw.Probability => key.Uniform(shape, 0.05, 0.95, DType.Float64),
        Draw.AwayFromZero => Away(key.Normal(shape, DType.Float64)),
        Draw.Distinct => Apart(key, shape),
        Draw.Index => key.Integers(shape, 0, 3),
        Draw.Mask => key.Uniform(shape, type: DType.Float64) > 0.5,
        _ => key.Normal(shape, DType.Float64),
    }).Eval();

    private static Tensor Away(Tensor x)
    {
        Tensor gap = Tensor.Full(x.Shape, 0.05, DType.Float64);
        return x + Tensor.Where(x < 0, -gap, gap);
    }

    private static Tensor Apart(Key key, Shape shape)
    {
        Tensor order = key.Permutation((int)shape.Count).Cast(DType.Float64);
        return ((order - shape.Count / 2.0) * 0.11 + 0.03).Reshape(shape);
    }
}
