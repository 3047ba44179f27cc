// MAML++ (Antoniou, Edwards and Storkey, 2019, "How to train your MAML"): MAML with the changes
// that make it steadier, each of which can be switched off. With all of them off it is MAML.
using System.Collections.Immutable;
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>What MAML++ trains.</summary>
/// <param name="Start">Where adaptation starts.</param>
/// <param name="Rates">
/// For each leaf of the start its inner rates, (steps): entry k is that of step k.
/// </param>
/// <param name="Norms">
/// The batch normalisations of a model that has taken k inner steps, for k = 0 .. steps; none if
/// they adapt like other weights.
/// </param>
/// <param name="Statistics">
/// Running statistics of query sets, (steps + 1, C): row k is of models that have taken k steps.
/// </param>
public sealed partial record PlusPlus<T>(
    T Start, T Rates, ImmutableArray<BatchNorms> Norms, NormStatistics Statistics) : ITree
    where T : ITree;

/// <summary>By which statistics MAML++ normalises query sets.</summary>
public enum QueryStatistics
{
    /// <summary>Their own: transductive. So does the authors' code, in tests too.</summary>
    Batch,

    /// <summary>
    /// Running ones of each inner step (BNRS): inductive. Training begins with the batch's own and
    /// goes over to the running ones, so that a model is trained as it is tested.
    /// </summary>
    Running,

    /// <summary>
    /// Those of the support set under the same weights: inductive too, and of the task at hand (as
    /// compared by Bronskill et al., 2020, "TaskNorm", section 3).
    /// </summary>
    Support,
}

/// <summary>
/// MAML++. The order of derivatives is annealed by <see cref="Progress.Over"/>, which is also told
/// where <paramref name="Anneal"/> ends; the outer rate by <c>Schedule.Cosine</c>.
/// </summary>
/// <param name="Objective">Model and loss.</param>
/// <param name="InnerSteps">Gradient steps in adaptation, at least 1.</param>
/// <param name="InnerRate">Their rate at the beginning, for a loss that is a mean.</param>
/// <param name="MultiStep">
/// Whether the query losses after all steps count, at first alike, ever more the last, and where
/// training is <see cref="Progress.Annealed"/> the last alone (MSL).
/// </param>
/// <param name="LearnRates">Whether the rate of each leaf at each step is learned (LSLR).</param>
/// <param name="PerStepNorm">
/// Whether scales and shifts of batch normalisations are learned for each step (BNWB), instead of
/// being adapted like other weights.
/// </param>
/// <param name="Statistics">By what query sets are normalised.</param>
/// <param name="Anneal">The part of training in which what is annealed changes.</param>
/// <param name="Momentum">How far statistics move towards those of a batch of tasks.</param>
/// <param name="FirstOrder">Whether inner gradients count as constants for ever.</param>
/// <param name="Where">Which leaves adapt, by path; all by default.</param>
/// <param name="Remat">Whether inner steps are computed again, which bounds memory.</param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record MamlPlusPlus<T>(
    Objective<T> Objective, int InnerSteps, double InnerRate, bool MultiStep = true,
    bool LearnRates = true, bool PerStepNorm = true,
    QueryStatistics Statistics = QueryStatistics.Batch, double Anneal = 0.1,
    double Momentum = 0.1, bool FirstOrder = false, Func<string, bool>? Where = null,
    bool Remat = false, int Chunk = 0)
    where T : ITree
{
    private bool Runs => Statistics == QueryStatistics.Running;

    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<PlusPlus<T>> Method => new(
        (p, task, at) => OfTask(p, task, at).Loss, Predictions,
        FirstOrder ? Claim.FirstOrder : Claim.Exact,
        Statistics switch
        {
            QueryStatistics.Running => BatchNormMode.PerStep,
            QueryStatistics.Support => BatchNormMode.Inductive,
            _ => Objective.BatchNorm,
        },
        Chunk)
    {
        // Rates that are not learned stay as they are.
        State = Runs || !LearnRates
            ? path => (Runs && Parts.Holds(nameof(PlusPlus<T>.Statistics), path))
                || (!LearnRates && Parts.Holds(nameof(PlusPlus<T>.Rates), path))
            : null,
        Direction = Runs ? WithStatistics : null,
    };

    /// <summary>What is trained, made of a model.</summary>
    public PlusPlus<T> Begin(T model)
    {
        if (InnerSteps < 1 || !(Anneal > 0) || !(Momentum is > 0 and <= 1))
            throw new EngineException($"MamlPlusPlus: {InnerSteps} inner steps, anneal {Anneal}, "
                + $"momentum {Momentum}; give at least 1, more than 0, and 0 to 1.");
        if (Statistics != QueryStatistics.Batch && Objective.Normalized is null)
            throw new EngineException($"MamlPlusPlus: statistics {Statistics} need a network whose "
                + "batch normalisations can be told what to use. Give the objective Normalized, or "
                + "take QueryStatistics.Batch.");
        int rows = InnerSteps + 1;
        NormStatistics one = Runs ? NormStatistics.For(model) : new([]);
        return new(
            model,
            model.Map((Tensor leaf) => leaf.DType.IsFloat()
                ? Tensor.Full([InnerSteps], InnerRate, leaf.DType).To(leaf.Device).Eval() : leaf),
            PerStepNorm ? [.. Enumerable.Repeat(BatchNorms.Of(model), rows)] : [],
            one.Map((Tensor leaf) => Tensor.Stack([.. Enumerable.Repeat(leaf, rows)]).Eval()));
    }

    /// <summary>The model before adaptation and after each step.</summary>
    public IEnumerable<T> Trajectory(
        PlusPlus<T> p, Tensor x, Tensor y, int steps, bool firstOrder = false)
    {
        T rates = LearnRates ? p.Rates : p.Rates.StopGradient();
        var norms = new HashSet<string>(p.Norms is [var first, ..]
            ? NormStatistics.Paths(p.Start).SelectMany(path => first.Norms[0].Paths().Select(
                leaf => $"{path}.{leaf}"))
            : []);
        // A step more than trained takes the last rates.
        var rule = Inner.Indexed<T>((w, g, k) => w.Zip(g, rates, (a, b, rate) =>
            b.IsSymbolicZero ? a : a - rate[Math.Min(k, InnerSteps - 1)] * b));
        return Inner.Trajectory(
            p.Start, (w, k) => Objective.LossOn(At(p, w, k), x, y), rule, steps,
            path => !norms.Contains(path) && Where?.Invoke(path) != false,
            FirstOrder || firstOrder, Remat).Select((w, k) => At(p, w, k));
    }

    /// <summary>The model with the batch normalisations of its step.</summary>
    private static T At(PlusPlus<T> p, T model, int step) =>
        p.Norms is [] ? model : p.Norms[Math.Min(step, p.Norms.Length - 1)].In(model);

    private (Tensor Loss, NormStatistics Seen) OfTask(PlusPlus<T> p, Episode task, Progress at)
    {
        // How much of what is annealed is over.
        Tensor over =
            at.Annealed ? Tensor.Scalar(1f) : Tensor.Minimum(at.Fraction / Anneal, 1);
        bool all = MultiStep && !at.Annealed;
        var (models, losses, seen) =
            (Trajectory(p, task.SupportX, task.SupportY, InnerSteps, at.FirstOrder),
            new List<Tensor>(), new List<NormStatistics>());
        foreach (var (model, k) in models.Select((model, k) => (model, k)))
        {
            bool counts = k == InnerSteps || (all && k > 0);
            if (!counts && !Runs) continue;
            var (predictions, statistics) =
                Queries(p, counts ? model : model.StopGradient(), task, k, over);
            seen.Add(statistics);
            if (!counts) continue;
            Tensor loss = Objective.Loss(predictions, task.QueryY);
            losses.Add(all ? Weight(k, over).Cast(loss.DType) * loss : loss);
        }
        return (losses.Aggregate((sum, loss) => sum + loss), StepNormalization.Stack(seen));
    }

    /// <summary>
    /// The weight of the query loss after k steps, while all count. All begin at 1 / steps, and all
    /// but the last fall to 0.03 / steps, as in the authors' code, which then takes the last alone;
    /// they add up to 1.
    /// </summary>
    private Tensor Weight(int k, Tensor over)
    {
        Tensor early = Tensor.Maximum(1 - over, 0.03) / InnerSteps;
        return k < InnerSteps ? early : 1 - (InnerSteps - 1) * early;
    }

    /// <summary>
    /// The predictions for a query set, and its statistics if they are to be kept.
    /// </summary>
    private (Tensor, NormStatistics) Queries(
        PlusPlus<T> p, T model, Episode task, int k, Tensor over)
    {
        Func<Normalize, Tensor> Of(Tensor x) =>
            normalize => Objective.Normalized!(model, x, normalize);
        switch (Statistics)
        {
            case QueryStatistics.Running:
                return StepNormalization.Towards(
                    Of(task.QueryX), StepNormalization.Row(p.Statistics, k), over);
            case QueryStatistics.Support:
                int own = task.SupportX.Shape[0];
                Tensor all = StepNormalization.ByFirst(
                    Of(Tensor.Concat([task.SupportX, task.QueryX])), own);
                return (all[own..], new([]));
            default:
                return (Objective.Forward(model, task.QueryX), new([]));
        }
    }

    private Tensor[] Predictions(PlusPlus<T> p, Episode task, ImmutableArray<int> steps) =>
    [
        .. Trajectory(p, task.SupportX, task.SupportY, steps[^1])
            .Select((model, k) => (model, k)).Where(at => steps.Contains(at.k))
            .Select(at => Runs
                ? StepNormalization.Row(p.Statistics, Math.Min(at.k, InnerSteps)).Infer(
                    normalize => Objective.Normalized!(at.model, task.QueryX, normalize))
                : Queries(p, at.model, task, at.k, Tensor.Scalar(1f)).Item1),
    ];

    /// <summary>The mean task loss, its gradient, and the statistics moved.</summary>
    private MetaStep<PlusPlus<T>> WithStatistics(
        PlusPlus<T> parameters, Episode tasks, Progress at)
    {
        var ((loss, seen), gradient) = Grad.WithAux((PlusPlus<T> p, Episode all) =>
        {
            var (losses, statistics) =
                Vmap.Of((Episode task) => OfTask(p, task, at), chunk: Chunk)(all);
            return (losses.Mean(), statistics);
        })(parameters, tasks);
        return new(loss, gradient, parameters with
        {
            Statistics = StepNormalization.Moved(parameters.Statistics, seen, Momentum),
        });
    }
}
