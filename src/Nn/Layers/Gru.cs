// Gated recurrent units: the cell and stacks of it.
using System.Collections.Immutable;

namespace Engine.Nn;

/// <summary>
/// One step of a gated recurrent unit (Cho et al., 2014, with the reset gate behind the product) in
/// PyTorch's layout: <paramref name="InputWeight"/> (3 hidden, inputs), <paramref
/// name="HiddenWeight"/> (3 hidden, hidden) and biases (3 hidden), or none, hold the rows of the
/// reset, update and new gates, in this order.
/// </summary>
public sealed partial record GruCell(
    Tensor InputWeight, Tensor HiddenWeight, Tensor? InputBias, Tensor? HiddenBias)
    : ITree, IRecurrentCell
{
    /// <inheritdoc cref="LstmCell.Create"/>
    public static GruCell Create(
        Key key, int inputs, int hidden, bool bias = true, DType type = DType.Float32)
    {
        Tensor[] w = Recurrence.Weights(key, gates: 3, inputs, hidden, type);
        return new(w[0], w[1], bias ? w[2] : null, bias ? w[3] : null);
    }

    /// <summary>
    /// The state (N, hidden) after inputs (N, inputs); without a state it begins at zeros.
    /// </summary>
    public Tensor Forward(Tensor x, Tensor? state = null) =>
        Recurrence.Step("GruCell", this, x, state is null ? null : [state])[0];

    int IRecurrentCell.StateCount => 1;

    Tensor IRecurrentCell.Project(Tensor x) => new Linear(InputWeight, InputBias).Forward(x);

    Tensor[] IRecurrentCell.Step(Tensor projected, Tensor[] state)
    {
        Tensor hidden = new Linear(HiddenWeight, HiddenBias).Forward(state[0]);
        Tensor[] fromInput = Recurrence.Parts(projected, 3, axis: 1);
        Tensor[] fromState = Recurrence.Parts(hidden, 3, axis: 1);
        Tensor reset = (fromInput[0] + fromState[0]).Sigmoid();
        Tensor update = (fromInput[1] + fromState[1]).Sigmoid();
        Tensor candidate = (fromInput[2] + reset * fromState[2]).Tanh();
        return [candidate + update * (state[0] - candidate)];
    }
}

/// <summary>
/// Layers of <see cref="GruCell"/>s over sequences. With <paramref name="Reversed"/> cells, one a
/// layer, each layer also reads from the end, and the next one sees both outputs.
/// </summary>
public sealed partial record Gru(ImmutableArray<GruCell> Cells, ImmutableArray<GruCell> Reversed)
    : ITree
{
    /// <inheritdoc cref="Lstm.Create"/>
    public static Gru Create(
        Key key, int inputs, int hidden, int layers = 1, bool bidirectional = false,
        bool bias = true, DType type = DType.Float32)
    {
        Key[] keys = key.Split();
        ImmutableArray<GruCell> Stack(Key k) => Recurrence.Stack(
            "Gru", k, inputs, hidden, layers, bidirectional ? 2 : 1,
            (cellKey, size) => GruCell.Create(cellKey, size, hidden, bias, type));
        return new(Stack(keys[0]), bidirectional ? Stack(keys[1]) : []);
    }

    /// <inheritdoc cref="Lstm.Forward"/>
    public (Tensor Output, Tensor State) Forward(
        Tensor x, Tensor? state = null, Tensor? lengths = null)
    {
        var (output, last) = Recurrence.Run(
            "Gru", Cells, Reversed, x, state is null ? null : [state], lengths);
        return (output, last[0]);
    }
}
