// The running statistics of all batch normalisations of a network, and the three ways to run it:
// by the batch, by the running statistics, and by the batch while the running ones move.
using System.Collections.Immutable;

namespace Engine.Nn;

/// <summary>
/// How a network's batch normalisations are applied: it calls this for each, in the order in which
/// its tree holds them.
/// </summary>
public delegate Tensor Normalize(BatchNorm norm, Tensor x);

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

    /// <summary>Runs a network by these statistics, as in inference.</summary>
    public Tensor Infer(Func<Normalize, Tensor> network)
    {
        ArgumentNullException.ThrowIfNull(network);
        int next = 0;
        Tensor y = network((norm, x) => norm.Forward(x, At(next++, norm)));
        CheckAllUsed(next);
        return y;
    }

    /// <summary>
    /// Runs a network by the batch's own statistics; these move towards them by
    /// <paramref name="momentum"/>, without a derivative.
    /// </summary>
    public (Tensor Output, NormStatistics Statistics) Train(
        Func<Normalize, Tensor> network, double momentum = 0.1)
    {
        ArgumentNullException.ThrowIfNull(network);
        var moved = ImmutableArray.CreateBuilder<RunningStatistics>(Norms.Length);
        Tensor output = network((norm, x) =>
        {
            var (y, statistics) = norm.Train(x, At(moved.Count, norm), momentum);
            moved.Add(statistics);
            return y;
        });
        CheckAllUsed(moved.Count);
        return (output, new(moved.MoveToImmutable()));
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
