// A run of adaptation that is looked at now and then, and whose best model is chosen by a validator
// without target labels. Target accuracies are measured beside it for reports; they choose nothing.
using System.Collections.Immutable;
using Engine.Data;
using Engine.Meta;
using Engine.Nn;

namespace Engine.Transfer;

/// <summary>
/// The sets of an experiment: source and target to train on, and of each what is kept for testing.
/// </summary>
public sealed record DomainSets(
    LabelledSet Source, LabelledSet SourceTest, LabelledSet Target, LabelledSet TargetTest);

/// <summary>What was seen of a run after so many steps.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Losses">Of the last step, in the method's order.</param>
/// <param name="Scores">Of each validator, by name.</param>
/// <param name="SourceAccuracy">On held-out source examples.</param>
/// <param name="TargetAccuracy">On held-out target examples, with their labels.</param>
public sealed record Look(
    int Step, ImmutableArray<double> Losses, ImmutableDictionary<string, double> Scores,
    double SourceAccuracy, double TargetAccuracy)
{
    /// <summary>
    /// Over how many classes predictions on the target spread; 0 if nobody looked.
    /// </summary>
    public double PredictedClasses { get; init; }
}

/// <summary>
/// Where a run stands: what a resumed one needs. The chosen model is kept as it is used on either
/// domain.
/// </summary>
public sealed partial record SelectedState<S, N>(
    S State, Adapted<N> Chosen, Adapted<N> ChosenOnSource) : ITree
    where S : ITree where N : IFeatureNetwork;

/// <summary>The models of a run and what was seen on the way.</summary>
/// <param name="Chosen">The chosen model, as it is used on the target.</param>
/// <param name="ChosenOnSource">
/// The same, as it is used on the source; see <see cref="Adaptation{S, N}.ReadSource"/>.
/// </param>
/// <param name="Last">The model at the end, as it is used on the target.</param>
/// <param name="Looks">What was seen, in order of steps.</param>
/// <param name="ChosenLook">What was seen of the chosen model.</param>
public sealed record Selected<N>(
    Adapted<N> Chosen, Adapted<N> ChosenOnSource, Adapted<N> Last, ImmutableArray<Look> Looks,
    Look ChosenLook) where N : IFeatureNetwork
{
    /// <summary>
    /// The best target accuracy of any look: what a choice by target labels would have got.
    /// </summary>
    public double Oracle => Looks.Max(look => look.TargetAccuracy);
}

/// <summary>Runs methods and chooses models.</summary>
public sealed record SelectedRun(DomainSets Sets, int Steps, int BatchSize, long Seed)
{
    /// <summary>How often the run is looked at; the last time at its end.</summary>
    public int Looks { get; init; } = 8;

    /// <summary>What chooses the model.</summary>
    public Validator Validator { get; init; } = Validators.InformationMaximisation;

    /// <summary>What else is measured at each look.</summary>
    public ImmutableArray<Validator> Others { get; init; } =
        [Validators.SoftNeighbourhoodDensity, Validators.SourceRisk];

    /// <summary>
    /// Target examples at most that validators look at: their cost grows with its square.
    /// </summary>
    public int ValidationExamples { get; init; } = 1_000;

    /// <summary>What each source example counts; all the same by default.</summary>
    public IReadOnlyList<float>? SourceWeights { get; init; }

    /// <summary>Where a run of a method begins.</summary>
    public static SelectedState<S, N> Start<S, N>(Adaptation<S, N> method)
        where S : ITree where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(method);
        return new(method.Start, method.Read(method.Start), method.ReadSource(method.Start));
    }

    /// <summary>Runs a method to its end.</summary>
    /// <param name="method">The method.</param>
    /// <param name="told">Is told steps done and losses, each step.</param>
    /// <param name="save">
    /// Is told steps done, the state and the looks so far, each step: whoever wants to go on later
    /// keeps a copy.
    /// </param>
    /// <param name="resume">Steps done, state and looks to go on from.</param>
    /// <exception cref="DivergenceException">
    /// A loss, the validator's score or the state in the end is not finite.
    /// </exception>
    public Selected<N> Run<S, N>(
        Adaptation<S, N> method, Action<int, IReadOnlyList<double>>? told = null,
        Action<int, SelectedState<S, N>, ImmutableArray<Look>>? save = null,
        (int Steps, SelectedState<S, N> State, ImmutableArray<Look> Looks)? resume = null)
        where S : ITree where N : IFeatureNetwork
    {
        ArgumentNullException.ThrowIfNull(method);
        var outputs = Outputs.Reader<N>();
        LabelledSet validation = Sets.Target.Sample(
            Math.Min(ValidationExamples, Sets.Target.Count), Seed).Chosen;
        LabelledSet sourceValidation = Sets.SourceTest.Sample(
            Math.Min(ValidationExamples, Sets.SourceTest.Count), Seed).Chosen;
        var looks = (resume?.Looks ?? []).ToBuilder();
        SelectedState<S, N> begin = resume?.State ?? Start(method);
        Adapted<N> chosen = Tree.Copy(begin.Chosen);
        Adapted<N> chosenOnSource = Tree.Copy(begin.ChosenOnSource);
        double best = looks.Count == 0
            ? double.NegativeInfinity : looks.Max(look => look.Scores[Validator.Name]);
        S end = Adapt.Run(
            method, DomainBatches.Of(
                Sets.Source, Sets.Target, BatchSize, Steps, Seed, SourceWeights),
            Steps, Watch, resume is { } r ? (r.State.State, r.Steps) : null);
        return new(
            chosen, chosenOnSource, method.Read(end), looks.ToImmutable(),
            looks.MaxBy(look => look.Scores[Validator.Name])!);

        void Watch(int done, S state, IReadOnlyList<double> losses)
        {
            told?.Invoke(done, losses);
            if (done * (long)Looks / Steps > (done - 1) * (long)Looks / Steps)
            {
                Adapted<N> now = method.Read(state), onSource = method.ReadSource(state);
                Look look = See(now, onSource, done, [.. losses]);
                looks.Add(look);
                double score = look.Scores[Validator.Name];
                if (score > best)
                    (best, chosen, chosenOnSource) = (score, Tree.Copy(now), Tree.Copy(onSource));
            }
            save?.Invoke(done, new(state, chosen, chosenOnSource), looks.ToImmutable());
        }

        Look See(
            Adapted<N> model, Adapted<N> onSource, int done, ImmutableArray<double> losses)
        {
            Outputs source = outputs(onSource, sourceValidation, 256);
            Outputs target = outputs(model, validation, 256);
            Unlabelled seen = Outputs.WithoutTargetLabels(source, target);
            var scores = Others.Prepend(Validator).DistinctBy(v => v.Name)
                .ToImmutableDictionary(v => v.Name, v => v.Score(seen));
            if (scores.Values.FirstOrDefault(score => !double.IsFinite(score), 0) is var sick
                && !double.IsFinite(sick)) throw new DivergenceException(done, sick);
            Outputs test = outputs(model, Sets.TargetTest, 256);
            return new(done, losses, scores, source.Accuracy, test.Accuracy)
            {
                PredictedClasses = test.PredictedClasses,
            };
        }
    }
}
