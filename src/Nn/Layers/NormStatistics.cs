// The running statistics of all batch normalisations of a network, and the ways to run it: by the
// batch while the running ones move, by the running ones, or each batch normalisation in its way.
using System.Collections.Immutable;

namespace Engine.Nn;

/// <summary>
/// How a network's batch normalisations are applied: it calls this for each, in the order in which
/// its tree holds them.
/// </summary>
public delegate Tensor Normalize(BatchNorm norm, Tensor x);

/// <summary>By which statistics a batch normalisation is applied.</summary>
public enum NormMode
{
    /// <summary>By the batch's own; the running ones move towards them.</summary>
    Train,

    /// <summary>By the batch's own; the running ones stay.</summary>
    Batch,

    /// <summary>By the running ones, which stay: a frozen layer.</summary>
    Infer,
}

/// <summary>
/// Running statistics of each <see cref="BatchNorm"/> of a network, in the order of its tree.
/// </summary>
public sealed partial record NormStatistics(ImmutableArray<RunningStatistics> Norms) : ITree
{
    /// <summary>Mean 0 and variance 1 for each batch normalisation in a model.</summary>
    public static NormStatistics For<T>(T model) where T : ITree =>
        new([.. BatchNorms.Find(model).Select(at =>
            RunningStatistics.Create(at.Norm.Scale.Shape[0], at.Norm.Scale.DType))]);

    /// <summary>The path of each batch normalisation in a model, in order.</summary>
    public static IReadOnlyList<string> Paths<T>(T model) where T : ITree =>
        [.. BatchNorms.Find(model).Select(at => at.Path)];

    /// <summary>
    /// How each batch normalisation of a model is applied, in order: what the function says of its
    /// path.
    /// </summary>
    public static ImmutableArray<NormMode> Modes<T>(T model, Func<string, NormMode> mode)
        where T : ITree => [.. Paths(model).Select(mode)];

    /// <summary>Runs a network by these statistics, as in inference.</summary>
    public Tensor Infer(Func<Normalize, Tensor> network) =>
        Run(network, _ => NormMode.Infer, momentum: 0).Output;

    /// <summary>
    /// Runs a network by the batch's own statistics; these move towards them by
    /// <paramref name="momentum"/>, without a derivative.
    /// </summary>
    public (Tensor Output, NormStatistics Statistics) Train(
        Func<Normalize, Tensor> network, double momentum = 0.1) =>
        Run(network, _ => NormMode.Train, momentum);

    /// <summary>
    /// Runs a network, each batch normalisation in its own mode (<see cref="Modes"/>): frozen
    /// blocks by the running statistics, say, and the others by the batch. Those in the mode <see
    /// cref="NormMode.Train"/> move by <paramref name="momentum"/>, without a derivative.
    /// </summary>
    public (Tensor Output, NormStatistics Statistics) Run(
        Func<Normalize, Tensor> network, ImmutableArray<NormMode> modes, double momentum = 0.1)
    {
        if (modes.Length != Norms.Length)
            throw Errors.Fail("NormStatistics", $"{modes.Length} modes do not suit the statistics "
                + $"of {Norms.Length} batch normalisations. Make them with "
                + "NormStatistics.Modes(model, path => ...).");
        return Run(network, i => modes[i], momentum);
    }

    private (Tensor Output, NormStatistics Statistics) Run(
        Func<Normalize, Tensor> network, Func<int, NormMode> mode, double momentum)
    {
        ArgumentNullException.ThrowIfNull(network);
        var after = ImmutableArray.CreateBuilder<RunningStatistics>(Norms.Length);
        Tensor output = network((norm, x) =>
        {
            RunningStatistics before = At(after.Count, norm);
            var (y, own) = mode(after.Count) switch
            {
                NormMode.Train => norm.Train(x, before, momentum),
                NormMode.Batch => (norm.Forward(x), before),
                _ => (norm.Forward(x, before), before),
            };
            after.Add(own);
            return y;
        });
        CheckAllUsed(after.Count);
        return (output, new(after.MoveToImmutable()));
    }

    private RunningStatistics At(int index, BatchNorm norm)
    {
        if (index < Norms.Length && Norms[index].Mean.Shape == norm.Scale.Shape)
            return Norms[index];
        string found = index < Norms.Length
            ? $"those of place {index} are {Norms[index].Mean.Shape}"
            : $"there are only {Norms.Length}";
        throw Errors.Fail("NormStatistics", $"batch normalisation {index} of the network has "
            + $"channels {norm.Scale.Shape}, but {found}. Make them with "
            + "NormStatistics.For(model).");
    }

    private void CheckAllUsed(int used)
    {
        if (used != Norms.Length)
            throw Errors.Fail("NormStatistics", $"the network ran {used} batch normalisations, but "
                + $"there are statistics of {Norms.Length}. Make them with "
                + "NormStatistics.For(model).");
    }
}
