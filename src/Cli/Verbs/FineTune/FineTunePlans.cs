// The plans of engine finetune by name, with the schedules that belong to them.
using Engine.Nn;
using Engine.Transfer;

namespace Engine.Cli;

internal static class FineTunePlans
{
    /// <summary>The plan for a network; probe and lora are none of it.</summary>
    public static TunePlan Of<N>(FineTuneOptions options, N network) where N : IFeatureNetwork
    {
        TunePlan Staged(Func<IReadOnlyList<string>, TunePlan> make) =>
            make(TunePlan.Stages(network));
        TunePlan plan = options.Plan switch
        {
            PlanName.All => TunePlan.All(),
            PlanName.Head => TunePlan.Head(network),
            PlanName.Discriminative => Staged(stages => TunePlan.Discriminative(stages)),
            // The last stage has joined after half of the steps.
            PlanName.Gradual => Staged(stages => TunePlan.Gradual(
                stages, Math.Max(1, options.Steps / (2 * stages.Count)))),
            PlanName.TwoPhase => Staged(stages => TunePlan.TwoPhase(stages, FirstPhase(options))),
            var other => throw new InvalidOperationException($"{other}"),
        };
        return plan with { Norm = options.Norm };
    }

    /// <summary>
    /// Adapters and nothing else move, but for a head that is new: it has nothing to add to.
    /// </summary>
    public static TunePlan Adapters<N>(FineTuneOptions options, StartNetwork<N> start)
        where N : IFeatureNetwork
    {
        Func<string, bool> trained = Trained(start);
        const string Base = nameof(WithLora<Mlp>.Base) + ".";
        const string Adapter = nameof(WithLora<Mlp>.Lora) + ".";
        return TunePlan.Of(
            path => path.StartsWith(Adapter, StringComparison.Ordinal)
                || (path.StartsWith(Base, StringComparison.Ordinal)
                    && !trained(path[Base.Length..])),
            options.Norm);
    }

    /// <summary>The adapters that a seed begins with.</summary>
    /// <exception cref="EngineException">Those of --adapter are of another network.</exception>
    public static Lora StartAdapters<N>(FineTuneOptions options, StartNetwork<N> start, long seed)
        where N : IFeatureNetwork
    {
        N network = start.Model.Network;
        if (options.Adapter is { } folder) return PeftFiles.Load(folder, network);
        Func<string, bool> trained = Trained(start);
        int rank = options.Rank ?? 4;
        // Convolutions in groups have no adapters; of the networks here they are called so.
        return Lora.Create(
            Key.From(seed).Fold(8), network,
            path => trained(path) && path.EndsWith(".Weight", StringComparison.Ordinal)
                && !path.Contains(nameof(SeparableBlock.Depthwise), StringComparison.Ordinal),
            rank, options.Alpha ?? 2 * rank);
    }

    /// <summary>The rates of a run whose largest is given.</summary>
    public static Func<Tensor, Tensor> Schedule(FineTuneOptions options, double rate) =>
        options.Plan == PlanName.TwoPhase
            ? TunePlan.TwoPhaseSchedule(
                rate, FirstPhase(options), options.Steps - FirstPhase(options))
            : Nn.Schedule.OneCycle(rate, options.Steps);

    private static int FirstPhase(FineTuneOptions options) => Math.Max(3, options.Steps / 4);

    private static Func<string, bool> Trained<N>(StartNetwork<N> start)
        where N : IFeatureNetwork =>
        start.NewHead ? Heads.NotIn(start.Model.Network) : _ => true;
}
