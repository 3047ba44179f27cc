// Meta-learning via learned loss (ML3; Bechtle et al., 2021): what the inner steps lower is a
// network of predictions and targets, learned so that lowering it lowers the real loss. Of
// unlabelled queries a network sees predictions alone, as a critic (Antoniou and Storkey, 2019).
using Engine.Data;
using Engine.Nn;

namespace Engine.Meta;

/// <summary>
/// A start and learned losses: of pairs (prediction, target), and of predictions alone if the
/// queries take part in adaptation.
/// </summary>
public sealed partial record WithLoss<T>(T Model, Mlp Loss, Mlp? Critic = null) : ITree
    where T : ITree;

/// <summary>
/// Adaptation by a learned loss: w' = w - innerRate * d/dw [mean loss(prediction, target) over the
/// support set + mean critic(prediction) over the queries], repeated innerSteps times; the real
/// L_query(w') is lowered by the learned losses (algorithm 1 of ML3) and, if asked for, by the
/// start. These are derivatives of inner gradients, so there is no first-order form. The learned
/// losses see one output at a time, so they serve any number of outputs and
/// classes; they end in a softplus, as the authors' do.
/// </summary>
/// <param name="Objective">Model and real loss.</param>
/// <param name="InnerSteps">Gradient steps in adaptation.</param>
/// <param name="InnerRate">Their rate.</param>
/// <param name="OfClasses">
/// Whether predictions are logits and targets labels, of which the learned losses see probabilities
/// and ones and zeros; else both are seen as they are.
/// </param>
/// <param name="AddRealLoss">Whether the inner steps lower the real support loss as well.</param>
/// <param name="LearnStart">Whether training moves the start too.</param>
/// <param name="Remat">
/// Whether inner steps are computed again for the meta-gradient, which bounds memory.
/// </param>
/// <param name="Chunk">Tasks that go through together; bounds memory. 0 chooses.</param>
public sealed record LearnedLoss<T>(
    Objective<T> Objective, int InnerSteps, double InnerRate, bool OfClasses,
    bool AddRealLoss = false, bool LearnStart = true, bool Remat = false, int Chunk = 0)
    where T : ITree
{
    /// <summary>What training, evaluation and the order check take.</summary>
    public Method<WithLoss<T>> Method => new(
        (p, task, _) => Objective.Query(Trajectory(p, task, InnerSteps).Last(), task),
        (p, task, steps) => Trajectory(p, task, steps[^1])
            .After(steps, adapted => Objective.Forward(adapted, task.QueryX)),
        Claim.Exact, Objective.BatchNorm, Chunk)
    {
        State = LearnStart ? null : path => Parts.Holds(nameof(WithLoss<T>.Model), path),
    };

    /// <summary>
    /// A start with losses of two hidden layers. They are smooth, where the authors' rectifiers are
    /// not (ELU): the meta-gradient takes second derivatives of them.
    /// </summary>
    /// <param name="model">The start.</param>
    /// <param name="key">Draws the losses' weights.</param>
    /// <param name="critic">Whether unlabelled queries take part in adaptation.</param>
    /// <param name="hidden">Units of a hidden layer.</param>
    public WithLoss<T> Begin(T model, Key key, bool critic = false, int hidden = 50)
    {
        ArgumentNullException.ThrowIfNull(key);
        Key[] keys = key.Split();
        Mlp Of(Key own, int inputs) =>
            Mlp.Create(own, [inputs, hidden, hidden, 1], Activation.Silu);
        return new(model, Of(keys[0], 2), critic ? Of(keys[1], 1) : null);
    }

    /// <summary>What the inner steps lower for a model; a scalar.</summary>
    public Tensor InnerLoss(WithLoss<T> p, T model, Episode task)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(task);
        Tensor predictions = Objective.Forward(model, task.SupportX);
        Tensor seen = Seen(predictions);
        Tensor targets = OfClasses
            ? task.SupportY.OneHot(seen.Shape[^1], seen.DType) : task.SupportY;
        Tensor loss = Mean(p.Loss, Tensor.Stack([seen, targets], -1));
        if (p.Critic is not null)
            loss += Mean(p.Critic, Seen(Objective.Forward(model, task.QueryX)).ExpandDims(-1));
        return AddRealLoss ? loss + Objective.Loss(predictions, task.SupportY) : loss;
    }

    /// <summary>The model before adaptation and after each step.</summary>
    public IEnumerable<T> Trajectory(WithLoss<T> p, Episode task, int steps)
    {
        ArgumentNullException.ThrowIfNull(p);
        return Inner.Trajectory(
            LearnStart ? p.Model : p.Model.StopGradient(), (w, _) => InnerLoss(p, w, task),
            Inner.Descent<T>(InnerRate), steps, remat: Remat);
    }

    private Tensor Seen(Tensor predictions) => OfClasses ? predictions.Softmax() : predictions;

    private static Tensor Mean(Mlp loss, Tensor seen) => loss.Forward(seen).Softplus().Mean();
}
